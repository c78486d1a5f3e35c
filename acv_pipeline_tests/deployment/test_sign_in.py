"""Sign-in by OpenID Connect, with Apache as documented and a provider on this machine."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from acv_pipeline.assets.ui import SIGN_OFF, SIGNATURE
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import read_journal
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.deployment.browsing import Someone
from acv_pipeline_tests.deployment.machine import PATIENCE_SECONDS, Machine, missing

RUNS = "{ runsOrError { ... on Runs { results { runId } } } }"
FAILURES = """
    query ($run: ID!) {
        logsForRun(runId: $run) { ... on EventConnection { events {
            ... on ExecutionStepFailureEvent { error { message } failureMetadata { description } }
        } } }
    }
"""
HELD = "2018-11"
OPERATOR = {"X-Forwarded-User": "otto@example.org", "X-Forwarded-Groups": "acv-operators"}


@pytest.fixture(scope="module")
def machine(contract: Contract) -> Iterator[Machine]:
    if why := missing():
        pytest.skip(why)
    machine = Machine()
    try:
        deliver_trajectory(machine.landing, contract, "anah", [HELD])
        november = steady_figures(contract, month_of(HELD), source="action_logement")
        del november["62"]  # without any row: nobody said why
        path = deliver(machine.landing, "action_logement", "2018-12-10", {HELD: november})
        machine.held = hashlib.sha256(path.read_bytes()).hexdigest()
        for path in machine.landing.rglob("*.csv"):
            os.utime(path, (time.time() - 60,) * 2)  # else a quick run takes it for unfinished
        machine.start()
        yield machine
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def vera(machine: Machine) -> Someone:
    return Someone(machine, "vera")


@pytest.fixture(scope="module")
def otto(machine: Machine) -> Someone:
    return Someone(machine, "otto")


@pytest.fixture(scope="module")
def stella(machine: Machine) -> Someone:
    return Someone(machine, "stella")


def form(machine: Machine, **filled_in: str) -> dict[str, Any]:
    given = {"delivery": machine.held, "indicator": "ACV", "month": HELD}
    return {SIGNATURE: {"config": given | {"reason": "confirmed by telephone"} | filled_in}}


def signed(machine: Machine) -> list[str]:
    """Who signed off so far, as the journal of decisions has it."""
    return [
        str(entry["signed_by"]) for entry in read_journal(Home(machine.home))["validated.signoffs"]
    ]


@pytest.mark.parametrize("headers", [{}, OPERATOR], ids=["nobody", "who claims to be otto"])
def test_who_is_not_signed_in_sees_only_the_provider(
    machine: Machine, headers: dict[str, str]
) -> None:
    nobody = Someone(machine)
    for method, path in (("GET", "/"), ("GET", "/runs"), ("POST", "/graphql"), ("GET", "/graphql")):
        answer = nobody.ask(
            method, path, headers=headers, json={"query": RUNS}, allow_redirects=False
        )
        place = urlsplit(answer.headers.get("Location", ""))
        assert answer.status_code == 401 or place.port == machine.provider, (path, answer.text)


def test_a_foreign_host_is_refused(machine: Machine) -> None:
    for host in ("elsewhere.example", "127.0.0.1"):
        said = Someone(machine).ask("GET", "/", headers={"Host": host}, allow_redirects=False)
        assert said.status_code == 421


def test_a_viewer_looks_and_changes_nothing(vera: Someone) -> None:
    assert "Dagster" in vera.ask("GET", "/").text
    assert "results" in vera.graphql(RUNS)
    assert vera.launch("monthly_figures_job", HELD)["__typename"] == "UnauthorizedError"


def test_a_group_whose_name_holds_another_ones_is_not_that_group(machine: Machine) -> None:
    paul = Someone(machine, "paul")
    assert "results" in paul.graphql(RUNS)
    assert paul.launch("monthly_figures_job", HELD)["__typename"] == "UnauthorizedError"


def test_an_address_that_nobody_verified_lets_nobody_in(machine: Machine) -> None:
    """Mallory has entered Stella's in her account."""
    mallory = Someone(machine, "mallory")
    said = mallory.ask("POST", "/graphql", json={"query": RUNS}, allow_redirects=False)
    assert said.status_code == 401 and "results" not in said.text


def test_who_is_called_as_an_operator_but_for_a_capital_is_none(machine: Machine) -> None:
    """To nginx's passwords they are two people."""
    body = {"query": "mutation { reloadWorkspace { __typename } }"}
    status, text = machine.request("POST", "/graphql", user="Operator", body=body)
    assert status == 200 and "UnauthorizedError" in text


@pytest.mark.parametrize(
    "headers",
    [
        OPERATOR,
        {name.lower(): value for name, value in OPERATOR.items()},
        {name.replace("-", "_"): value for name, value in OPERATOR.items()},
        {"X-Forwarded-Groups": "acv-operators,acv-statisticians"},
        {"OIDC_CLAIM_groups": "acv-operators"},
        {"OIDC-CLAIM-groups": "acv-operators"},
        {"Connection": "X-Forwarded-User, X-Forwarded-Groups", **OPERATOR},
    ],
    ids=str,
)
def test_nobody_becomes_somebody_else_by_a_header(
    vera: Someone, machine: Machine, headers: dict[str, str]
) -> None:
    body = {"query": "mutation { reloadWorkspace { __typename } }"}
    said = [
        vera.ask("POST", "/graphql", json=body, headers=headers).text,
        machine.request("POST", "/graphql", user="viewer", body=body, headers=headers)[1],  # nginx
    ]
    # by the last headers a proxy is told to hand on neither: then nobody asks
    assert all("UnauthorizedError" in text or "nobody is signed in" in text for text in said), said
    otto = machine.request("POST", "/graphql", user="operator", body=body)[1]
    assert '"Workspace"' in otto, otto


def test_a_run_has_the_name_of_who_launched_it(otto: Someone) -> None:
    run = otto.ended(otto.launch("monthly_figures_job", HELD))
    assert run["status"] == "FAILURE", "a month is held"
    assert {"key": "user", "value": "otto@example.org"} in run["tags"]


def test_an_operator_does_not_sign_off(otto: Someone, machine: Machine) -> None:
    refused = otto.launch(SIGN_OFF, HELD, ops=form(machine))
    assert refused["__typename"] == "PythonError" and signed(machine) == []


def test_nobody_signs_for_somebody_else(stella: Someone, machine: Machine) -> None:
    """After the run of above, which held the month."""
    run = stella.ended(stella.launch(SIGN_OFF, HELD, ops=form(machine, by="the head of unit")))
    assert run["status"] == "FAILURE"
    events = stella.graphql(FAILURES, run=run["runId"])["events"]
    assert "signed in as stella@example.org" in str(events), events
    assert signed(machine) == []


def test_who_signs_off_is_who_is_signed_in(browser: Browser, machine: Machine) -> None:
    """In a browser, by the link of the failing check: signing in comes in between."""
    config = "".join(
        f"      {name}: {value}\n" for name, value in form(machine)[SIGNATURE]["config"].items()
    )
    asked = quote(f"ops:\n  {SIGNATURE}:\n    config:\n{config.replace(HELD, repr(HELD))}")
    where = f"/locations/__repository__@acv_pipeline/jobs/{SIGN_OFF}/playground/setup"
    page = browser.new_page(ignore_https_errors=True, viewport={"width": 1500, "height": 1000})
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    page.goto(f"{machine.signed_in_origin}{where}?mode=default&config={asked}")
    assert urlsplit(page.url).port == machine.provider
    page.locator("input[name=sub]").fill("stella")
    page.get_by_role("button", name="Authorize").click()
    launch = page.get_by_role("button", name="Launch run")
    expect(launch).to_be_enabled(timeout=PATIENCE_SECONDS * 1000)
    launch.click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    expect(page.get_by_text("stella@example.org").first).to_be_visible(
        timeout=PATIENCE_SECONDS * 1000
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not signed(machine):
        assert time.monotonic() < deadline, machine.tail()
        time.sleep(1)
    assert signed(machine) == ["stella@example.org"]
    page.close()

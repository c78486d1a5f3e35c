"""``acv-webserver`` alone: what it lets whom do, by the headers that a proxy would send.

No daemon runs here, so what is launched waits in the queue with its tags.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from acv_pipeline.assets.step import HELD
from acv_pipeline.assets.ui import SIGN_OFF, SIGNATURE
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.orchestration.webserver import Door, Person
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.receivers import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0  # seconds, of a busy machine
PEOPLE = {
    "viewer": {"X-Forwarded-User": "vera@example.org", "X-Forwarded-Groups": "staff"},
    "operator": {"X-Forwarded-User": "otto@example.org", "X-Forwarded-Groups": "acv-operators"},
    "statistician": {
        "X-Forwarded-User": "stéphanie@example.org".encode().decode("latin-1"),
        "X-Forwarded-Groups": "staff,acv-statisticians",
    },
}
UI = "https://acv.example.org"
INSIDE = "http://testserver"  # else two slashes begin the name of a server
SELECTOR = (
    'repositoryName: "__repository__", repositoryLocationName: "acv_pipeline", pipelineName: "{}"'
)
LAUNCH = """
    mutation ($config: RunConfigData!, $tags: [ExecutionTag!]) {
        launchRun(executionParams: {
            selector: {%s}, runConfigData: $config, executionMetadata: {tags: $tags}
        }) {
            __typename
            ... on LaunchRunSuccess { run { runId tags { key value } } }
            ... on PythonError { message }
        }
    }
"""
AGAIN = """
    mutation ($run: String!) {
        launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: ALL_STEPS}) {
            __typename
            ... on LaunchRunSuccess { run { runId tags { key value } runConfigYaml } }
            ... on PythonError { message }
        }
    }
"""
MANY = """
    mutation ($config: RunConfigData!, $tags: [ExecutionTag!]) {
        launchMultipleRuns(executionParamsList: [{
            selector: {%s}, runConfigData: $config, executionMetadata: {tags: $tags}
        }]) {
            ... on LaunchMultipleRunsResult { launchMultipleRunsResult {
                __typename
                ... on PythonError { message }
            } }
        }
    }
"""
CHANGED = """
    mutation ($run: String!, $config: RunConfigData!, $tags: [ExecutionTag!]) {
        launchRunReexecution(executionParams: {
            selector: {%s}, runConfigData: $config,
            executionMetadata: {parentRunId: $run, rootRunId: $run, tags: $tags}
        }) {
            __typename
            ... on LaunchRunSuccess { run { runId tags { key value } runConfigYaml } }
            ... on PythonError { message }
        }
    }
"""
BACKFILL = """
    mutation ($config: RunConfigData, $tags: [ExecutionTag!]) {
        launchPartitionBackfill(backfillParams: {
            partitionNames: ["2018-09-01"], tags: $tags, runConfigData: $config,
            assetSelection: [{path: ["anah_extract"]}]
        }) {
            __typename
            ... on LaunchBackfillSuccess { backfillId }
            ... on PythonError { message }
        }
    }
"""
LAUNCHED = """
    query ($backfill: String!) {
        partitionBackfillOrError(backfillId: $backfill) {
            ... on PartitionBackfill { tags { key value } }
        }
    }
"""
OTHER_CHANGES = {
    "reloadWorkspace": "mutation { reloadWorkspace { __typename } }",
    "deletePipelineRun": 'mutation { deletePipelineRun(runId: "1") { __typename } }',
    "wipeAssets": """
        mutation {
            wipeAssets(assetPartitionRanges: [{assetKey: {path: ["series"]}}]) { __typename }
        }
    """,
    "reportRunlessAssetEvents": """
        mutation {
            reportRunlessAssetEvents(eventParams: {
                eventType: ASSET_MATERIALIZATION, assetKey: {path: ["published_copy"]}
            }) { __typename }
        }
    """,
}
FORM = {"delivery": "0000", "indicator": "ACV", "month": "2018-11", "reason": "by telephone"}
FORGED = [{"key": "user", "value": "somebody else"}]
# with the section that the line about it names
NOT_FOR_PEOPLE = {
    "resources": {"landing_zone": {"config": {"address": "http://127.0.0.1:9"}}},
    "execution": {"config": {"retries": {"disabled": {}}}},
    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
}
NOT_THEIR_TAGS = [*HELD, "dagster-k8s/config", "docker/image"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("webserver") / "home")


@pytest.fixture(scope="module")
def address(served: Home) -> Iterator[str]:
    home = served
    with instance(home):  # its tables are made before a server comes
        pass
    port, log = free_port(), home.root.with_name("log")
    environment = {"ACV_HOME": str(home.root), "DAGSTER_HOME": str(home.dagster), "ACV_UI_URL": UI}
    program = Path(sys.executable).with_name("acv-webserver")
    server = subprocess.Popen(
        [str(program), "-p", str(port), "-w", str(ROOT / "workspace.yaml")],
        env=os.environ | environment,
        stdout=log.open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        address = f"http://127.0.0.1:{port}"
        while not _answers(address):
            running = server.poll() is None
            assert running and time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/server_info", timeout=60).ok  # the open page
    except requests.ConnectionError:
        return False


Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(address: str) -> Ask:
    def answer(who: str, query: str, **variables: Any) -> dict[str, Any]:
        asked = {"query": query, "variables": variables}
        said = requests.post(f"{address}/graphql", json=asked, headers=PEOPLE[who], timeout=120)
        assert said.ok and "errors" not in said.json(), said.text
        (only,) = said.json()["data"].values()
        return dict(only)

    return answer


def launch(ask: Ask, who: str, job: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
    tags = [*FORGED, {"key": "dagster/partition", "value": "2018-09-01"}]
    query = LAUNCH % SELECTOR.format(job)
    return ask(who, query, config=json.dumps(config or {}), tags=tags)


def sign(ask: Ask, who: str) -> dict[str, Any]:
    return launch(ask, who, SIGN_OFF, {"ops": {SIGNATURE: {"config": FORM}}})


def refused(ask: Ask, said: dict[str, Any], tags: list[dict[str, str]], run: str) -> set[str]:
    """What an operator is told who asks for it in every way there is."""
    asked = {"config": json.dumps(said), "tags": tags}
    job = SELECTOR.format("monthly_figures_job")
    (several,) = ask("operator", MANY % job, **asked)["launchMultipleRunsResult"]
    answers = [
        ask("operator", LAUNCH % job, **asked),
        several,
        ask("operator", BACKFILL, **asked),
    ]
    if not any(tag["key"] in HELD for tag in tags):  # those a re-execution does without
        answers.append(ask("operator", CHANGED % job, run=run, **asked))
    assert {answer["__typename"] for answer in answers} == {"PythonError"}, answers
    return {answer["message"] for answer in answers}


def test_who_launches_a_run_does_not_say_where_it_reads_and_writes(ask: Ask, served: Home) -> None:
    run = launch(ask, "operator", "monthly_figures_job")["run"]["runId"]
    with instance(served) as record:
        before = record.get_runs_count()
        for name, said in NOT_FOR_PEOPLE.items():
            (line,) = refused(ask, {name: said}, [], run)
            assert line == (
                f"not launched: '{name}' in a run's configuration is for the machine's settings "
                "to say; who signs in fills in 'ops' alone"
            )
        for tag in NOT_THEIR_TAGS:
            (line,) = refused(ask, {}, [{"key": tag, "value": "x"}], run)
            assert line == f"not launched: people cannot give a run the tag '{tag}'"
        assert record.get_runs_count() == before, "nothing that an alert would tell of"
    empty = launch(ask, "operator", "monthly_figures_job", {key: {} for key in NOT_FOR_PEOPLE})
    assert empty["__typename"] == "LaunchRunSuccess", empty


def test_a_run_of_the_programs_own_is_executed_again_without_what_was_its_own(
    ask: Ask, served: Home
) -> None:
    """As 'acv run' leaves one that held a month: it keeps lines off the terminal."""
    loggers = {"loggers": NOT_FOR_PEOPLE["loggers"]}
    run = launch(ask, "operator", "monthly_figures_job")["run"]["runId"]
    with instance(served) as record:
        found = record.get_run_by_id(run)
        assert found is not None
        record.delete_run(run)
        record.add_run(found._replace(run_config=loggers, tags={**found.tags, **HELD}))
    tags = [{"key": key, "value": value} for key, value in HELD.items()]
    job = SELECTOR.format("monthly_figures_job")
    same = {"run": run, "config": json.dumps(loggers), "tags": tags}
    for again in (ask("operator", AGAIN, run=run), ask("operator", CHANGED % job, **same)):
        assert again["__typename"] == "LaunchRunSuccess", again
        assert "loggers" not in again["run"]["runConfigYaml"]
        assert not HELD.keys() & {tag["key"] for tag in again["run"]["tags"]}


def user_of(tagged: dict[str, Any]) -> list[str]:
    return [tag["value"] for tag in tagged["tags"] if tag["key"] == "user"]


def test_a_run_carries_the_name_of_who_launched_it_whatever_tags_they_give_it(ask: Ask) -> None:
    launched = launch(ask, "operator", "monthly_figures_job")
    assert launched["__typename"] == "LaunchRunSuccess", launched
    assert user_of(launched["run"]) == ["otto@example.org"]
    again = ask("statistician", AGAIN, run=launched["run"]["runId"])
    assert user_of(again["run"]) == ["stéphanie@example.org"]


def test_so_does_a_backfill(ask: Ask) -> None:
    launched = ask("operator", BACKFILL, tags=FORGED)
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    assert user_of(ask("viewer", LAUNCHED, backfill=launched["backfillId"])) == ["otto@example.org"]


def test_a_viewer_changes_nothing(ask: Ask) -> None:
    refused = [launch(ask, "viewer", "monthly_figures_job"), sign(ask, "viewer")]
    refused += [ask("viewer", BACKFILL, tags=[])]
    refused += [ask("viewer", query) for query in OTHER_CHANGES.values()]
    assert {answer["__typename"] for answer in refused} == {"UnauthorizedError"}


def test_an_operator_changes_what_a_viewer_cannot(ask: Ask) -> None:
    """Else the refusals above would prove nothing."""
    done = {name: ask("operator", query)["__typename"] for name, query in OTHER_CHANGES.items()}
    assert done == {
        "reloadWorkspace": "Workspace",
        "deletePipelineRun": "RunNotFoundError",
        "wipeAssets": "AssetWipeSuccess",
        "reportRunlessAssetEvents": "ReportRunlessAssetEventsSuccess",
    }


def test_only_a_statistician_signs_off(ask: Ask) -> None:
    refused = sign(ask, "operator")
    assert refused["__typename"] == "PythonError", "the UI shows no words of another one"
    assert "only statisticians sign off a held month, and otto@example.org" in refused["message"]
    signed = sign(ask, "statistician")
    assert signed["__typename"] == "LaunchRunSuccess", signed
    assert user_of(signed["run"]) == ["stéphanie@example.org"]
    again = ask("operator", AGAIN, run=signed["run"]["runId"])
    assert again["__typename"] == "UnauthorizedError"


def test_what_a_page_asks_of_the_server_itself_needs_a_name_too(address: str) -> None:
    answers = []
    for headers in (None, PEOPLE["viewer"], PEOPLE["operator"]):
        path = f"{address}/report_asset_materialization/published_copy"
        said = requests.post(path, json={}, headers=headers, timeout=60)
        answers.append((said.status_code, said.text))
    assert answers[0] == (
        401,
        "nobody is signed in: the proxy in front of this page has to say who asks\n",
    )
    assert answers[1][0] == 401 and "Not authorized to report" in answers[1][1]
    assert answers[2] == (200, "{}")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The door, and behind it somebody who answers everything."""
    monkeypatch.setenv("ACV_UI_URL", UI)

    async def hear(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("heard")

    inside = [
        Route("/{path:path}", lambda _: PlainTextResponse("in"), methods=["GET", "POST", "PUT"]),
        WebSocketRoute("/graphql", hear),
    ]
    return TestClient(Door(Starlette(routes=inside)))


@pytest.mark.parametrize("path", ["/", "/graphql", "/logs/1.out", "/server_info/", "//server_info"])
def test_nobody_gets_in_without_a_name(door: TestClient, path: str) -> None:
    for headers in ({}, {"X-Forwarded-User": " "}, {"X-Forwarded-Groups": "acv-operators"}):
        assert door.post(INSIDE + path, headers=headers).status_code == 401
    assert door.post(INSIDE + path, headers=PEOPLE["viewer"]).status_code == 200
    assert door.get("/server_info").status_code == 200, "for those who ask whether it runs"


@pytest.mark.parametrize("name", ["X-Forwarded-User", "X-Forwarded-Groups"])
def test_who_is_said_to_be_two_is_nobody(door: TestClient, name: str) -> None:
    """As from a proxy that adds its own word to that of the browser."""
    once = list(PEOPLE["viewer"].items())
    assert door.post("/graphql", headers=once).status_code == 200
    assert door.post("/graphql", headers=[(name, "acv-operators"), *once]).status_code == 401


def test_nor_into_the_pages_own_line(door: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        door.websocket_connect("/graphql", headers={"Origin": UI}),
    ):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        door.websocket_connect("/graphql", headers=PEOPLE["viewer"] | {"Origin": "https://a.org"}),
    ):
        pass
    with door.websocket_connect("/graphql", headers=PEOPLE["viewer"] | {"Origin": UI}) as line:
        assert line.receive_text() == "heard"


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://acv.example.org", "null"])
def test_a_page_of_another_site_is_refused(door: TestClient, origin: str) -> None:
    headers = PEOPLE["operator"]
    assert door.post("/graphql", headers=headers | {"Origin": origin}).status_code == 403
    assert door.post("/graphql", headers=headers | {"Origin": UI}).status_code == 200


@pytest.mark.parametrize("path", ["/graphql", "//graphql", "/%67raphql", "/GraphQL", "/graphql/"])
def test_a_mutation_in_an_address_is_refused(door: TestClient, path: str) -> None:
    for method in ("GET", "PUT", "HEAD"):
        asked = door.request(method, f"{INSIDE}{path}?query=mutation", headers=PEOPLE["operator"])
        assert asked.status_code == 405, method
    assert door.get("/assets/graph", headers=PEOPLE["operator"]).status_code == 200


def test_groups_have_the_names_that_the_ministry_gives_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACV_OPERATORS", "/DHUP/exploitation,/DHUP/astreinte")
    monkeypatch.setenv("ACV_STATISTICIANS", "/DHUP/statistique")

    def person(*groups: str) -> Person:
        return Person("x", frozenset(groups))

    assert not person("acv-operators", "acv-statisticians", "/DHUP", "").may_launch
    assert person("/DHUP/astreinte").may_launch and not person("/DHUP/astreinte").may_sign_off
    assert person("/DHUP/statistique").may_launch and person("/DHUP/statistique").may_sign_off


def test_names_of_groups_are_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also as directories write them: parts of such a name are in everybody's."""

    def who(groups: str) -> Person:
        found = Person.asking({"X-Forwarded-User": "x", "X-Forwarded-Groups": groups})
        assert found is not None
        return found

    assert who("staff,acv-statisticians").may_sign_off
    assert not who("staff, acv-statisticians").may_launch, "a name with a comma in it"
    monkeypatch.setenv("ACV_GROUPS_DELIMITER", "|")
    monkeypatch.setenv("ACV_STATISTICIANS", "CN=stat,OU=Groups,DC=fr|CN=head,OU=Groups,DC=fr")
    for canteen in ("CN=canteen,OU=Groups,DC=fr", "OU=Groups", "staff,CN=stat,OU=Groups,DC=fr"):
        assert not who(canteen).may_launch
    assert who("CN=canteen,OU=Groups,DC=fr|CN=head,OU=Groups,DC=fr").may_sign_off


def test_names_that_the_delimiter_would_split_are_refused(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("acv-webserver")
    said = subprocess.run(
        [program, "--workspace", ROOT / "workspace.yaml", "--port", str(free_port())],
        env=os.environ | {"DAGSTER_HOME": str(tmp_path), "ACV_STATISTICIANS": "CN=a,DC=fr"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 2 and said.stderr.count("\n") == 1, said
    assert "ACV_STATISTICIANS names a group with '='" in said.stderr
    assert "set ACV_GROUPS_DELIMITER" in said.stderr


def test_a_database_that_cannot_be_had_is_one_line(home: Home, tmp_path: Path) -> None:
    home.dagster.mkdir(parents=True)
    record = {
        "module": "acv_pipeline.orchestration.postgres_storage",
        "class": "PostgresRecord",
        "config": {},
    }
    settings = json.dumps({"storage": {"custom": record}})  # which is YAML too
    (home.dagster / "dagster.yaml").write_text(settings, encoding="utf-8")
    program = Path(sys.executable).with_name("acv-webserver")
    missing = tmp_path / "storage-url"
    said = subprocess.run(
        [program, "--workspace", ROOT / "workspace.yaml", "--port", str(free_port())],
        env=os.environ | {"DAGSTER_HOME": str(home.dagster), "ACV_STORAGE_URL_FILE": str(missing)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 2 and "Traceback" not in said.stderr, said
    assert f"acv-webserver: ACV_STORAGE_URL_FILE: cannot read {missing}" in said.stderr

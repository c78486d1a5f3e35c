"""The bill of materials and the page of licences agree with the lock."""

from __future__ import annotations

import json
import re
import tomllib

from acv_pipeline_tests.supply_chain.licences import PAGE, _listed, page
from acv_pipeline_tests.supply_chain.lock import ROOT, RUN_LOCK, read_lock
from acv_pipeline_tests.supply_chain.sbom import as_json


def test_every_package_of_the_lock_is_read_with_its_hashes() -> None:
    pinned = read_lock()
    lines = RUN_LOCK.read_text(encoding="utf-8").splitlines()
    assert len(pinned) == sum("==" in line and line[0].isalnum() for line in lines)
    assert sum(len(p.hashes) for p in pinned) == sum("--hash=sha256:" in line for line in lines)
    assert all(p.hashes for p in pinned)


def test_a_server_has_all_that_its_settings_can_ask_for() -> None:
    """But for a cluster, which is another machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        re.split("[<>=]", needed)[0]
        for extra, needs in project["optional-dependencies"].items()
        for needed in needs if extra not in ("dev", "spark")
    }  # fmt: skip
    locked = {pinned.name for pinned in read_lock(ROOT / "requirements" / "server.lock")}
    assert "openlineage-python" in asked and asked <= locked


def test_the_bill_of_materials_names_every_package() -> None:
    found = json.loads(as_json())
    assert found["bomFormat"] == "CycloneDX" and found["specVersion"] == "1.5"
    assert {(c["name"], c["version"]) for c in found["components"]} == {
        (p.name, p.version) for p in read_lock()
    }
    dagster = next(c for c in found["components"] if c["name"] == "dagster")
    assert dagster["purl"].startswith("pkg:pypi/dagster@") and dagster["hashes"]
    assert "Apache" in json.dumps(dagster["licenses"])
    assert as_json() == as_json()


def test_the_page_lists_every_package_of_the_lock() -> None:
    """To renew it: ``python -m acv_pipeline_tests.supply_chain.licences``."""
    listed = _listed(PAGE.read_text(encoding="utf-8"))
    assert set(listed) - {"Package"} == {p.name for p in read_lock()}
    assert page() == PAGE.read_text(encoding="utf-8")


def test_no_licence_asks_more_of_users_than_this_projects() -> None:
    """Copyleft that would bind who runs or changes this: none but weak ones of unchanged files."""
    strong = {
        name: said
        for name, said in _listed(PAGE.read_text(encoding="utf-8")).items()
        if "GPL" in said.upper().replace("LGPL", "") or "GNU GENERAL" in said.upper()
    }
    assert strong == {}

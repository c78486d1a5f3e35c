"""What docs/deployment.md has somebody do who comes from 0.1.0, as far as files go."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from acv_pipeline.orchestration.webserver import OPERATORS, USUALLY
from acv_pipeline_tests.readme import README

DOCS = README.parent / "docs"
SHIPPED = {path.name for path in (DOCS / "deployment").iterdir()}
PAGE = (DOCS / "deployment.md").read_text("utf-8")
BLOCK = re.search(r"\*\*From 0\.1\.0\*\*.*?```\n(.*?)```", PAGE, re.DOTALL)
UPGRADING = re.search(r"^## Upgrading\n\n```\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)


def test_who_could_launch_runs_still_can(tmp_path: Path) -> None:
    assert BLOCK
    (command,) = [line for line in BLOCK[1].splitlines() if line.startswith("sed ")]
    (tmp_path / "operators.conf").write_text("marie acv_operators;\npaul acv_operators;\n")
    here = command.replace("/etc/acv", str(tmp_path))
    subprocess.run(here, shell=True, check=True)
    groups = (tmp_path / "groups.conf").read_text()
    assert groups == f"marie {USUALLY[OPERATORS]};\npaul {USUALLY[OPERATORS]};\n"
    assert "include /etc/acv/groups.conf;" in (DOCS / "deployment" / "nginx.conf").read_text()


def test_what_goes_is_shipped_no_more_and_what_comes_is() -> None:
    assert BLOCK
    gone = {Path(name).name for name in re.findall(r"^rm (\S+)", BLOCK[1], re.MULTILINE)}
    assert gone == {"acv-ui-readonly.service", "operators.conf"} and not gone & SHIPPED


def test_whatever_goes_on_is_stopped_enabled_and_started_by_an_upgrade() -> None:
    """Units that were there before and those that come with it."""
    assert UPGRADING
    goes_on = {"acv-code", "acv-daemon", "acv-ui", "acv-observe"}
    was_there = {"acv-daemon", "acv-ui"}  # in 0.1.0
    said = {
        verb: set(units.split())
        for verb, units in re.findall(r"^systemctl (stop|enable|restart) (.*)$", UPGRADING[1], re.M)
    }
    assert said["stop"] == goes_on and said["enable"] == goes_on - was_there
    assert said["restart"] == goes_on | {"acv-prepare"}
    restarted = {Path(name).stem for name in SHIPPED if name.endswith(".service")} - {"acv-backup"}
    assert said["restart"] == restarted

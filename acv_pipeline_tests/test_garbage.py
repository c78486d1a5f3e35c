"""Python tidies up less than by default, and nothing is lost by that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STARTS = {
    "command line": "from click.testing import CliRunner; from acv_pipeline.cli import main;"
    "CliRunner().invoke(main, ['status', '--home', 'none'])",
    "Dagster": "import acv_pipeline.definitions as d; d.defs()",
}


@pytest.mark.parametrize("start", STARTS)
def test_it_is_looked_for_seldom(start: str, tmp_path: Path) -> None:
    code = f"import gc; usual = gc.get_threshold()[0]; {STARTS[start]};"
    asked = "assert gc.isenabled() and gc.get_threshold()[0] > 10 * usual, gc.get_threshold()"
    subprocess.run([sys.executable, "-c", code + asked], check=True, cwd=tmp_path)


ENDING = """
import atexit, sys
from acv_pipeline.garbage import end_process

class Left:
    def __del__(self): print("taken apart")

kept = Left()
atexit.register(print, "ended properly", file=sys.stderr)
print("said")
end_process({code})
"""


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_process_ends_properly_but_is_not_taken_apart(code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDING.format(code=code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "said\n", "ended properly\n")


@pytest.mark.parametrize(("code", "ends_with"), [(0, 2), (1, 1)])
def test_what_could_not_be_said_is_no_success(code: int, ends_with: int) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", ENDING.format(code=code)],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # so it is at the end that it fails
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (ends_with, "ended properly\n")


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_failure(closed: str) -> None:
    code = "from acv_pipeline.cli import acv; acv()"
    command = f"exec {sys.executable} -c '{code}' --help {closed}>&-"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)

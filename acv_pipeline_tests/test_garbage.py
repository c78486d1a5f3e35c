"""Looking for garbage is rarer than Python's default, wherever the program is started."""

from __future__ import annotations

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

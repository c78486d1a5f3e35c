"""The commands of ``docs/own-indicator.md`` do what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "own-indicator.md"
BLOCK = re.compile(r"<!-- (commands|output) -->\n```\n(.*?)```", re.DOTALL)


def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert [kind for kind, _ in blocks].count("output") == 2
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "".join(text for kind, text in blocks if kind == "commands")
    done = subprocess.run(
        ["bash", "-e", "-c", script.replace("acv replay", "! acv replay")],  # false alarms: exit 1
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(PAGE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout.splitlines()
    for kind, text in blocks:
        for line in text.splitlines() if kind == "output" else ():
            assert line in printed, line

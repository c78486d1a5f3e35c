"""Setting up is interrupted: the next ``make`` ends it without help."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_environment_that_was_half_made_is_made_again(tmp_path: Path) -> None:
    place = tmp_path / "venv"
    command = ["make", f"VENV={place}", f"PYTHON={sys.executable}", f"{place}/.made"]
    killed = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (place / "bin" / "python").exists():
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (place / ".made").exists(), "it was killed before it was ready"
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([place / "bin" / "python", "-m", "pip", "--version"], check=True)

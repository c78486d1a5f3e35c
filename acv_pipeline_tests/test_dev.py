"""``make dev`` on a terminal: what it says before anybody opens the browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acv_pipeline_tests.alerts.receivers import free_port

PATIENCE_SECONDS = 240
DEV = [sys.executable, "-m", "acv_pipeline.cli.dev"]


def on(home: Path, port: object) -> dict[str, str]:
    return {**os.environ, "ACV_HOME": str(home), "ACV_PORT": str(port)}


def test_it_serves_without_warnings_of_libraries_and_a_second_one_ends_at_once(
    tmp_path: Path,
) -> None:
    port, log = free_port(), tmp_path / "log"
    with log.open("w") as output:
        dev = subprocess.Popen(
            DEV,
            env=on(tmp_path / "one", port),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while f"Serving dagster-webserver on http://127.0.0.1:{port}" not in log.read_text():
            assert dev.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        second = subprocess.run(
            DEV, env=on(tmp_path / "two", port), capture_output=True, text=True, check=False
        )
    finally:
        os.killpg(dev.pid, signal.SIGKILL)
        dev.wait()
    assert "Warning" not in log.read_text()
    assert second.returncode == 2 and not second.stdout
    (line,) = second.stderr.splitlines()
    assert line.startswith(f"acv: port {port} cannot be used (Address already in use)")
    assert "ACV_PORT=3001 make dev" in line
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("port", ["abc", "65536", "-1"])
def test_what_is_no_port_is_said(port: str, tmp_path: Path) -> None:
    done = subprocess.run(
        DEV, env=on(tmp_path / "home", port), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == f"acv: ACV_PORT={port} is no port: give a number like 3001\n"


def test_a_port_that_is_free_again_can_be_used_at_once(tmp_path: Path) -> None:
    """A connection that has only just ended does not count as somebody who listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
    file = tmp_path / "file"
    file.write_text("in the way of the home")
    done = subprocess.run(
        DEV, env=on(file / "home", port), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "cannot write to" in done.stderr, "the port was no trouble"

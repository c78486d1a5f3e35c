"""``make dev``: the Dagster UI on 127.0.0.1 with its daemon, on ``$ACV_HOME``."""

from __future__ import annotations

import os
import socket
import sys

from acv_pipeline.cli import without_warnings
from acv_pipeline.cli.common import plain_errors, wrong_use
from acv_pipeline.contract.loading import beside_package
from acv_pipeline.environment import logs
from acv_pipeline.language import _
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse.home import Home

WORKSPACE = beside_package("workspace.yaml")
HOST = "127.0.0.1"


def main() -> None:
    """Replace this process by ``dagster dev``."""
    without_warnings()
    port = _free_port()
    # several processes on an empty home would all try to make its tables: make them first
    with plain_errors(), instance(Home.from_environment()):
        pass
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(WORKSPACE)]
    if logs.are_json():
        command += ["--log-format", logs.JSON]
    os.execv(sys.executable, [*command, "--host", HOST, "--port", port])


def _free_port() -> str:
    """``$ACV_PORT``, or 3000.

    On a port in use ``dagster dev`` would go on without a page of its own, and the browser show
    that of whoever has the port.
    """
    port = os.environ.get("ACV_PORT") or "3000"
    try:
        socket.create_server((HOST, int(port))).close()
    except (ValueError, OverflowError):
        wrong_use(_("ACV_PORT={port} is no port: give a number like 3001", port=port))
    except OSError as error:
        why = os.strerror(error.errno or 0)  # without the address, which Python adds
        wrong_use(
            _(
                "port {port} cannot be used ({why}): end what listens there, another UI perhaps, "
                "or choose another port: 'ACV_PORT=3001 make dev'",
                port=port,
                why=why,
            )
        )
    return port


if __name__ == "__main__":
    main()

"""``make dev``: the Dagster UI on 127.0.0.1 with its daemon, on ``$ACV_HOME``."""

from __future__ import annotations

import os
import sys

from acv_pipeline.contract.model import beside_package
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse.home import Home

WORKSPACE = beside_package("workspace.yaml")


def main() -> None:
    """Replace this process by ``dagster dev``."""
    home = Home.from_environment()
    # several processes on an empty home would all try to make its tables: make them first
    with instance(home):
        pass
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(WORKSPACE)]
    port = os.environ.get("ACV_PORT", "3000")
    os.execv(sys.executable, [*command, "--host", "127.0.0.1", "--port", port])


if __name__ == "__main__":
    main()

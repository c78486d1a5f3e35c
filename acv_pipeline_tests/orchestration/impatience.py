"""Dagster's own daemon, looking every other second instead of every five or thirty."""

from __future__ import annotations

from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse.home import Home

SETTINGS = """
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    dequeue_interval_seconds: 1
"""
# what has no setting; Python runs it when the daemon's process begins
AT_THE_BEGINNING = """
import sys
if "dagster._daemon" in sys.orig_argv:
    from dagster._daemon import controller, sensor
    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 2
    sensor.MIN_INTERVAL_LOOP_TIME = 1
"""


def make_impatient(home: Home) -> dict[str, str]:
    """Make Dagster's home for a daemon that waits little; what its environment has to say."""
    with instance(home):
        pass
    with (home.dagster / "dagster.yaml").open("a") as settings:
        settings.write(SETTINGS)
    folder = home.root.with_name("impatient")
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(AT_THE_BEGINNING, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}

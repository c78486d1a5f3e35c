"""What a run prints, kept for the UI's *stdout* and *stderr* tabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterInstance
from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._serdes import ConfigurableClassData


class RunOutput(LocalComputeLogManager):
    """The stock manager, under ``storage`` of Dagster's home, except for runs of a terminal.

    What ``acv run`` prints is for whoever sits there, also when the disk is full.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._is_shown = False
        super().__init__(str(Path(base_dir) / "storage"), inst_data=inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> RunOutput:
        """As Dagster builds it from ``dagster.yaml``."""
        return cls(config_value["base_dir"], inst_data=inst_data)

    def show(self) -> None:
        """Leave what this process prints to the terminal."""
        self._is_shown = True

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Keep what is printed meanwhile."""
        if self._is_shown:
            yield CapturedLogContext(log_key)
        else:
            with super().capture_logs(log_key) as context:
                yield context


def leave_to_terminal(instance: DagsterInstance) -> None:
    """What runs of this process print stays on the terminal."""
    manager = instance.compute_log_manager
    if isinstance(manager, RunOutput):
        manager.show()

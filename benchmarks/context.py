"""What every benchmark is given, and what it gives back.

Here: the work folder, how often and how big, the table of results. Not here: any benchmark.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Measure, as_dict, machine, python, run

Result = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """How the benchmarks are run.

    Attributes:
        work: where inputs, homes and logs go.
        runs: how often each way is run.
        territories: of the long table.
        tutorial_months: how many months the tutorial-style project is run through.
        say: told what goes on.
    """

    work: Path
    runs: int
    territories: int
    tutorial_months: int
    say: Callable[[str], None]

    def fresh(self, name: str) -> Path:
        """A path in the work folder where nothing is."""
        path = self.work / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def pipeline(self, landing: Path, home: Path, env: dict[str, str] | None = None) -> Measure:
        """The pipeline, on whatever is new in ``landing``."""
        command = python("-m", "benchmarks.pipeline", landing, home)
        return run(command, env, self.work / "pipeline.log")

    def acv_run(self, landing: Path, home: Path) -> Measure:
        """``acv run`` with everything, publication included."""
        start = "from acv_pipeline.cli import acv; acv()"
        command = python("-c", start, "run", "--landing", landing, "--home", home)
        return run(command, log=self.work / "acv_run.log")


def row(name: str, measure: Measure, **more: Any) -> Result:
    """One line of a result's table."""
    return {"way": name, **as_dict(measure), **more}


def requirement(text: str, ratio: float, limit: float, *, at_least: bool = False) -> Result:
    """A ratio beside what it should be at most (or at least)."""
    return {
        "what": text,
        "ratio": round(ratio, 2),
        "limit": limit,
        "at_least": at_least,
        "met": ratio >= limit if at_least else ratio <= limit,
    }


class Results:
    """The last result of every benchmark, kept beside the page."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.all: dict[str, Result] = (
            json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        )

    def put(self, name: str, result: Result) -> None:
        """Replace a benchmark's result and write the file."""
        self.all[name] = {"machine": machine(), **result}
        self.file.write_text(
            json.dumps(self.all, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )

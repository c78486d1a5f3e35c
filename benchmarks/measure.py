"""Running commands and measuring them: wall time, processor time, peak memory.

Here: one process at a time, medians, alternation. Not here: what is run.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

GIB = 1024**3
LAUNCHER = Path(__file__).with_name("launcher.py")
# what is measured is an installed program, whose bytecode is on disk
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


class BenchmarkError(Exception):
    """A command failed or results disagree; the message says which and how."""


@dataclass(frozen=True)
class Measure:
    """What a command took.

    Attributes:
        wall: seconds.
        cpu: seconds of processor time, of the command and its children.
        memory: peak resident bytes of its largest process.
        runs: of how many runs these are the medians (of memory: the highest).
    """

    wall: float
    cpu: float
    memory: int
    runs: int = 1


def run(
    command: list[str], env: Mapping[str, str] | None = None, log: Path | None = None
) -> Measure:
    """Run a command to its end.

    Raises:
        BenchmarkError: it exits with another code than 0; the end of its output is in the message.
    """
    with tempfile.TemporaryDirectory() as folder, (log or Path(os.devnull)).open("wb") as output:
        taken = Path(folder) / "taken.json"
        code = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(taken), *command],
            env=_ENVIRONMENT | (env or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
        if code:
            said = log.read_text(errors="replace")[-3000:] if log else ""
            raise BenchmarkError(f"{' '.join(command[:6])} … ended with {code}\n{said}")
        return Measure(*json.loads(taken.read_text()))


def python(*arguments: str | Path) -> list[str]:
    """The command that runs this Python."""
    return [sys.executable, *map(str, arguments)]


def alternate(
    ways: Mapping[str, Callable[[], Measure]], runs: int, say: Callable[[str], None]
) -> dict[str, Measure]:
    """Each way ``runs`` times, in turn, so that a busy moment hits all of them; the medians."""
    taken: dict[str, list[Measure]] = {name: [] for name in ways}
    for number in range(runs):
        for name, way in ways.items():
            measure = way()
            say(f"{name}, run {number + 1}: {measure.wall:.2f} s")
            taken[name].append(measure)
    return {name: median(measures) for name, measures in taken.items()}


def median(measures: list[Measure]) -> Measure:
    """The medians of time, and the highest memory."""
    return Measure(
        statistics.median(measure.wall for measure in measures),
        statistics.median(measure.cpu for measure in measures),
        max(measure.memory for measure in measures),
        len(measures),
    )


def as_dict(measure: Measure) -> dict[str, Any]:
    """A measure as it is kept in the results."""
    return {name: round(value, 3) for name, value in asdict(measure).items()}


def machine() -> dict[str, str]:
    """The facts of this machine that times depend on."""
    facts = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    )
    models = [line.partition(":")[2].strip() for line in facts.splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / GIB:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("dagster", "duckdb", "pandas", "great-expectations")},
    }

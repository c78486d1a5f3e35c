"""Running a command in a process of its own: seconds, processor seconds, peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

GIB = 1024**3
# The system counts the memory of the parent in that of a child: this parent is small.
LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[2:], check=False).returncode
taken, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([taken, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024], file)
sys.exit(code)
"""


class BenchmarkError(Exception):
    """A command failed, or results differ."""


class Measure(NamedTuple):
    """Seconds, seconds of processor time, and peak resident bytes of the largest process."""

    wall: float
    cpu: float
    memory: float


def run(command: list[str | Path], env: Mapping[str, str] | None = None) -> Measure:
    """Run a command to its end.

    Raises:
        BenchmarkError: it failed; the end of its output is in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        taken, log = Path(folder, "taken"), Path(folder, "log")
        with log.open("wb") as output:
            code = subprocess.run(
                [sys.executable, "-I", "-S", "-c", LAUNCHER, taken, *command],
                env=os.environ | (env or {}),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if code:
            said = log.read_text(errors="replace")[-3000:]
            raise BenchmarkError(f"{' '.join(map(str, command[:6]))} … ended with {code}\n{said}")
        return Measure(*json.loads(taken.read_text()))


def alternate(ways: Mapping[str, Callable[[], Measure]], runs: int) -> dict[str, Measure]:
    """Each way ``runs`` times, in turn, so that a busy moment hits all of them; the medians."""
    taken: dict[str, list[Measure]] = {name: [] for name in ways}
    for number in range(runs):
        for name, way in ways.items():
            taken[name].append(way())
            print(f"  {name}, run {number + 1}: {taken[name][-1].wall:.2f} s", flush=True)
    return {
        name: Measure(*(statistics.median(values) for values in zip(*measures, strict=True)))
        for name, measures in taken.items()
    }

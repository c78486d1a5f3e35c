"""Processes that die: children forked from one that has imported everything already.

Starting ``acv run`` takes seconds of imports; a fork takes milliseconds, so hundreds of runs can be
killed.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import duckdb

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.tables import tables
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.publishing.published_copy import RELEASE, REPORT, make_publication
from acv_pipeline.quality.gate_checks import gate_checks
from acv_pipeline.quality.sql_tests import sql_checks
from acv_pipeline.warehouse.home import Home

# the steps of a run, by what does them; entering one is told to the parent process
PHASES = {
    "load": "acv_pipeline.ledger.load:load",
    "gate": "acv_pipeline.ledger.store:judge_and_write",
    "marts": "acv_pipeline.models.project:Project.build",
    "checks": "acv_pipeline.flow.turn:Turn.check",
    "check results": "acv_pipeline.quality.record:record_results",
    "publish": "acv_pipeline.warehouse.connection:put_copy",
    "release": "acv_pipeline.publishing.release:make_release",
    "report": "acv_pipeline.publishing.report:write_report",
    "record": "acv_pipeline.assets.step:Step.record",
}
PATIENCE_SECONDS = 120.0


@dataclass
class Child:
    """A forked process and what it told so far."""

    pid: int
    told: int
    started: float = field(default_factory=time.monotonic)
    phases: list[tuple[str, float]] = field(default_factory=list)
    _buffer: bytes = b""

    def wait_for_phase(self, phase: str) -> bool:
        """Wait until it enters ``phase``; False if it ended before."""
        while True:
            if any(name == phase for name, _ in self.phases):
                return True
            if not self._listen(PATIENCE_SECONDS):
                return False

    def _listen(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.told], [], [], seconds)
        if not ready:
            raise TimeoutError(f"process {self.pid} said nothing for {seconds} s: {self.phases}")
        data = os.read(self.told, 4096)
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            phase, _, moment = line.decode().rpartition(" ")
            self.phases.append((phase, float(moment) - self.started))
        return bool(data)

    def kill(self) -> None:
        """SIGKILL, if it is still alive; not waited for."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Wait for its end; the raw status."""
        _, status = os.waitpid(self.pid, 0)
        while self._listen(1.0):
            pass
        os.close(self.told)
        return status


def fork(work: Callable[[], Any], log: Path) -> Child:
    """Run ``work`` in a child whose output goes to ``log``; it tells which phases it enters."""
    reads, writes = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writes)
        return Child(pid, reads)
    status = 1
    try:
        os.close(reads)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
        for phase, place in PHASES.items():
            announce(phase, place, writes)
        work()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def ask(work: Callable[[], Any], log: Path) -> Any:
    """What ``work`` returns (as JSON), computed in a child: this process keeps no threads."""
    answer = log.with_suffix(".answer")
    answer.unlink(missing_ok=True)
    child = fork(lambda: answer.write_text(json.dumps(work()), encoding="utf-8"), log)
    if child.end() != 0:
        raise AssertionError(log.read_text(encoding="utf-8")[-4000:])
    return json.loads(answer.read_text(encoding="utf-8"))


def acv_run(home: Home, landing: Path) -> None:
    """The command itself, in this process, with its exit code."""
    from acv_pipeline.cli.main import main
    from acv_pipeline.orchestration import dead_runs

    dead_runs.BETWEEN_LOOKS_SECONDS = 0.2  # nobody else is at work in these homes
    main(["run", "--home", str(home.root), "--landing", str(landing)])


def flow(home: Home, landing: Path, *, beside: Sequence[str] = (RELEASE, REPORT)) -> None:
    """The same without Dagster and its record, and with the quick ones of the checks.

    Args:
        beside: what is made beside the published copy.
    """
    pipeline = Pipeline.configured(home, landing)
    due, _ = pipeline.receive_due()
    if due:
        checks = [*gate_checks(), *sql_checks(pipeline.project)]
        with pipeline.warehouse() as connection:
            turn = Turn(pipeline, connection, lambda _: None)
            turn.receive([*pipeline.contract.sources])
            turn.judge(due)
            turn.build([*pipeline.project.models])
            turn.check({(check.asset, check.name) for check in checks}, due)
            turn.publish(home.published)
            make_publication(home, pipeline.contract, beside, pipeline.contract.today())
            turn.recorded(due)


def judged(home: Home, landing: Path) -> None:
    """As far as the figures are in force, and the marts are those of before."""
    pipeline = Pipeline.configured(home, landing)
    due, _ = pipeline.receive_due()
    with pipeline.warehouse() as connection:
        if due:
            Turn(pipeline, connection, lambda _: None).judge(due)


def quicken() -> None:
    """From now on runs of this process go without the report page and without expectations.

    Both take most of a run's time, and nothing else is made of what they write.
    """

    def without_report(assets: Callable[[Pipeline], list[str]]) -> Callable[[Pipeline], list[str]]:
        return lambda pipeline: [asset for asset in assets(pipeline) if asset != REPORT]

    def of_assets(run_months: Callable[..., Any]) -> Callable[..., Any]:
        return lambda pipeline, *given, **named: run_months(
            pipeline, *given, **named | {"assets": named.get("assets") or pipeline.assets()}
        )

    replace_everywhere(
        "acv_pipeline.quality.everything:table_checks", lambda _: lambda contract: []
    )
    replace_everywhere("acv_pipeline.quality.validator:started", lambda _: lambda: None)
    replace_everywhere("acv_pipeline.flow.pipeline:Pipeline.assets", without_report)
    replace_everywhere("acv_pipeline.cli.launching:run_months", of_assets)


def dying(work: Callable[[], None], phase: str, instant: int) -> Callable[[], None]:
    """``work`` that kills itself at the n-th instant of a phase, however fast the machine is."""

    def die() -> None:
        _Instants.deadly = (phase, instant)
        with _watched():
            work()

    return die


def counting(work: Callable[[], None], target: Path) -> Callable[[], None]:
    """``work`` that leaves in ``target`` how many instants each phase has."""

    def count() -> None:
        try:
            with _watched():
                work()
        finally:
            target.write_text(json.dumps(_Instants.count), encoding="utf-8")

    return count


def preload(work: Callable[[], Any], log: Path) -> None:
    """Import here whatever ``work`` imports in a child, so that later children need not."""
    before = set(sys.modules)

    def loaded() -> list[str]:
        with suppress(SystemExit):
            work()
        return sorted(set(sys.modules) - before)

    load_contract()
    tables()
    for name in ask(loaded, log):
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # made at run time, not a file


class _Instants:
    """Where this process is: each entry of a phase, and each statement in it, is an instant."""

    phase = ""
    count: ClassVar[dict[str, int]] = {}
    deadly: tuple[str, int] | None = None

    @classmethod
    def next(cls, phase: str) -> None:
        """One more; the process dies of the one it was told to."""
        cls.phase = phase
        cls.count[phase] = cls.count.get(phase, 0) + 1
        if cls.deadly == (phase, cls.count[phase]):
            os.kill(os.getpid(), signal.SIGKILL)


class _Watched:
    """A DuckDB connection whose statements are instants."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, *arguments: Any) -> Any:
        _Instants.next(_Instants.phase)
        return self._connection.execute(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def announce(phase: str, place: str, told: int) -> None:
    """Tell when the function at ``place`` is called, wherever it was imported to."""

    def before(original: Callable[..., Any]) -> Callable[..., Any]:
        def announced(*arguments: Any, **options: Any) -> Any:
            os.write(told, f"{phase} {time.monotonic()}\n".encode())
            _Instants.next(phase)
            return original(*arguments, **options)

        return announced

    replace_everywhere(place, before)


def replace_everywhere(place: str, by: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put another function in the place of one, also where it was imported by name."""
    module, _, name = place.partition(":")
    *path, attribute = name.split(".")
    owner: Any = importlib.import_module(module)
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, attribute)
    replacement = by(original)
    importers = [m for n, m in list(sys.modules.items()) if n.startswith("acv_pipeline.")]
    for holder in [owner, *([] if path else importers)]:
        if vars(holder).get(attribute) is original:
            setattr(holder, attribute, replacement)


@contextmanager
def _watched() -> Iterator[None]:
    connect = duckdb.connect
    duckdb.connect = lambda *a, **k: _Watched(connect(*a, **k))
    try:
        yield
    finally:
        duckdb.connect = connect

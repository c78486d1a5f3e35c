"""Everybody at once on one home: runs of single months, a backfill, commands, readers, the UI."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from acv_pipeline.cli import launching
from acv_pipeline.cli.main import main
from acv_pipeline.contract import load_contract
from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.torture.forks import acv_run, ask, fork, preload

ROOT = Path(__file__).parents[2]
OLD, NEW = ["2018-09", "2018-10"], ["2018-11", "2018-12"]
MONTHS = [*OLD, *NEW]
CORRECTED = ["01", "02", "03", "08"]  # few enough for no gate to mind
PATIENCE_SECONDS = 120.0
BETWEEN_LOOKS_SECONDS = 0.5

# per month: the figures in force of one partner, and the same through every layer above
SEEN = """
    select
        strftime(month, '%Y-%m'),
        (select sum(cumulative_dwellings) from validated.dwellings as d
            where d.month = m.month and source = 'anah'),
        (select sum(cumulative_dwellings) from marts.series as s
            where s.month = m.month and series = 'anah'),
        (select sum(cumulative_dwellings) from marts.monthly_increments as i
            where i.month = m.month and series = 'anah'),
        (select sum(cumulative_dwellings) from marts.department_rankings as r
            where r.month = m.month and series = 'anah')
    from (select distinct month from validated.dwellings) as m order by 1
"""


def contend(folder: Path, seconds: float = 0, *, with_ui: bool = True) -> dict[str, int]:
    """Let them all work at once, again and again for so many seconds; how often who did what.

    Raises:
        AssertionError: a run was not green, a command failed, a reader saw a month half new or
            old figures to the end, the UI did not answer.
    """
    home, landing, log = Home(folder / "home"), folder / "landing", folder / "log"
    contract = load_contract()
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, OLD)
    preload(partial(acv_run, home, landing), log)
    sums = _news(landing)
    looks: dict[str, Callable[[], bool]] = dict.fromkeys(
        ["reader 1", "reader 2"], partial(_read, home, _news(landing))
    )
    with ExitStack() as atexit:
        if with_ui:
            looks["UI"] = partial(_ask_ui, atexit.enter_context(_ui(home, landing, log)))
        stop, counts = folder / "stop", {name: folder / name for name in looks}
        watchers = {
            name: fork(partial(_look, look, stop, counts[name]), log)
            for name, look in looks.items()
        }
        ended: list[int] = []
        commanded: list[int] = []
        deadline = time.monotonic() + seconds
        try:
            while not ended or time.monotonic() < deadline:
                months = [*((month, month) for month in MONTHS), (MONTHS[0], MONTHS[-1])]
                workers = [fork(partial(_run, home, landing, *some), log) for some in months]
                commands = fork(partial(_commands, home, folder / f"{len(ended)}.tar.gz"), log)
                ended += [child.end() for child in workers]
                commanded.append(commands.end())
            while not all(map(_answers, counts.values())):
                assert time.monotonic() < deadline + PATIENCE_SECONDS, counts
                time.sleep(0.2)
        finally:
            stop.touch()
            looked = {name: child.end() for name, child in watchers.items()}
    output = log.read_text(encoding="utf-8")[-4000:]
    assert ended == [0] * len(ended) and not any(commanded), output
    assert looked == dict.fromkeys(watchers, 0), output
    assert ask(partial(_runs, home), log) == {"SUCCESS": len(ended) + 1}, output
    assert ask(partial(_in_force, home), log) == {month: sums[month][-1] for month in MONTHS}
    looked_often = {name: int(path.read_text(encoding="utf-8")) for name, path in counts.items()}
    return {"runs": len(ended), **looked_often}


@contextmanager
def _ui(home: Home, landing: Path, log: Path) -> Iterator[int]:
    """Dagster's UI; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    ui = subprocess.Popen(
        [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml", "-p", str(port)],
        cwd=ROOT,
        env={**os.environ, "ACV_HOME": str(home.root), "DAGSTER_HOME": str(home.dagster),
             "ACV_LANDING": str(landing)},
        stdout=log.open("a"), stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        yield port
    finally:
        os.killpg(ui.pid, signal.SIGKILL)
        ui.wait()


def _news(landing: Path) -> dict[str, list[int | None]]:
    """Two months that were not there, and small corrections of two that were; sums to be seen."""
    contract = load_contract()
    deliver_trajectory(landing, contract, "action_logement", NEW)
    sums: dict[str, list[int | None]] = {}
    for month in MONTHS:
        figures = steady_figures(contract, month_of(month))
        old = sum(figures.values())
        if month in NEW:
            deliver(landing, "anah", "2019-01-10", {month: figures}, name=f"{month}.csv")
            sums[month] = [old]
        else:
            figures |= {code: figures[code] + 1 for code in CORRECTED}
            deliver(landing, "anah", "2019-01-10", {month: figures}, name=f"{month}.csv")
            sums[month] = [old, old + len(CORRECTED)]
    return sums


def _run(home: Home, landing: Path, first: str, last: str) -> None:
    """What a schedule, a sensor or the UI starts: a run of some months, on the shared record."""
    months = [month_of(first)]
    while months[-1] < month_of(last):
        months.append(shift(months[-1], 1))
    pipeline = Pipeline.configured(home, landing)
    with instance(home) as dagster:
        result = launching.run_months(pipeline, dagster, months, listen=lambda _: None)
    if result.failure:
        raise AssertionError(result.failure)


def _commands(home: Home, backup: Path) -> None:
    """What people type meanwhile; months of 2018 are late by now, which status says by a 1."""
    for command, fine in (["status"], (0, 1)), (["backup", str(backup)], (0,)):
        try:
            main([*command, "--home", str(home.root)])
        except SystemExit as ended:
            assert ended.code in fine, (command, ended.code)


def _in_force(home: Home) -> dict[str, int]:
    with read_published(home) as connection:
        return {month: figures for month, figures, *_ in connection.execute(SEEN).fetchall()}


def _look(look: Callable[[], bool], stop: Path, count: Path) -> None:
    """Look again and again until told to stop; the last look is after everything ended."""
    looks, last = 0, False
    while not last:
        last = stop.exists()
        looks += look()
        count.write_text(str(looks), encoding="utf-8")
        time.sleep(BETWEEN_LOOKS_SECONDS)


def _read(home: Home, sums: dict[str, list[int | None]]) -> bool:
    with read_published(home) as connection:
        seen = connection.execute(SEEN).fetchall()
    assert len(seen) >= len(OLD), seen
    for month, *layers in seen:
        assert len(set(layers)) == 1, f"{month} is half new: {layers}"
        assert layers[0] in sums[month], f"{month}: {layers[0]} is neither of {sums[month]}"
    return True


def _ask_ui(port: int) -> bool:
    """Whether the UI listed the runs; False while it is still starting."""
    query = json.dumps({"query": "{ runsOrError { ... on Runs { results { status } } } }"})
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=query.encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: Any = json.load(answer)
    except urllib.error.URLError:
        return False
    assert "results" in found["data"]["runsOrError"], found
    return True


def _answers(count: Path) -> bool:
    return count.exists() and count.read_text(encoding="utf-8") not in ("", "0")


def _runs(home: Home) -> dict[str, int]:
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        statuses = [run.status.value for run in instance.get_runs()]
    return {status: statuses.count(status) for status in statuses}

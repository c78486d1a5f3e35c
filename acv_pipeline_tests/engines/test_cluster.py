"""A real cluster: a master and two workers as processes on loopback, some of which are killed.

It takes some minutes: ``make cluster``.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import shift
from acv_pipeline.engines import cluster
from acv_pipeline.engines.duckdb import DuckDb
from acv_pipeline.engines.spark import Spark
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.engines import dying
from acv_pipeline_tests.engines.homes import (
    FIRST,
    Said,
    contents,
    differences,
    many_families,
    programmes,
    run,
    send,
)

if not os.environ.get("ACV_CLUSTER"):
    pytest.skip("a cluster is tried by 'make cluster'", allow_module_level=True)

ROOT = Path(__file__).parents[2]
INDICATORS = 28  # which are 20 families with the contract's own


class Cluster:
    """A standalone master and its workers."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self.folder = folder
        self._spark = Path(pyspark.__file__).parent
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.master = f"spark://127.0.0.1:{port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start(
            "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"
        )
        self._wait("master.Master", 1, "Starting Spark master")
        self.worker()
        self.worker()
        self._wait("worker.Worker", 2, "Successfully registered")

    def worker(self) -> None:
        """One machine more, which knows nothing of ours but where the package is."""
        self._start(
            "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
            "--webui-port", "0", "--work-dir", str(self.folder / "work"), self.master,
        )  # fmt: skip

    def workers_alive(self) -> int:
        """How many workers are there."""
        return sum(
            b"worker.Worker" in Path(f"/proc/{p.pid}/cmdline").read_bytes()
            for p in self._processes
            if p.poll() is None
        )

    def _start(self, name: str, *arguments: str) -> None:
        number = len(self._processes)
        log = (self.folder / f"{name}-{number}.log").open("wb")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        self._processes.append(
            subprocess.Popen(
                [str(self._spark / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}",
                 *arguments],
                stdout=log, stderr=log, env=environment, cwd=self.folder,
            )
        )  # fmt: skip

    def _wait(self, name: str, count: int, for_line: str) -> None:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            logs = [path.read_text(errors="replace") for path in self.folder.glob(f"{name}-*.log")]
            if sum(for_line in log for log in logs) >= count:
                return
            time.sleep(0.5)
        raise AssertionError(f"{name} did not come up: {logs}")

    def stop(self) -> None:
        """All processes, executors included."""
        for process in self._processes:
            process.kill()
        found = subprocess.run(
            ["pgrep", "-f", re.escape(self.master)], capture_output=True, text=True
        )
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = tmp_path_factory.mktemp("cluster")
    started = Cluster(folder)
    yield started
    from pyspark import SparkContext

    if SparkContext._active_spark_context:
        SparkContext._active_spark_context.stop()
    started.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Contract, Said]:
    """Deliveries of many families, and what one machine makes of them."""
    folder = tmp_path_factory.mktemp("world")
    contract = many_families(folder, INDICATORS)
    names = programmes(contract)
    months = [FIRST, shift(FIRST, 1)]
    for source in ("anah", "action_logement"):
        for month in months:
            wrong = (0, 23 if source == "anah" and month != FIRST else 0)
            send(folder / "landing", contract, source, [month], names, states=wrong)
    return folder, contract, run(Home(folder / "one"), folder / "landing", contract, DuckDb())


def test_workers_that_are_killed_leave_no_trace_but_a_line(
    machines: Cluster, world: tuple[Path, Contract, Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, contract, expected = world
    assert expected.tables["validated.held_months"]
    marks = folder / "marks"
    marks.mkdir()
    handed_out, killed = cluster.run, []

    def deadly(master: str, job: object, work: object, items: object, log: object) -> object:
        before = len(list(marks.iterdir()))
        try:
            return handed_out(master, job, dying.once(marks, work), items, log)  # type: ignore[arg-type]
        finally:
            if len(list(marks.iterdir())) > before:
                killed.append(getattr(work, "func", work).__name__)
                machines.worker()  # the next verb has two again

    monkeypatch.setattr(cluster, "run", deadly)
    said = run(Home(folder / "killed"), folder / "landing", contract, Spark(machines.master))
    assert killed == ["read", "judge", "build", "test"]
    assert not differences(expected, said)
    assert sum("tried again" in line for line in said.lines) >= 4
    # of a task that ran twice there are two files, of which one is named
    files = {p.name for p in (folder / "killed" / "tables").glob("*/marts.series/*")}

    with duckdb.connect(
        str(folder / "killed" / "published" / "acv.duckdb"), read_only=True
    ) as copy:
        named = copy.execute(
            "select path from engine.parts where table_name = 'marts.series'"
        ).fetchall()
        assert contents(copy)["marts.series"] == expected.tables["marts.series"]
    assert {Path(path).name for (path,) in named} < files


@pytest.mark.parametrize("verb", ["receive", "judge", "build"])
def test_after_a_driver_that_is_killed_the_next_run_makes_it_good(
    machines: Cluster, world: tuple[Path, Contract, Said], verb: str
) -> None:
    folder, contract, expected = world
    home, landing = Home(folder / f"driver-{verb}"), folder / "landing"
    command = [
        sys.executable, "-m", "acv_pipeline_tests.engines.one_run", str(home.root),
        str(landing), str(folder / "contract.yml"),
    ]  # fmt: skip
    died = subprocess.run([*command, "local[2]", verb], capture_output=True, text=True, cwd=ROOT)
    assert died.returncode == -signal.SIGKILL, died.stderr
    said = run(home, landing, contract, Spark(machines.master))
    assert not differences(expected, said)

"""The command line as a user meets it: what is printed, exit codes, no traceback."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import duckdb
import pytest
from click.testing import CliRunner, Result

from acv_pipeline.cli.common import plain_errors
from acv_pipeline.cli.main import main
from acv_pipeline.cli.progress import Progress
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.operations import standstill
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import ACV, deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.warehouses import published

MONTHS = ["2018-09", "2018-10", "2018-11"]


class Acv:
    """The ``acv`` command on one home and landing zone."""

    def __init__(self, home: Path, landing: Path) -> None:
        self.home, self.landing = home, landing

    def __call__(self, command: str, *arguments: str, with_landing: bool = False) -> Result:
        place = ["--landing", str(self.landing)] if with_landing else []
        home = [] if command == "replay" else ["--home", str(self.home)]
        result = CliRunner().invoke(main, [command, *arguments, *place, *home])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception  # a traceback in front of a user
        return result

    def run(self, *arguments: str) -> Result:
        return self("run", *arguments, with_landing=True)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.home / "published" / "acv.duckdb"), read_only=True) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def acv(tmp_path: Path, landing: Path) -> Acv:
    return Acv(tmp_path / "home", landing)


@pytest.fixture(scope="module")
def good(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> tuple[Acv, Result]:
    """Three months of both partners, and what the run of them said."""
    root = tmp_path_factory.mktemp("good")
    acv = Acv(root / "home", root / "landing")
    for source in ("anah", "action_logement"):
        deliver_trajectory(acv.landing, contract, source, MONTHS)
    return acv, acv.run()


def test_run_says_what_came_and_a_second_run_that_nothing_did(good: tuple[Acv, Result]) -> None:
    acv, first = good
    assert first.exit_code == 0, first.output
    assert "6 new deliveries" in first.output
    assert "Anah, ACV: 3 months accepted (2018-09 to 2018-11)" in first.output
    assert "no total" not in first.output
    tables = acv.query("from marts.department_rankings order by all")
    second = acv.run()
    assert second.exit_code == 0
    assert "Nothing to do: no new figures, nothing changed." in second.output
    assert acv.query("from marts.department_rankings order by all") == tables


def test_data_docs_show_what_was_validated(acv: Acv, good: tuple[Acv, Result]) -> None:
    nothing = acv("data-docs")
    assert nothing.exit_code == 2 and "keeps no validation yet" in nothing.output
    made = good[0]("data-docs")
    assert made.exit_code == 0, made.output
    index = Path(made.output.removeprefix("→ ").strip())
    pages = {page.parts[-4] for page in index.parent.glob("validations/*/*/*/*.html")}
    assert {"received_rows", "validated_dwellings", "department_rankings"} <= pages


def hold_november(landing: Path, contract: Contract) -> None:
    """Good months of both partners, and a November in which département 62 has no row."""
    deliver_trajectory(landing, contract, "anah", MONTHS)
    deliver_trajectory(landing, contract, "action_logement", MONTHS[:2])
    november = steady_figures(contract, month_of("2018-11"), source="action_logement")
    del november["62"]
    deliver(landing, "action_logement", "2018-12-10", {"2018-11": november}, name="nov.csv")


@pytest.fixture(scope="module")
def once_held(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    root = tmp_path_factory.mktemp("held")
    hold_november(root / "landing", contract)
    return root, Acv(root / "home", root / "landing").run()


@pytest.fixture
def held(once_held: tuple[Path, Result], tmp_path: Path, landing: Path) -> Result:
    """A home in which November is held, for one test; what the run said."""
    shutil.copytree(once_held[0] / "home", tmp_path / "home", symlinks=True)
    shutil.copytree(once_held[0] / "landing", landing, dirs_exist_ok=True)
    return once_held[1]


def test_of_two_runs_at_once_the_second_waits_and_records_nothing(
    acv: Acv, landing: Path, contract: Contract, tmp_path: Path
) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)
    logs = [tmp_path / "one.log", tmp_path / "other.log"]
    with Home(acv.home).at_work("somebody"):
        started = []
        for log in logs:
            with log.open("w") as output:
                started.append(
                    subprocess.Popen(
                        [
                            str(Path(sys.executable).with_name("acv")), "run",
                            "--home", str(acv.home), "--landing", str(landing),
                        ],
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                )  # fmt: skip
        deadline = time.monotonic() + 300
        while not all("waiting for somebody" in log.read_text() for log in logs):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert not (acv.home / "warehouse.duckdb").exists()
    assert [process.wait(timeout=300) for process in started] == [0, 0]
    said = sorted(("Nothing to do: no new figures" in log.read_text(), log) for log in logs)
    assert [nothing for nothing, _ in said] == [False, True], [log.read_text() for log in logs]
    assert "3 months accepted" in said[0][1].read_text()
    with open_instance(Home(acv.home)) as dagster:
        assert len(dagster.get_runs()) == 1


def test_a_held_month_is_told_signed_off_and_comes_into_force(acv: Acv, held: Result) -> None:
    assert held.exit_code == 1
    for part in ("HELD", "2018-11", "panel_department_missing", "ask: ", "acv signoff"):
        assert part in held.output
    assert acv.run().exit_code == 1, "it is still held"
    total = f"select count(*) from marts.series where series = 'total' and indicator_id = '{ACV}'"
    assert acv.query(f"{total} and month = '2018-11-01'") == [(0,)]
    assert acv.query(f"{total} and month = '2018-10-01'") == [(96,)]

    shown = acv("status", "--json")
    assert shown.exit_code == 1
    (entry,) = json.loads(shown.output)["held"]
    assert (entry["source"], entry["month"]) == ("action_logement", "2018-11-01")
    assert entry["rules"] == ["panel_department_missing"] and entry["what_to_do"]

    (command,) = (line for line in held.output.splitlines() if "acv signoff" in line)
    as_printed = shlex.split(command.partition("acv signoff ")[2])
    pasted = acv("signoff", *as_printed[: as_printed.index("--home")])
    assert pasted.exit_code == 2 and "write them for “…”" in pasted.output
    signed = acv(
        "signoff", entry["delivery_id"][:10], "ACV", "2018-11",
        "--reason", "no city left there", "--by", "head of the statistics unit",
    )  # fmt: skip
    assert signed.exit_code == 0, signed.output
    assert "next 'acv run'" in signed.output
    released = acv.run()
    assert released.exit_code == 0, released.output
    assert "signed off by head of the statistics unit" in released.output
    assert acv.query(f"{total} and month = '2018-11-01'") == [(95,)]
    assert acv("status").exit_code == 0


@pytest.mark.usefixtures("held")
def test_a_correction_releases_a_held_month(acv: Acv, landing: Path, contract: Contract) -> None:
    november = steady_figures(contract, month_of("2018-11"), source="action_logement")
    deliver(landing, "action_logement", "2018-12-20", {"2018-11": november}, name="nov2.csv")
    released = acv.run()
    assert released.exit_code == 0, released.output
    assert "a later delivery replaced it" in released.output
    status = acv("status")
    assert status.exit_code == 0 and "HELD" not in status.output


@pytest.mark.usefixtures("held")
def test_a_sign_off_of_something_else_is_refused_with_what_is_possible(acv: Acv) -> None:
    ((identity,),) = acv.query("select delivery_id[:12] from validated.held_months")
    for arguments, complaint in (
        (["0000", "ACV", "2018-11"], "no held month"),
        ([identity, "XYZ", "2018-11"], "known are ACV"),
        ([identity, "ACV", "2018-10"], f"held now: {identity}"),
        ([identity, "ACV", "november"], "write it like 2021-03"),
    ):
        result = acv("signoff", *arguments, "--reason", "right", "--by", "head of unit")
        assert result.exit_code == 2
        assert complaint in result.output, arguments
    assert acv.query("select count(*) from validated.signoffs") == [(0,)]


def test_a_refused_file_is_told_with_the_reason_and_exit_code_1(
    acv: Acv, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:1])
    folder = landing / "anah" / "2018-11-10"
    folder.mkdir(parents=True)
    (folder / "acv.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    result = acv.run()
    assert result.exit_code == 1
    assert "anah/2018-11-10/acv.csv refused" in result.output
    assert "REFUSED acv.csv" in acv("status").output
    assert acv.query("select status, reason_code is null from raw.deliveries order by 1") == [
        ("loaded", True), ("refused", False),
    ]  # fmt: skip


def test_rows_in_quarantine_and_a_total_that_lacks_a_partner_only_warn(
    acv: Acv, landing: Path, contract: Contract
) -> None:
    figures: dict[str, int | str] = dict(steady_figures(contract, month_of("2018-09")))
    figures["62"] = "12,5"
    deliver(landing, "anah", "2018-10-10", {"2018-09": figures})
    result = acv.run()
    assert result.exit_code == 0, result.output
    lacks = "2018-09: no figures of Action Logement are in force"
    assert f"no total of ACV for {lacks}" in result.output
    status = acv("status").output
    assert "1 row" in status and "12,5" in status
    assert acv.query("select received, validated, quarantined from validated.row_accounts") == [
        (96, 95, 1)
    ]


def test_only_the_months_asked_for(acv: Acv, landing: Path, contract: Contract) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS)
    others = acv.run("--months", "2020-01:2020-02")
    assert others.exit_code == 1
    assert "nothing that was received is about a month that was asked for" in others.output
    assert acv.run("--months", "2018-09:2018-10").exit_code == 0
    months = "select count(distinct month) from validated.dwellings"
    assert acv.query(months) == [(2,)]
    assert acv.run().exit_code == 0
    assert acv.query(months) == [(3,)]


@pytest.mark.parametrize(
    "months", ["2018-10:2018-09", "september", "2018-13", "2018-09:", ":2018-09"]
)
def test_months_written_wrong(acv: Acv, months: str) -> None:
    result = acv.run("--months", months)
    assert result.exit_code == 2
    assert "2021-03:2021-06" in result.output or "comes after" in result.output


def test_wrong_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    """In a process of its own: what a user really sees."""
    command = Path(sys.executable).with_name("acv")
    for arguments, complaint in (
        (
            ["run", "--landing", str(tmp_path / "no"), "--home", str(tmp_path / "h")],
            "is not a folder",
        ),
        (["status", "--home", str(tmp_path / "h2")], "acv run"),
        (["replay", str(tmp_path)], "dated folders like"),
    ):
        result = subprocess.run(
            [str(command), *arguments], capture_output=True, text=True, check=False
        )
        assert result.returncode == 2, result.stderr
        assert complaint in result.stderr and "Traceback" not in result.stderr
        # on a slow machine lines of progress come before it
        lines = [line for line in result.stderr.splitlines() if not line.startswith("  …")]
        assert len(lines) == 1


def test_a_command_that_is_nearly_right_is_named() -> None:
    done = CliRunner().invoke(main, ["expalin", "59", "2020-01"])
    assert done.exit_code == 2
    assert "No such command 'expalin'. Did you mean 'explain'?" in done.output


def test_what_checks_say_of_the_marts_is_in_the_summary_of_the_run_that_built_them(
    acv: Acv, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:1])
    assert "warning" not in acv.run().output
    fallen = steady_figures(contract, month_of(MONTHS[1])) | {"59": 25}
    deliver(landing, "anah", "2018-11-10", {MONTHS[1]: fallen})
    done = acv.run()
    assert done.exit_code == 0, done.output
    warning = "! warning decreases_explained: 2018-10\n      1 rows of decreases do not hold"
    assert warning in done.output
    deliver_trajectory(landing, contract, "anah", MONTHS[2:])
    assert "decreases_explained" not in acv.run().output, "it is not about this run's month"


# the program itself, with a library that warns when a command imports it
WARNS = """
import sys, warnings
from acv_pipeline.cli import main
def importing(name, load=main.import_module):
    warnings.warn("a library is old")
    return load(name)
main.import_module = importing
main.acv()
"""


def test_status_of_a_server_where_nothing_came_yet(tmp_path: Path, contract: Contract) -> None:
    acv = Acv(tmp_path / "home", tmp_path / "home" / "landing")
    acv.landing.mkdir(parents=True)
    assert "run 'acv run" in acv("status").output, "nobody looks"
    assert acv.run().exit_code == 0, "as the daemon does"
    said = acv("status")
    assert said.exit_code == 0, said.output
    assert f"awaited, as {acv.landing}/<source>/<YYYY-MM-DD>/<file>." in said.output
    deliver_trajectory(acv.landing, contract, "anah", ["2018-09"])
    said = acv("status")
    assert said.exit_code == 1 and "the first run is at work, or has failed" in said.output
    standstill.begin(Home(acv.home), "a server away", dt.datetime.now(dt.UTC))
    said = acv("status")
    assert said.exit_code == 1 and said.output == "What arrives is not taken in: a server away\n"


@pytest.mark.parametrize("asked_for", [False, True])
def test_warnings_of_libraries_are_for_who_asks_for_them(tmp_path: Path, asked_for: bool) -> None:
    environment = {name: v for name, v in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [sys.executable, "-c", WARNS, "status", "--home", str(tmp_path / "home")],
        env=environment | ({"PYTHONWARNINGS": "default"} if asked_for else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "holds no published figures yet" in done.stderr
    assert ("a library is old" in done.stderr) == asked_for


def test_replay_tells_verdicts_and_compares_with_labels(
    acv: Acv, landing: Path, contract: Contract, tmp_path: Path
) -> None:
    hold_november(landing, contract)
    plain = acv("replay", str(landing), "--source", "action_logement")
    assert plain.exit_code == 0
    assert "ACV held: 2018-11" in plain.output and "panel_department_missing" in plain.output
    result = acv("replay", str(landing), "--source", "action_logement", "--json")
    objects = json.loads(result.stdout)
    assert [(o["month"], o["verdict"]) for o in objects] == [
        ("2018-09-01", "accepted"), ("2018-10-01", "accepted"), ("2018-11-01", "held"),
    ]  # fmt: skip
    assert {"delivered_on", "indicator_id", "month", "verdict", "rules"} <= set(objects[0])
    # the same bytes under a later day are a release of that day, which changes nothing
    again = landing / "action_logement" / "2018-12-12"
    again.mkdir()
    shutil.copy(landing / "action_logement" / "2018-12-10" / "nov.csv", again)
    objects = json.loads(
        acv("replay", str(landing), "--source", "action_logement", "--json").stdout
    )
    assert [(o["delivered_on"], o["verdict"]) for o in objects[2:]] == [
        ("2018-12-10", "held"), ("2018-12-12", "unchanged"),
    ]  # fmt: skip
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "indicator,delivered,date,label\n"
        f"{ACV},2018-12-10,2018-11-30,MAJ\n{ACV},2018-10-10,2018-09-30,MAJ\n",
        encoding="utf-8",
    )
    compared = acv("replay", str(landing), "--source", "action_logement", "--labels", str(labels))
    assert compared.exit_code == 1
    assert "MAJ: 2 blocks, 1 held" in compared.output
    assert f"missed: MAJ {ACV} 2018-09" in compared.output


def test_the_real_release_gives_the_published_figures(
    acv: Acv, landing: Path, real_data: Path, contract: Contract
) -> None:
    """The release of 2021-12-21: sums of départements, ranks and increments as published."""
    (landing / "barometre").mkdir()
    (landing / "barometre" / "2021-12-21").symlink_to(
        (real_data / "barometre/2021-12-21").resolve()
    )
    published(Home(acv.home), contract, landing)
    of_release = f"indicator_id = '{ACV}' and series = 'published'"
    assert acv.query(
        "select strftime(month, '%Y-%m'), sum(cumulative_dwellings)::int from marts.series"
        f" where {of_release} group by 1 order by 1"
    ) == [
        ("2020-01", 31658), ("2021-01", 49497), ("2021-02", 49880), ("2021-03", 51529),
        ("2021-04", 52837), ("2021-05", 53965), ("2021-09", 59612),
    ]  # fmt: skip
    ranking = (
        "select department_code, rank_cumulative, cumulative_dwellings"
        f" from marts.department_rankings where {of_release} and month = '2021-05-01'"
    )
    assert acv.query(f"{ranking} and rank_cumulative <= 5 order by 2") == [
        ("62", 1, 2478), ("78", 2, 2349), ("59", 3, 2139), ("91", 4, 2130), ("26", 5, 1494),
    ]  # fmt: skip
    others = acv.query(f"{ranking} and department_code in ('01', '2A') order by 2")
    assert [row[:2] for row in others] == [("01", 36), ("2A", 79)]
    assert len(acv.query(ranking)) == 96
    increments = f"from marts.monthly_increments where {of_release}"
    assert acv.query(
        f"select increment, months_elapsed {increments}"
        " and month = '2021-09-01' and department_code = '91'"
    ) == [(1041, 4)]
    assert acv.query(
        f"select increment, is_decrease {increments}"
        " and month = '2021-02-01' and department_code = '77'"
    ) == [(-206, True)]
    assert acv.query(
        "select sum(cumulative_dwellings)::int from marts.series where series = 'published'"
        " and indicator_id = 'nb-logements-renoves-petites-villes' and month = '2021-11-01'"
    ) == [(14822,)]
    assert acv.query(
        "select count(*) from validated.row_accounts"
        " where received <> validated + quarantined + held + control + set_aside"
    ) == [(0,)]


# the program itself, which ends its process; who asks it to print the modules it loaded
PROGRAM = """
import atexit, sys
from acv_pipeline.cli.main import acv
atexit.register(lambda: print("dagster" in sys.modules, file=sys.stderr))
sys.argv[0] = "acv"
acv()
"""


def program(*arguments: object, stdout: int | IO[str] = subprocess.PIPE) -> tuple[int, str]:
    """Exit code, and the last line on stderr."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr.splitlines()[-1]


def test_a_run_with_nothing_to_do_does_not_wait_for_dagster(
    acv: Acv, landing: Path, contract: Contract
) -> None:
    asked = ("run", "--landing", landing, "--home", acv.home)
    deliver_trajectory(landing, contract, "anah", MONTHS[:1])
    assert program(*asked)[1] == "True"
    assert program(*asked)[1] == "False"


def test_nowhere_to_print_is_said_without_a_traceback(
    good: tuple[Acv, Result],
) -> None:
    with Path("/dev/full").open("w") as full:
        assert program("status", "--home", good[0].home, stdout=full)[0] == 2


class DagsterExecutionInterruptedError(BaseException):
    """As Dagster raises it instead of ``KeyboardInterrupt``; it is no ``Exception``."""


def interrupted_while_clearing_up() -> None:
    try:
        raise KeyboardInterrupt
    finally:
        raise duckdb.TransactionException("Current transaction is aborted")


def interrupted_in_a_run() -> None:
    raise DagsterExecutionInterruptedError


@pytest.mark.parametrize("how", [interrupted_while_clearing_up, interrupted_in_a_run])
def test_an_interruption_is_one_line(
    how: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, plain_errors():
        how()
    assert ended.value.code == 130
    assert capsys.readouterr().err == (
        "acv: interrupted: what is whole stays, the next run ends the work\n"
    )


def test_an_interruption_while_a_command_is_imported_is_one_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(module: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("acv_pipeline.cli.main.import_module", interrupted)
    ended = CliRunner().invoke(main, ["run"])
    assert ended.exit_code == 130
    assert ended.stderr == "acv: interrupted: what is whole stays, the next run ends the work\n"


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), plain_errors():
        raise ZeroDivisionError


def test_a_chain_of_errors_that_comes_back_to_itself_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__context__ = second, first
    with pytest.raises(ValueError, match="first"), plain_errors():
        raise first


def test_work_goes_on_when_nobody_looks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as nobody:
        monkeypatch.setattr(sys, "stderr", nobody)
        with Progress() as progress:
            progress.insist("reading")
        monkeypatch.undo()
        with suppress(BrokenPipeError):
            nobody.close()

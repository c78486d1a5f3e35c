"""A real home of each released version: taken over with all that it knew, and at work again.

``homes/`` has them; ``make_home`` makes the next one.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import multiprocessing
import os
import re
import signal
import tarfile
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner, Result
from packaging.version import Version

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.instance import instance, prepare
from acv_pipeline.sample_data import generate
from acv_pipeline.warehouse import fingerprints
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.migrations import PROGRAM, program_version
from acv_pipeline_tests.readme import README

HOMES = Path(__file__).with_name("homes")
VERSIONS = [file.name.removesuffix(".tar.xz") for file in sorted(HOMES.glob("*.tar.xz"))]
each_version = pytest.mark.parametrize("released", VERSIONS, indirect=True)
# about work that is due or done, not about figures; or, of sightings, when files were written
NOT_KEPT = {
    "raw.commits", "raw.fingerprints", "raw.lately_received", "raw.schema_version",
    "raw.sightings", "validated.due_months",
}  # fmt: skip
Tables = dict[str, tuple[list[str], set[tuple[object, ...]]]]


@pytest.fixture
def released(request: pytest.FixtureRequest, home: Home) -> str:
    """The version whose home lies in the place of ``home``."""
    with tarfile.open(HOMES / f"{request.param}.tar.xz") as archive:
        archive.extractall(home.root, filter="data")
    return str(request.param)


@each_version
def test_a_home_is_taken_over_with_all_it_knew_and_goes_on(
    home: Home, released: str, contract: Contract, tmp_path: Path
) -> None:
    then = tables_of(home.published)
    assert {"marts.series", "validated.signoffs", "validated.verdicts"} < set(then)
    releases = sha256_of(home.releases)
    kept = tmp_path / "kept.tar.gz"

    upgraded = acv("upgrade", home, "--backup", str(kept))

    assert upgraded.exit_code == 0, upgraded.output
    assert upgraded.output.splitlines()[:1] == [
        f"{home.root}: written by {released}, now by {program_version()}"
    ]
    before = Home(tmp_path / "before")
    assert acv("restore", before, str(kept)).exit_code == 0
    assert written_by(before) == released and tables_of(before.warehouse) == then
    assert written_by(home) == program_version()
    assert lost(then, tables_of(home.warehouse)) == {}
    held = acv("status", home)
    assert held.exit_code == 1
    assert "HELD nb-logement-accompagnement 2021-05 from action_logement" in held.output

    generate(
        home.root / "landing", contract=contract, first=dt.date(2021, 6, 1),
        last=dt.date(2021, 6, 1),
    )  # fmt: skip
    ran = acv("run", home)
    assert ran.exit_code == 1, ran.output  # May of one partner is held as it was
    for partner in ("Anah", "Action Logement"):
        assert re.search(rf"✓ {partner}, ACV: 1 month accepted \(2021-06\)", ran.output), ran.output
    now = tables_of(home.published)
    assert lost(then, now) == {}
    assert months_of(now) - months_of(then) == {dt.date(2021, 6, 1)}
    assert sha256_of(home.releases).items() >= releases.items()
    with instance(home) as dagster:
        assert len(dagster.get_run_records()) == 3
        on_record = dagster.get_materialized_partitions(dg.AssetKey("validated_dwellings"))
    assert {"2021-02-01", "2021-04-01", "2021-06-01"} <= on_record

    for department, month, words in (
        ("62", "2021-04", ["534", "recounted", "data unit"]),
        ("2A", "2021-04", ["73", "one dwelling forgotten"]),
        ("62", "2021-06", ["Anah_logements_2021-06"]),
    ):
        told = acv("explain", home, department, month, "--series", "anah")
        assert told.exit_code == 0, told.output
        assert [word for word in words if word not in told.output] == [], told.output
    assert "no city is left there" in acv("explain", home, "62", "2021-04").output


@each_version
@pytest.mark.parametrize("who", ["run", "tick"])
def test_whatever_opens_it_first_makes_the_backup_and_says_so(
    home: Home, released: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], who: str
) -> None:
    then = tables_of(home.published)

    said = acv("run", home).output if who == "run" else tick(home, capfd)

    now = program_version()
    (kept,) = tmp_path.glob(f"home.before-{now}-*.tar.gz")
    assert said.count("written by") == 1
    assert f"written by {released}, now taken over by {now}; kept as it was in {kept} (" in said
    assert written_by(home) == now and lost(then, tables_of(home.warehouse)) == {}
    before = Home(tmp_path / "before")
    assert acv("restore", before, str(kept)).exit_code == 0
    assert written_by(before) == released and tables_of(before.warehouse) == then
    assert "written by" not in acv("run", home).output
    upgraded = acv("upgrade", home)
    nothing, as_it_was = upgraded.output.splitlines()
    assert nothing == f"{home.root}: version {now} wrote it, nothing to do"
    assert as_it_was.startswith(f"As it was before {now}: {kept} (")
    assert list(tmp_path.glob("*.tar.gz")) == [kept]


def test_the_backup_has_the_settings_of_a_server_as_they_were(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which 0.1.0, put back with it, has to understand."""
    with tarfile.open(HOMES / "0.1.0.tar.xz") as archive:
        archive.extractall(home.root, filter="data")
    settings = home.dagster / "dagster.yaml"
    was = "storage:\n  postgres:\n    postgres_url:\n      env: ACV_STORAGE_URL\n"
    settings.write_text(was, encoding="utf-8")
    monkeypatch.setenv("ACV_STORAGE_URL", "postgresql+psycopg2://acv@127.0.0.1/dagster")
    prepare(home)
    assert "PostgresRecord" in settings.read_text(encoding="utf-8")
    (kept,) = tmp_path.glob("*.tar.gz")
    assert acv("restore", Home(tmp_path / "before"), str(kept)).exit_code == 0
    assert (tmp_path / "before/dagster/dagster.yaml").read_text(encoding="utf-8") == was


@each_version
def test_without_room_for_the_backup_it_is_left_as_it_is(
    home: Home, released: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    long = Home(home.root.rename(tmp_path / ("h" * 230)))  # the backup's name would be too long
    was = long.warehouse.read_bytes()
    ran = acv("run", long)
    assert ran.exit_code == 2 and ran.output.count("\n") == 1, ran.output
    said = f"written by {released}, and taken over by {program_version()} only after a backup"
    for told in (ran.output, tick(long, capfd)):
        assert said in told and "(File name too long)" in told, told
        assert f"with 'acv upgrade --backup FILE --home {long.root}'" in told
    assert long.warehouse.read_bytes() == was
    assert acv("upgrade", long, "--backup", str(tmp_path / "kept.tar.gz")).exit_code == 0
    assert acv("run", long).exit_code == 1


def tick(home: Home, capfd: pytest.CaptureFixture[str]) -> str:
    """What a look of the daemon at the landing zone says, or why it does nothing."""
    sensor = build_definitions(Pipeline.configured(home)).resolve_sensor_def("arrivals")
    with instance(home) as dagster, dg.build_sensor_context(instance=dagster) as context:
        skipped = sensor.evaluate_tick(context).skip_message
    return f"{skipped} {capfd.readouterr().err}"


@each_version
@pytest.mark.parametrize("at", ["packing", "migrating", "dagster"])
def test_an_upgrade_that_is_killed_is_made_up_for(
    home: Home, released: str, tmp_path: Path, at: str
) -> None:
    then = tables_of(home.published)
    killed = multiprocessing.get_context("fork").Process(target=upgrade_dying, args=(home, at))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    upgraded = acv("upgrade", home)
    assert upgraded.exit_code == 0, upgraded.output
    assert ("nothing to do" in upgraded.output) == (at == "dagster")
    assert lost(then, tables_of(home.warehouse)) == {}
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()
    kept = sorted(tmp_path.glob("*.tar.gz"))
    assert f"As it was before {program_version()}: {kept[-1]} (" in upgraded.output
    before = Home(tmp_path / "before")
    assert acv("restore", before, str(kept[-1])).exit_code == 0
    assert written_by(before) == released


def upgrade_dying(home: Home, at: str) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        place = {
            "packing": "tarfile.open",
            "migrating": "acv_pipeline.warehouse.connection.create_tables",
            "dagster": "acv_pipeline.cli.upgrading._upgrade_dagster",
        }
        patch.setattr(place[at], die)
        acv("upgrade", home)


@each_version
def test_an_upgrade_that_fails_names_the_backup(
    home: Home, released: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("acv_pipeline.cli.upgrading._upgrade_dagster", full)
    failed = acv("upgrade", home)
    (kept,) = tmp_path.glob("*.tar.gz")
    assert failed.exit_code == 2 and "no space left" in failed.output
    assert f"The home as it was is kept in {kept}" in failed.output, failed.output


def test_a_figure_that_is_lost_would_be_seen(tmp_path: Path) -> None:
    for name, rows in (("then", "(1, 2), (3, 4)"), ("now", "(3, 4), (5, 6)")):
        with duckdb.connect(str(tmp_path / name)) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.series as from (values {rows}) t(month, value)")
            if name == "now":
                connection.execute("alter table marts.series add added integer")
    then, now = (tables_of(tmp_path / name) for name in ("then", "now"))
    assert lost(then, now) == {"marts.series": {(1, 2)}}
    assert lost(then, {}) == {"marts.series": {(1, 2), (3, 4)}}


def test_every_released_version_has_its_home() -> None:
    """The next one is due before the version is raised."""
    changes = (README.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert released[0] == program_version()
    assert sorted(released, key=Version, reverse=True) == released
    assert {*released[1:]} <= {*VERSIONS} <= {*released}


def acv(command: str, home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, [command, *arguments, "--home", str(home.root)])


def written_by(home: Home) -> str | None:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return fingerprints(connection).get(PROGRAM)


def tables_of(file: Path) -> Tables:
    """Columns and rows of each table and view that says something of the figures."""
    with duckdb.connect(str(file), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('raw', 'validated', 'marts')"
        ).fetchall()
        found = {}
        for (name,) in names:
            if name not in NOT_KEPT:
                read = connection.execute(f"from {name}")
                rows = {tuple(map(_hashable, row)) for row in read.fetchall()}
                found[name] = ([column[0] for column in read.description], rows)
    return found


def _hashable(cell: object) -> object:
    return repr(cell) if isinstance(cell, (list, dict)) else cell


def lost(then: Tables, now: Tables) -> dict[str, set[tuple[object, ...]]]:
    """By table, the rows of then that are not there any more.

    Columns may have been added, and a check may have been asked again, with the same answer.
    """
    missing = {}
    for table, (columns, rows) in then.items():
        columns_now, rows_now = now.get(table, (columns, set()))
        compared = [column for column in columns if column != "evaluated_at"]
        if gone := of_columns(rows, columns, compared) - of_columns(
            rows_now, columns_now, compared
        ):
            missing[table] = gone
    return missing


def of_columns(
    rows: set[tuple[object, ...]], columns: list[str], chosen: list[str]
) -> set[tuple[object, ...]]:
    places = [columns.index(column) for column in chosen]
    return {tuple(row[place] for place in places) for row in rows}


def months_of(tables: Tables) -> set[object]:
    columns, rows = tables["marts.series"]
    place = columns.index("month")
    return {row[place] for row in rows}


def sha256_of(folder: Path) -> dict[str, str]:
    """Of every file below, but for links."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "latest" not in path.relative_to(folder).parts
    }

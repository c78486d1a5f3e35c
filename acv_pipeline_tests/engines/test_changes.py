"""What changes between two runs changes the same on both engines.

The tasks are done here, one after the other: nothing of Spark is in question.
"""

from __future__ import annotations

import datetime as dt
import pickle
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import shift
from acv_pipeline.engines import cluster, families, family
from acv_pipeline.engines.duckdb import DuckDb
from acv_pipeline.engines.families import Families
from acv_pipeline.engines.spark import SHARED, Spark
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.ledger import months_on_record
from acv_pipeline.ledger.lateness import late_months
from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline.quality.evaluation import evaluate
from acv_pipeline.quality.table_checks import checks as table_checks
from acv_pipeline.warehouse import (
    DamagedError,
    WarehouseError,
    figures_moved,
    open_warehouse,
    read_published,
    transaction,
)
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.engines.homes import (
    FIRST,
    Said,
    contents,
    differences,
    figures,
    many_families,
    programmes,
    run,
    send,
)

SPARK = Spark("nowhere")
MONTHS = [FIRST, shift(FIRST, 1)]


def done_here(master: str, job: Any, work: Any, items: Sequence[Any], log: object) -> list[Any]:
    job = pickle.loads(pickle.dumps(job))
    return [work(job, pickle.loads(pickle.dumps(item)), "here") for item in items]


@pytest.fixture(autouse=True)
def tasks_are_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "run", done_here)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return many_families(tmp_path_factory.mktemp("contract"), 3)


@pytest.fixture
def landing(tmp_path: Path, contract: Contract) -> Path:
    for source in ("anah", "action_logement"):
        send(tmp_path / "landing", contract, source, MONTHS, programmes(contract))
    return tmp_path / "landing"


class Past:
    """A run of each engine in a place of its own: a home of Spark says where its files lie."""

    def __init__(self, place: Path, contract: Contract) -> None:
        self.place, self.landing = place, place / "landing"
        for source in ("anah", "action_logement"):
            send(self.landing, contract, source, MONTHS, programmes(contract))
        self.said = both(place, self.landing, contract)
        shutil.copytree(place, self._kept)

    @property
    def _kept(self) -> Path:
        return self.place.with_name("kept")

    def again(self) -> None:
        shutil.rmtree(self.place)
        shutil.copytree(self._kept, self.place)


@pytest.fixture(scope="module")
def once(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Past:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "run", done_here)
        return Past(tmp_path_factory.mktemp("past") / "homes", contract)


@pytest.fixture
def past(once: Past) -> Past:
    """Homes of both engines, and their landing zone, after a run of two months."""
    once.again()
    return once


def homes(tmp_path: Path) -> list[Home]:
    return [Home(tmp_path / "duckdb"), Home(tmp_path / "spark")]


def both(tmp_path: Path, landing: Path, contract: Contract) -> tuple[Said, Said]:
    one, other = homes(tmp_path)
    return run(one, landing, contract, DuckDb()), run(other, landing, contract, SPARK)


def told(contract: Contract, **changed: dict[str, Any]) -> Contract:
    """The contract with entries of indicators changed."""
    entries = {
        name: entry.model_copy(update=changed.get(name.replace("-", "_"), {}))
        for name, entry in contract.indicators.items()
    }
    return contract.model_copy(update={"indicators": entries})


def test_an_explanation_is_in_the_marts_of_the_next_run(
    tmp_path: Path, contract: Contract, landing: Path
) -> None:
    name = programmes(contract)[2]
    lower = str(figures(contract, name, "anah", MONTHS[1])["33"] - 3)
    much_lower = str(figures(contract, name, "anah", MONTHS[1])["44"] // 2)
    send(
        landing, contract, "anah", [MONTHS[1]], [name], day=dt.date(2021, 4, 20),
        name="Programme.csv", changed={(name, MONTHS[1], "33"): lower},
    )  # fmt: skip
    send(
        landing, contract, "anah", [shift(FIRST, 2)], [name], name="Programme suite.csv",
        changed={(name, shift(FIRST, 2), "44"): much_lower},
    )  # fmt: skip
    assert not differences(*both(tmp_path, landing, contract))
    for home in homes(tmp_path):
        with open_warehouse(home, contract) as connection, transaction(connection):
            connection.execute(
                """
                insert into validated.explanations by name
                select indicator_id, series as source, month, department_code, increment,
                    'role' as said_by, 'counted twice before' as reason,
                    timestamp '2021-05-01' as said_at
                from marts.decreases where series = 'anah'
                """
            )
            figures_moved(connection)
    one, spark = rebuilt(tmp_path, landing, contract)
    assert one["marts.decreases"] == spark["marts.decreases"]
    assert "counted twice before" in str(spark["marts.decreases"])


def rebuilt(
    tmp_path: Path, landing: Path, contract: Contract
) -> list[dict[str, list[tuple[Any, ...]]]]:
    """What is there after each engine built all marts that it takes to be due."""
    left = []
    for home, engine in zip(homes(tmp_path), (DuckDb(), SPARK), strict=True):
        pipeline = Pipeline(home, landing, contract, Project.load(), engine=engine.at(home))
        with pipeline.warehouse() as connection:
            Turn(pipeline, connection, print).build([*pipeline.project.models])
            left.append(contents(connection))
    return left


def test_indicators_that_become_sisters_keep_all_their_months(
    past: Past, contract: Contract
) -> None:
    assert not differences(*past.said)
    linked = told(contract, programme_003={"sister": "programme-001"})
    assert len(linked.families()) == len(contract.families()) - 1
    left = []
    for home, engine in zip(homes(past.place), (DuckDb(), SPARK), strict=True):
        pipeline = Pipeline(home, past.landing, linked, Project.load(), engine=engine.at(home))
        with pipeline.warehouse() as connection:
            turn = Turn(pipeline, connection, print)
            turn.judge([MONTHS[1]])
            turn.build([*pipeline.project.models])
            left.append(contents(connection))
    assert left[0]["validated.observations"] == left[1]["validated.observations"]
    assert left[0]["marts.series"] == left[1]["marts.series"]
    assert {row[2] for row in left[1]["marts.series"]} == set(MONTHS)


def test_a_family_that_goes_and_comes_back_is_there(past: Past, contract: Contract) -> None:
    linked = told(contract, programme_003={"sister": "programme-001"})
    assert not differences(*both(past.place, past.landing, linked))
    again = both(past.place, past.landing, contract)
    assert not differences(*again)
    assert again[1].tables["marts.series"] == past.said[1].tables["marts.series"]


def test_a_correction_of_what_was_never_delivered_is_told(past: Past, contract: Contract) -> None:
    for home in homes(past.place):
        home.corrections.write_text(
            "- {source: anah, indicator: PVD, month: 2021-02, department: '33', delivered: 5,"
            " corrected: 6, reason: seen on the spot, by: head of unit, date: 2021-04-20}\n",
            encoding="utf-8",
        )
    one, spark = both(past.place, past.landing, contract)
    assert not differences(one, spark)
    assert any(check == "corrections_still_match" and not ok for _, check, _, ok, *_ in one.checks)


def test_another_program_judges_all_again(
    past: Past, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = homes(past.place)[1]
    with open_warehouse(home, contract) as connection:
        assert Families(connection, contract, Project.load()).to_judge() == []
    monkeypatch.setattr(families, "code_of", lambda contract, project: "another")
    with open_warehouse(home, contract) as connection:
        assert len(Families(connection, contract, Project.load()).to_judge()) == 2
    monkeypatch.undo()
    family._of_package.cache_clear()
    monkeypatch.setattr(family, "PACKAGE", tmp_path)
    (tmp_path / "module.py").write_text("changed = True\n")
    with open_warehouse(home, contract) as connection:
        assert len(Families(connection, contract, Project.load()).to_judge()) == 2
    family._of_package.cache_clear()


def test_an_indicator_that_the_contract_drops_stops_nothing(
    tmp_path: Path, contract: Contract, landing: Path
) -> None:
    name = programmes(contract)[2]
    third, fourth = shift(FIRST, 2), shift(FIRST, 3)
    archived = [
        send(landing, contract, "anah", [third], [name], name="Programme.csv"),
        send(landing, contract, "anah", [fourth], programmes(contract), states=(0, 0)),
    ]
    assert not differences(*both(tmp_path, landing, contract))
    for file in archived:  # nobody reads it again
        file.unlink()
    kept = {key: entry for key, entry in contract.indicators.items() if key != name}
    dropped = contract.model_copy(update={"indicators": kept})
    one, spark = both(tmp_path, landing, dropped)
    assert not differences(one, spark)


def test_a_place_may_be_called_whatever_it_is(
    tmp_path: Path, contract: Contract, past: Past
) -> None:
    """With what SQL would take for the end of a text, and Parquet for values of columns."""
    home = Home(tmp_path / "l'ailleurs" / "source=acv" / "month=2021-03-01")
    assert not differences(past.said[0], run(home, past.landing, contract, SPARK))


def test_a_mart_across_indicators_is_refused(
    tmp_path: Path, contract: Contract, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.load()
    model = project.models["series"]
    columns = tuple(column for column in model.columns if column.name != "indicator_id")
    across = replace(project, models={**project.models, "series": replace(model, columns=columns)})
    monkeypatch.setattr(Project, "load", lambda: across)
    with pytest.raises(SqlProjectError, match="series: no column indicator_id"):
        run(Home(tmp_path / "spark"), landing, contract, SPARK)


def test_publishing_by_itself_checks_what_nobody_checked(past: Past, contract: Contract) -> None:
    home = homes(past.place)[1]
    home.published.unlink()
    send(past.landing, contract, "anah", [shift(FIRST, 2)], programmes(contract))
    pipeline = Pipeline(home, past.landing, contract, Project.load(), engine=SPARK.at(home))
    with pipeline.warehouse() as connection:
        turn = Turn(pipeline, connection, print)
        assert turn.receive(["anah"]).new
        turn.publish(home.published)
    with read_published(home) as copy:
        ((months,),) = copy.execute("select count(distinct month) from marts.series").fetchall()
    assert months == len(MONTHS)


def test_a_version_that_knows_more_columns_shows_them(past: Past, contract: Contract) -> None:
    warehouse = homes(past.place)[1].warehouse
    with duckdb.connect(str(warehouse)) as connection:  # as one before left it
        ((shown,),) = connection.execute(
            "select sql from duckdb_views() where schema_name = 'raw' and view_name = 'tidy_rows'"
        ).fetchall()
        fewer = f"select * exclude (fate) from ({shown.partition(' AS ')[2].rstrip(';')})"
        connection.execute(f"create or replace view raw.tidy_rows as {fewer}")
        connection.execute("update raw.fingerprints set fingerprint = '' where what = 'tables'")
    send(past.landing, contract, "anah", [shift(FIRST, 2)], programmes(contract))
    assert not differences(*both(past.place, past.landing, contract))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("s4://bucket/x", "Protocol not known: s4"),
        ("/etc/hostname/x", "Not a directory"),
        ("ftp://127.0.0.1:9/x", "refused"),
    ],
)
def test_a_place_that_cannot_be_used_is_named(
    tmp_path: Path, contract: Contract, landing: Path, address: str, told: str
) -> None:
    with pytest.raises(WarehouseError, match=f"{address}.*cannot be used .*{told}.*ACV_WAREH"):
        run(Home(tmp_path / "spark"), landing, contract, Spark("nowhere", address))


def test_a_file_that_was_cut_is_named_and_the_warehouse_is_not_taken_for_damaged(
    past: Past,
) -> None:
    home = homes(past.place)[1]
    file = next((home.root / "tables").rglob("marts.series/*"))
    for content in (b"", file.read_bytes()[:-100]):
        file.write_bytes(content)
        with (
            pytest.raises(WarehouseError, match=r"cannot be read \(.*ACV_WAREHOUSE") as raised,
            read_published(home) as copy,
        ):
            copy.execute("select * from marts.series").fetchall()
        assert not isinstance(raised.value, DamagedError)


def test_whatever_the_models_read_is_handed_to_tasks() -> None:
    read = {source for model in Project.load().models.values() for source in model.sources}
    own = {*family.RAW, *family.JUDGED, "validated.dwellings"}
    assert {table for table in read - own if not table.startswith("contract.")} <= {*SHARED}


def test_what_is_asked_of_a_month_opens_no_file_of_others(
    tmp_path: Path, contract: Contract, landing: Path
) -> None:
    home, third = Home(tmp_path / "spark"), shift(FIRST, 2)
    send(landing, contract, "anah", [third], programmes(contract))
    run(home, landing, contract, SPARK)
    with read_published(home) as copy:
        for (path,) in copy.execute(
            "select path from engine.parts"
            " where table_name in ('raw.tidy_rows', 'raw.extract_rows')"
            " and part in (select delivery_id from raw.row_counts where month = ?)",
            [FIRST],
        ).fetchall():
            Path(path).unlink()
    checks = [check for check in table_checks(contract) if check.asset == "anah_extract"]
    with read_published(home) as copy:
        found = evaluate(copy, contract, checks, [third])
        assert {result.checked for result in found} - {0} and all(r.passed for r in found)
        assert months_on_record.on_record(copy, contract) == {*MONTHS, third}
        assert not late_months(copy, contract, third)
    with pytest.raises(WarehouseError, match="No files found"), read_published(home) as copy:
        evaluate(copy, contract, checks, [FIRST])

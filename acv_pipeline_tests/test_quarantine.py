"""Quarantined rows go back to the partner in a harmless spreadsheet, and are released by theirs."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.operations.quarantine import ABOUT, harmless
from acv_pipeline.operations.status import status
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.deliveries import deliver, steady_figures

MONTH = "2018-09"


def quarantined(home: Home, landing: Path, contract: Contract) -> Pipeline:
    """Anah's September with four rows that nobody can use, Action Logement's with one."""
    figures: dict[str, int | str] = {**steady_figures(contract, month_of(MONTH))}
    figures |= {"59": "=1+1", "62": "-5", "2A": "nd"}
    deliver(landing, "anah", "2018-10-10", {MONTH: figures}, name="=anah.csv")
    other: dict[str, int | str] = {
        **steady_figures(contract, month_of(MONTH), source="action_logement")
    }
    path = deliver(landing, "action_logement", "2018-10-11", {MONTH: other | {"59": "12.5"}})
    path.write_text(path.read_text(encoding="utf-8").replace("code_departement", "dept"))
    pipeline = Pipeline.configured(home, landing)
    process(pipeline)
    return pipeline


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Pipeline:
    """The same for tests that only ask."""
    folder = tmp_path_factory.mktemp("quarantined")
    (folder / "landing").mkdir()
    return quarantined(Home(folder / "home"), folder / "landing", contract)


def process(pipeline: Pipeline) -> None:
    warehouses.run(pipeline, [month_of(MONTH)])


def acv(pipeline: Pipeline, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["quarantine", *arguments, "--home", str(pipeline.home.root)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def table(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))  # type: ignore[arg-type]
    header, *rows = openpyxl.load_workbook(path)["quarantaine"].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_row_with_its_reason_beside_it(pipeline: Pipeline, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"back.{kind}"
    code, said = acv(pipeline, "--export", str(path))
    assert code == 0 and "4 rows in quarantine" in said
    rows = table(path)
    assert [row["code"] for row in rows] == [
        "no_figure_not_available", "not_a_number", "negative", "non_integer",
    ]  # fmt: skip
    formula, negative, other = rows[1], rows[2], rows[3]
    assert list(formula)[:7] == list(ABOUT)
    assert list(formula)[7:] == ["code_departement", "mois", "logements_cumules", "dept"]
    assert formula["fichier / file"] == "'=anah.csv", "a name is a text from outside too"
    assert formula["logements_cumules"] == "'=1+1"
    assert formula["motif"] and formula["reason"] and formula["motif"] != formula["reason"]
    assert int(str(formula["ligne / row"])) > 1
    assert str(negative["logements_cumules"]) == "-5", "a number stays one"
    assert isinstance(negative["logements_cumules"], int) == (kind == "xlsx")
    assert other["dept"] in (59, "59") and not other["code_departement"]


def test_of_one_source_or_delivery_or_none(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "back.csv"
    assert acv(pipeline, "--export", str(path), "--source", "action_logement")[0] == 0
    assert [row["code"] for row in table(path)] == ["non_integer"]
    with read_published(pipeline.home) as connection:
        ((sha,),) = connection.execute(
            "select delivery_id from raw.deliveries where source = 'anah'"
        ).fetchall()
    assert acv(pipeline, "--export", str(path), "--delivery", sha[:10].upper())[0] == 0
    assert len(table(path)) == 3
    path.unlink()
    code, said = acv(pipeline, "--export", str(path), "--source", "barometre")
    assert code == 0 and "nothing was written" in said and not path.exists()


def test_on_the_screen_without_a_spreadsheet(pipeline: Pipeline) -> None:
    code, said = acv(pipeline)
    assert code == 0
    lines = said.splitlines()
    assert [line for line in lines if "received" in line] == [
        "=anah.csv, received 2018-10-10", "ACV_2018-09_2018-09.csv, received 2018-10-11",
    ]  # fmt: skip
    row = lines.index("  row 60: code_departement 59 | mois 2018-09-30 | logements_cumules =1+1")
    assert lines[row + 1].startswith("      “=1+1” is no number we understand")
    assert "  row 60: mois 2018-09-30 | logements_cumules 12.5 | dept 59" in lines
    assert lines[-1] == "4 rows in quarantine; --export FILE writes them."
    one = acv(pipeline, "--source", "action_logement")[1]
    assert "12.5" in one and "=1+1" not in one and "1 row in quarantine" in one
    assert acv(pipeline, "--source", "barometre") == (0, "No such row is in quarantine.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["back.pdf"], "must end in .xlsx or .csv"),
        (["back.csv", "--source", "insee"], "unknown source 'insee': known are anah"),
        (["back.csv", "--source", "anha"], "unknown source 'anha': anah? Known are anah"),
        (["back.csv", "--delivery", "xyz"], "'xyz' is the beginning of no delivery"),
        (["back.csv", "--delivery", ""], "'' is the beginning of 2 deliveries"),
        (["nowhere/back.csv"], "cannot write nowhere/back.csv: No such file"),
    ],
)
def test_wrong_use_is_one_line(
    pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = acv(pipeline, "--export", *arguments)
    assert code == 2 and said in output and output.count("\n") == 1


def test_what_a_spreadsheet_would_run() -> None:
    for text in ("=1", "+33", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-cmd"):
        assert harmless(text) == f"'{text}"
    for text in ("1", "-1", "-1,5", "01", "", "Ain", "1=1"):
        assert harmless(text) == text


def test_a_corrected_delivery_releases_the_rows_whose_figures_it_brings(
    home: Home, landing: Path, contract: Contract, tmp_path: Path
) -> None:
    pipeline = quarantined(home, landing, contract)
    figures: dict[str, int | str] = {**steady_figures(contract, month_of(MONTH)), "2A": "nd"}
    deliver(landing, "anah", "2018-10-20", {MONTH: figures}, name="again.csv")
    process(pipeline)
    with read_published(pipeline.home) as connection:
        released = dict(
            connection.execute(
                "select department_code, deliveries.file_name from validated.quarantined_rows"
                " left join raw.deliveries as deliveries"
                " on deliveries.delivery_id = released_by"
                " join raw.deliveries as first on first.delivery_id = quarantined_rows.delivery_id"
                " where first.file_name = '=anah.csv'"
            ).fetchall()
        )
        waiting = {rows.file_name for rows in status(connection, contract).quarantined}
    assert released == {"59": "again.csv", "62": "again.csv", "2A": None}
    assert "again.csv" in waiting
    path = tmp_path / "back.csv"
    assert acv(pipeline, "--export", str(path), "--source", "anah")[0] == 0
    assert [(r["fichier / file"], r["code_departement"]) for r in table(path)] == [
        ("'=anah.csv", "2A"), ("again.csv", "2A"),
    ]  # fmt: skip

"""``acv explain`` as typed: exit codes, text, JSON, reasons put on record, time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.explain.conftest import fill


def acv(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments, "--home", str(home.root)])


def test_the_answer_can_be_pasted_into_a_mail(known: Home) -> None:
    done = acv(known, "Pas-de-Calais", "2020-01")
    assert done.exit_code == 0, done.output
    for words in (
        "Pas-de-Calais (62), ACV, 2020-01, series total",
        "of 96",
        "Anah: 179, in force since 2020-04-20",
        "correction.csv",
        "row 63",
        "33 of 33 rules hold",
        "360  2020-02-10 to 2020-04-20",
    ):
        assert words in done.output
    assert max(len(line) for line in done.output.splitlines()) < 160


def test_no_figure_exits_1_and_says_why(known: Home) -> None:
    done = acv(known, "08", "2020-03")
    assert done.exit_code == 1
    assert "No figure in force." in done.output and "“douze” is no number" in done.output
    held = acv(known, "62", "2020-04")
    assert held.exit_code == 1
    assert "panel_department_missing" in held.output and "acv signoff " in held.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["999", "2020-01"], "unknown département '999'"),
        (["62", "2020-01", "--series", "nobody"], "unknown ACV series 'nobody'"),
        (["62", "2020-01", "--indicator", "XYZ"], "unknown indicator 'XYZ'"),
        (["62", "2020-01", "--say", "x"], "a reason and a name are needed"),
        (["62", "2020-01", "--say", "x", "--by", "y"], "no figure fell"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    known: Home, arguments: list[str], words: str
) -> None:
    done = acv(known, *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_wrong_dates_and_an_empty_home_are_wrong_use(known: Home, home: Home) -> None:
    assert acv(known, "62", "janvier").exit_code == 2
    assert acv(known, "62", "2020-01", "--as-of", "hier").exit_code == 2
    nothing = acv(home, "62", "2020-01")
    assert nothing.exit_code == 2 and "holds no published figures yet" in nothing.output


SHAPE = {
    "": "department_code department_name indicator_id indicator series month as_of value increment"
    " is_break what_changed rank rank_change share_of_national dwellings_per_10k_inhabitants"
    " believed parts absences rules",
    "increment": "value previous_month months_elapsed rank why reason",
    "rank": "place of tied_with",
    "believed": "value since until",
    "parts": "source label value since received correction history judgements held absence",
    "parts.received": "delivery_id file_name delivered_on row_number sheet sheet_row sheet_column"
    " header cells",
    "parts.history": "value since until delivery_id file_name delivered_on is_corrected change"
    " ended_by",
    "parts.judgements": "delivery_id file_name delivered_on verdict value findings signed_off_by"
    " signed_off_reason signed_off_on",
    "absences": "code reason",
}


def test_the_json_keeps_its_shape(known: Home) -> None:
    """Programs read it: names may be added, never renamed or taken away."""
    found = json.loads(acv(known, "62", "2020-02", "--json").output)
    found["absences"] = json.loads(acv(known, "08", "2020-03", "--json").output)["absences"]
    for path, names in SHAPE.items():
        entry = found
        for step in filter(None, path.split(".")):
            entry = entry[step]
            entry = entry[0] if isinstance(entry, list) else entry
        assert list(entry) == names.split(), path
    assert found["month"] == "2020-02-01"
    assert isinstance(found["value"], int) and isinstance(found["share_of_national"], float)


def test_a_reason_that_somebody_gives_stays_on_record(
    home: Home, landing: Path, contract: Contract
) -> None:
    fill(landing, contract)
    pipeline = Pipeline.configured(home, landing)
    warehouses.run(pipeline, pipeline.receive_due()[0])
    asked = ["62", "2020-03", "--series", "anah"]
    before = acv(home, *asked)
    assert "Why it fell is unexplained." in before.output
    assert '--series anah --say "…" --by "…"' in before.output
    said = acv(home, *asked, "--say", "twice in February", "--by", "statistics unit")
    assert said.exit_code == 0, said.output
    assert "Anah, ACV 2020-03, département 62: -7, explained by statistics unit" in said.output
    due, _ = pipeline.receive_due()
    assert due == [month_of("2020-03")], "the next run shows it"
    warehouses.run(pipeline, due)
    after = acv(home, *asked)
    assert "Why it fell (said): twice in February (statistics unit)" in after.output
    with read_published(home) as connection:
        assert connection.execute("select explanation from marts.decreases").fetchall() == [
            ("said",)
        ]


def test_it_waits_for_no_heavy_library(known: Home) -> None:
    code = (
        "import sys, click.testing, acv_pipeline.cli.main as cli\n"
        "done = click.testing.CliRunner().invoke(cli.main, sys.argv[1:])\n"
        "assert done.exit_code == 0, done.output\n"
        "print([n for n in ('dagster', 'pandas', 'great_expectations', 'sqlglot')"
        " if n in sys.modules])\n"
    )
    arguments = ["explain", "62", "2020-01", "--as-of", "2020-04-20", "--home", str(known.root)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""Every layout speaks the contract's language and says that its data are synthetic."""

import datetime as dt

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.sample_data.courses import ACV, PVD
from acv_pipeline.sample_data.layouts import (
    ERAS,
    SEVERAL_MONTHS,
    SYNTHETIC,
    Layout,
    file_stem,
    programme,
    rows_of,
)
from acv_pipeline.tidying.texts import compact

LAYOUTS = [(source, layout) for source, eras in ERAS.items() for layout in eras.values()]
LAYOUTS += list(SEVERAL_MONTHS.items())
MEANINGS = {
    "code": "department_code",
    "name": "department_name",
    "programme": "indicator",
    "month": "month",
    "cumulative": "cumulative",
    "comment": "ignored",
}


def figures(*months: str, indicators: tuple[str, ...] = (ACV,)) -> pd.DataFrame:
    rows = [
        (indicator, pd.Timestamp(f"{month}-01"), code, count)
        for indicator in indicators
        for month in months
        for code, count in (("01", 12), ("2A", 5), ("971", 1234))
    ]
    names = ["indicator_id", "month", "department_code", "cumulative_dwellings"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(("source", "layout"), LAYOUTS)
def test_every_header_means_what_stands_below_it(
    source: str, layout: Layout, contract: Contract
) -> None:
    names = contract.headers_of(source)
    for header, meaning in layout.columns:
        knowing = [key for key in names if compact(header) in map(compact, names[key])]
        assert knowing == [MEANINGS[meaning]], header


@pytest.mark.parametrize(("source", "layout"), LAYOUTS)
def test_every_file_name_says_it_is_synthetic(
    source: str, layout: Layout, contract: Contract
) -> None:
    assert FILE_MARK in file_stem(layout, figures("2021-03"), source, contract)


def test_the_rows_say_it_too_unless_the_layout_has_no_room(contract: Contract) -> None:
    silent = []
    for source, layout in LAYOUTS:
        rows = rows_of(layout, figures("2021-03"), source, contract)
        cells = {str(cell) for row in rows for cell in row}
        if not cells & {SYNTHETIC, "donnée synthétique"}:
            silent.append((source, layout.delimiter, bool(layout.title)))
    assert silent == [("anah", ",", False), ("action_logement", ",", False)]


def test_the_layouts_differ_in_everything_the_reader_must_cope_with() -> None:
    layouts = [layout for _, layout in LAYOUTS]
    assert {layout.delimiter for layout in layouts} == {",", ";"}
    assert {layout.encoding for layout in layouts} == {"utf-8", "utf-8-sig", "cp1252"}
    assert {layout.month_style for layout in layouts} == {"iso", "french_day", "french_words"}
    assert {layout.total_in for layout in layouts} == {None, "code", "name"}
    for seen in (
        {layout.bare_codes for layout in layouts},
        {layout.sidecar for layout in layouts},
        {bool(layout.title) for layout in layouts},
        {any(meaning == "month" for _, meaning in layout.columns) for layout in layouts},
    ):
        assert seen == {True, False}


def test_a_layout_without_a_month_column_has_the_month_in_the_file_name(contract: Contract) -> None:
    for source, layout in LAYOUTS:
        if all(meaning != "month" for _, meaning in layout.columns):
            assert "2021-03" in file_stem(layout, figures("2021-03"), source, contract)


def test_cells_follow_the_layout(contract: Contract) -> None:
    layout = Layout(
        columns=(
            ("Dep", "code"),
            ("Nom", "name"),
            ("Date", "month"),
            ("Programme", "programme"),
            ("Cumul", "cumulative"),
        ),
        file_name="{programme} {words} {iso}",
        title=("{label}", "{programme}"),
        month_style="french_words",
        bare_codes=True,
        total_in="name",
    )
    assert rows_of(layout, figures("2021-02"), "anah", contract) == [
        ["Anah", "", "", "", ""],
        ["Action cœur de ville", "", "", "", ""],
        ["Dep", "Nom", "Date", "Programme", "Cumul"],
        [1, "Ain", "février 2021", "Action cœur de ville", 12],
        ["2A", "Corse-du-Sud", "février 2021", "Action cœur de ville", 5],
        [971, "Guadeloupe", "février 2021", "Action cœur de ville", 1234],
        ["", "Total", "", "", 1251],
    ]
    assert file_stem(layout, figures("2021-02"), "anah", contract) == "ACV fevrier 2021 2021-02"


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("iso", dt.date(2020, 2, 29)),
        ("french_day", "29/02/2020"),
        ("french_words", "février 2020"),
    ],
)
def test_months_are_written_in_the_layouts_style(
    style: str, text: object, contract: Contract
) -> None:
    layout = Layout((("mois", "month"),), "x", month_style=style)  # type: ignore[arg-type]
    assert rows_of(layout, figures("2020-02"), "anah", contract)[1] == [text]


def test_only_a_single_month_and_indicator_has_a_total_row(contract: Contract) -> None:
    layout = Layout((("dep", "code"), ("cumul", "cumulative")), "x", total_in="code")
    assert rows_of(layout, figures("2021-03"), "anah", contract)[-1] == ["Total", 1251]
    for several in (figures("2021-03", "2021-04"), figures("2021-03", indicators=(ACV, PVD))):
        assert rows_of(layout, several, "anah", contract)[-1][0] == "971"


def test_a_file_of_several_indicators_is_named_after_its_sender(contract: Contract) -> None:
    assert programme(figures("2021-03", indicators=(PVD,)), "anah", contract) == "PVD"
    assert programme(figures("2021-03", indicators=(ACV, PVD)), "anah", contract) == "Anah"

"""Layouts differ as those of partners do, and say that their data are synthetic.

That each is understood ``test_tidying`` says.
"""

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.sample_data.layouts import (
    ERAS,
    SEVERAL_MONTHS,
    SYNTHETIC,
    Layout,
    file_stem,
    programme,
    rows_of,
)
from acv_pipeline.sample_data.trajectories import ACV, PVD

LAYOUTS = [(source, layout) for source, eras in ERAS.items() for layout in eras.values()]
LAYOUTS += list(SEVERAL_MONTHS.items())


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


def test_a_file_of_several_indicators_is_named_after_its_sender(contract: Contract) -> None:
    assert programme(figures("2021-03", indicators=(PVD,)), "anah", contract) == "PVD"
    assert programme(figures("2021-03", indicators=(ACV, PVD)), "anah", contract) == "Anah"

"""The marts of any figures at all, against the definitions worked out in pandas, cell by cell."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from acv_pipeline.models import Project
from acv_pipeline_tests.models.world import ACV, PVD, World, in_force, month

PANEL = ["01", "03", "2A", "2B"]  # regions 84, 84, 94, 94
MONTHS = [month(text) for text in ("2019-11", "2019-12", "2020-01", "2020-03", "2020-04")]
THIRD_JOINS = month("2020-03")
PERIMETER_MOVES = month("2020-02")
COMPONENTS = {
    ACV: {
        "anah": month("2018-09"),
        "action_logement": month("2018-09"),
        "third": THIRD_JOINS,
    },
    PVD: {"anah": month("2020-10")},
}
SERIES = {"anah": "anah", "action_logement": "action_logement", "third": "third"} | {
    "barometre": "published"
}
KEY = ["indicator_id", "series", "month", "department_code"]

KEYS = [
    (indicator, source, when, code)
    for indicator, sources in ((ACV, list(SERIES)), (PVD, ["anah", "barometre"]))
    for source in sources
    for when in MONTHS
    for code in PANEL
]


@st.composite
def figures(draw: st.DrawFn) -> dict[tuple, int]:
    """Figures with holes, decreases and ties; in some examples the first months are all zero."""
    cells = st.sampled_from([None, None, 0, *range(13)])
    values = draw(st.lists(cells, min_size=len(KEYS), max_size=len(KEYS)))
    baseline = MONTHS[: draw(st.integers(0, 3))]
    return {
        key: 0 if key[2] in baseline else value
        for key, value in zip(KEYS, values, strict=True)
        if value is not None
    }


@pytest.fixture(scope="module")
def open_world(project: Project) -> World:
    world = World(project, panel=PANEL)
    world.insert("contract.sources", ("third", "Third", "partner", "third"))
    world.insert("contract.components", (ACV, "third", THIRD_JOINS))
    world.insert("contract.breaks", (PVD, PERIMETER_MOVES, "périmètre", "perimeter"))
    return world


def expected_series(given_figures: dict[tuple, int]) -> pd.DataFrame:
    rows = []
    for (indicator, source, when, code), value in given_figures.items():
        rows.append((indicator, SERIES[source], when, code, value))
    for indicator, parts in COMPONENTS.items():
        for when in MONTHS:
            active = [source for source, first in parts.items() if first <= when]
            for code in PANEL:
                values = [given_figures.get((indicator, s, when, code)) for s in active]
                if values and None not in values:
                    rows.append((indicator, "total", when, code, sum(values)))
    return pd.DataFrame(rows, columns=[*KEY, "cumulative_dwellings"])


def expected_increments(series: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for (indicator, name), of_series in series.groupby(["indicator_id", "series"]):
        counted = of_series.loc[of_series["cumulative_dwellings"] > 0, "month"]
        start = counted.min() if len(counted) else dt.date.max
        changes = [PERIMETER_MOVES] if indicator == PVD else []
        changes += [THIRD_JOINS] if (indicator, name) == (ACV, "total") else []
        change = changes[0] if changes else dt.date.max
        for _, line in of_series.groupby("department_code"):
            line = line.sort_values("month").assign(
                previous_month=None, increment=np.nan, is_break=False
            )
            after = line[line["month"] >= start]
            earlier, later = after[after["month"] < change], after[after["month"] >= change]
            for alike in (earlier, later):
                line.loc[alike.index, "previous_month"] = alike["month"].shift()
                line.loc[alike.index, "increment"] = alike["cumulative_dwellings"].diff()
            if len(earlier):
                line.loc[later.index[:1], "is_break"] = True
            parts.append(line)
    result = pd.concat(parts)
    result["previous_month"] = result["previous_month"].where(result["increment"].notna(), None)
    result["months_elapsed"] = [
        np.nan if previous is None else (now.year - previous.year) * 12 + now.month - previous.month
        for now, previous in zip(result["month"], result["previous_month"], strict=True)
    ]
    result["increment_per_month"] = result["increment"] / result["months_elapsed"]
    return result


def expected_rankings(increments: pd.DataFrame) -> pd.DataFrame:
    groups = increments.groupby(["indicator_id", "series", "month"])
    value, increment = groups["cumulative_dwellings"], groups["increment"]
    ranked = increments.assign(
        rank_cumulative=value.rank(method="min", ascending=False),
        rank_increment=increment.rank(method="min", ascending=False),
        is_tied=increments.duplicated(
            ["indicator_id", "series", "month", "cumulative_dwellings"], keep=False
        ),
        share_of_national=increments["cumulative_dwellings"]
        / value.transform("sum").replace(0, np.nan),
    )
    before = ranked[[*KEY, "rank_cumulative"]].rename(
        columns={"month": "previous_month", "rank_cumulative": "rank_before"}
    )
    ranked = ranked.merge(
        before, on=["indicator_id", "series", "previous_month", "department_code"], how="left"
    )
    ranked["rank_cumulative_change"] = ranked["rank_before"] - ranked["rank_cumulative"]
    return ranked


def expected_totals(increments: pd.DataFrame) -> pd.DataFrame:
    rows = []
    members = {("national", "FR"): PANEL, ("region", "84"): ["01", "03"]}
    members[("region", "94")] = ["2A", "2B"]
    for (indicator, series, when), block in increments.groupby(["indicator_id", "series", "month"]):
        block = block.set_index("department_code")
        for (level, code), codes in members.items():
            present = block[block.index.isin(codes)]
            if present.empty:
                continue
            complete = set(present.index) == set(codes)
            same = complete and present["previous_month"].nunique(dropna=False) == 1
            increment = present["increment"].sum(skipna=False) if same else np.nan
            rows.append(
                (
                    indicator,
                    series,
                    level,
                    code,
                    when,
                    present["cumulative_dwellings"].sum(),
                    increment,
                    complete,
                    present["is_break"].any() and present["previous_month"].isna().all(),
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            *("indicator_id", "series", "level", "territory_code", "month"),
            *("cumulative_dwellings", "increment", "is_complete", "is_break"),
        ],
    )


def assert_same(world: World, table: str, expected: pd.DataFrame, columns: list[str]) -> None:
    found = world.frame(f"select {', '.join(columns)} from marts.{table}")
    expected = expected[columns].copy()
    for frame in (found, expected):
        for column in columns:
            if "month" in column and "months" not in column and "per" not in column:
                frame[column] = pd.to_datetime(frame[column]).astype("datetime64[ns]")
            elif frame[column].dtype != bool and column not in TEXT:
                frame[column] = frame[column].astype("float64")
    keys = [column for column in columns if column in [*KEY, "level", "territory_code"]]
    pd.testing.assert_frame_equal(
        found.sort_values(keys, ignore_index=True),
        expected.sort_values(keys, ignore_index=True),
        check_dtype=False,
    )


TEXT = ["indicator_id", "series", "department_code", "level", "territory_code"]


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),  # a failure shows its cells; smaller ones take minutes
)
@given(given_figures=figures())
def test_marts_are_what_the_definitions_say(
    open_world: World, given_figures: dict[tuple, int]
) -> None:
    world = open_world
    world.connection.execute("delete from validated.observations")
    if given_figures:
        world.insert(
            "validated.observations",
            *(in_force(*key, value, "first", 1) for key, value in given_figures.items()),
        )
    world.build()
    for name in world.project.tests:
        if world.project.tests[name].severity == "error":
            assert world.project.run_test(world.connection, name).passed, name
    series = expected_series(given_figures)
    if series.empty:
        assert world.rows("select count(*) from marts.series") == [(0,)]
        return
    assert_same(world, "series", series, [*KEY, "cumulative_dwellings"])
    increments = expected_increments(series)
    assert_same(
        world,
        "monthly_increments",
        increments,
        [
            *KEY,
            *("cumulative_dwellings", "previous_month", "months_elapsed"),
            *("increment", "increment_per_month", "is_break"),
        ],
    )
    assert_same(
        world,
        "department_rankings",
        expected_rankings(increments),
        [
            *KEY,
            *("rank_cumulative", "rank_increment", "rank_cumulative_change"),
            *("is_tied", "share_of_national", "is_break"),
        ],
    )
    totals = expected_totals(increments)
    assert_same(world, "territory_totals", totals, list(totals.columns))

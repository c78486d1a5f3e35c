"""The invented trajectory meets the published national figures and looks like a real one.

That the gate has no reason to hold any of it: ``test_gate``.
"""

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.sample_data.generator import SEED
from acv_pipeline.sample_data.trajectories import ACV, LAST_MONTH, MAX_SLIP, PVD, draw_trajectories

PUBLISHED = {"2020-01": 31_658, "2021-01": 49_497, "2021-12": 66_737, "2022-09": 78_638}

Key = tuple[str, str]


def drawn(contract: Contract, seed: int) -> dict[Key, pd.DataFrame]:
    """Figures by (indicator, source), and their sum as source ``total``."""
    tables = {(c.indicator_id, c.source): c.figures for c in draw_trajectories(contract, seed)}
    tables[ACV, "total"] = tables[ACV, "anah"] + tables[ACV, "action_logement"]
    return tables


@pytest.fixture(scope="module")
def tables(contract: Contract) -> dict[Key, pd.DataFrame]:
    return drawn(contract, SEED)


def increments(table: pd.DataFrame) -> pd.DataFrame:
    return table.diff().iloc[1:].astype(int)


@pytest.mark.parametrize("seed", [SEED, 1, 2])
def test_the_published_national_figures_are_met_exactly(contract: Contract, seed: int) -> None:
    national = drawn(contract, seed)[ACV, "total"].sum(axis=1)
    assert {text: national[month_of(text)] for text in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize("seed", [SEED, 1, 2])
def test_every_panel_department_has_a_whole_number_in_every_month(
    contract: Contract, seed: int
) -> None:
    for (indicator_id, _), table in drawn(contract, seed).items():
        assert list(table.columns) == contract.panel(indicator_id)
        assert table.index[0] == contract.indicators[indicator_id].first_month
        assert table.index[-1] == LAST_MONTH
        assert not table.index.has_duplicates
        assert {dtype.kind for dtype in table.dtypes} == {"i"}
        assert (table >= 0).all(axis=None)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(contract: Contract) -> None:
    first, again, other = (drawn(contract, seed)[ACV, "anah"] for seed in (7, 7, 8))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_longer_trajectory_begins_as_a_shorter_one(contract: Contract) -> None:
    last = month_of("2027-03")
    for short, long in zip(
        draw_trajectories(contract, SEED), draw_trajectories(contract, SEED, last), strict=True
    ):
        assert long.figures.index[-1] == last
        assert long.figures.loc[:LAST_MONTH].equals(short.figures)
        gains = increments(long.figures).loc[LAST_MONTH:]
        assert (gains >= 0).all(axis=None) and (gains.sum(axis=1) > 0).all()


def test_the_pace_has_seasons_and_noise(tables: dict[Key, pd.DataFrame]) -> None:
    pace = increments(tables[ACV, "total"]).sum(axis=1)
    calendar_month = pd.Series([month.month for month in pace.index], index=pace.index)
    typical = pace.groupby(calendar_month).median()
    assert typical.idxmin() == 8
    assert typical[12] > 1.1 * typical.median()
    same_month = pace[calendar_month == 11]
    assert same_month.nunique() == len(same_month)


def test_the_national_pace_never_doubles_its_habit(tables: dict[Key, pd.DataFrame]) -> None:
    for table in tables.values():
        pace = increments(table).sum(axis=1)
        habit = pace.expanding().median().shift()
        assert (pace > 0).all()
        assert (pace / habit).iloc[3:].max() < 2


def test_no_department_brings_a_quarter_of_a_month(tables: dict[Key, pd.DataFrame]) -> None:
    for table in tables.values():
        gains = increments(table).clip(lower=0)
        assert (gains.max(axis=1) / gains.sum(axis=1)).max() < 0.25


def test_decreases_are_few_small_and_alone_in_their_month(tables: dict[Key, pd.DataFrame]) -> None:
    slips = {key: increments(tables[key]) for key in tables if key[1] != "total"}
    assert {key: int((steps < 0).sum(axis=None)) for key, steps in slips.items()} == {
        (ACV, "anah"): 3,
        (ACV, "action_logement"): 2,
        (PVD, "anah"): 1,
    }
    for steps in slips.values():
        assert steps.min(axis=None) >= -MAX_SLIP
    of_acv = sum((slips[key] < 0).sum(axis=1) for key in slips if key[0] == ACV)
    assert of_acv.max() == 1


def test_departments_differ_in_size_as_real_ones_do(tables: dict[Key, pd.DataFrame]) -> None:
    mid_2021 = tables[ACV, "total"].loc[month_of("2021-06")]
    assert 2_000 < mid_2021.max() < 3_200
    assert 1 <= mid_2021.min() < 30
    assert mid_2021.mean() > 1.15 * mid_2021.median()


def test_partners_share_about_sixty_to_forty_differently_by_department(
    tables: dict[Key, pd.DataFrame],
) -> None:
    anah, both = tables[ACV, "anah"].loc[LAST_MONTH], tables[ACV, "total"].loc[LAST_MONTH]
    assert anah.sum() / both.sum() == pytest.approx(0.6, abs=0.05)
    shares = (anah / both)[both > 200]
    assert shares.min() < 0.45
    assert shares.max() > 0.75

"""The six official releases, against comparing their files directly with pandas."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.warehouses import contents, process, sign_off_all

NAME = "barometre-resultats-services-publics-et-territoires-detail-departemental.csv"
OUTSIDE = {ACV: ["21", "75", "92", "93", "94"], PVD: ["75", "92", "93", "94"]}
KEY = ["indicator_id", "month", "department_code"]


@pytest.fixture(scope="module")
def releases(real_data: Path) -> Path:
    return real_data / "barometre"


@pytest.fixture(scope="module")
def landing(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    (folder / "barometre").symlink_to(releases.resolve(), target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def gated(
    landing: Path, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """All releases as the gate left them; nobody signed anything off."""
    with open_warehouse(Home(tmp_path_factory.mktemp("gated")), contract) as connection:
        process(connection, contract, landing)
        yield connection


@pytest.fixture(scope="module")
def believed(
    landing: Path, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every release in force on its day, as the public saw it: each hold signed off at once."""
    with open_warehouse(Home(tmp_path_factory.mktemp("believed")), contract) as connection:
        process(connection, contract, landing)
        # what came into force then makes others be judged anew
        while sign_off_all(connection, also_superseded=True):
            process(connection, contract, landing)
        yield connection


def published(releases: Path) -> dict[dt.date, pd.Series]:
    """What each release says, straight from its file: cumulative by indicator, month, code."""
    found = {}
    for folder in sorted(releases.iterdir()):
        rows = pd.read_csv(folder / NAME, dtype={"code_departement": "string"})
        rows = rows[rows["id_indicateur"].isin(OUTSIDE)].dropna(subset="valeur")
        outside = [
            code in OUTSIDE[indicator]
            for indicator, code in zip(rows["id_indicateur"], rows["code_departement"], strict=True)
        ]
        rows = rows[~pd.Series(outside, index=rows.index)]
        dates = pd.to_datetime(rows["date"])
        figures = pd.Series(
            rows["valeur"].to_numpy(dtype="int64"),
            index=pd.MultiIndex.from_arrays(
                [
                    rows["id_indicateur"],
                    dates.dt.to_period("M").dt.to_timestamp().dt.date,
                    rows["code_departement"].str.zfill(2),
                ],
                names=KEY,
            ),
        )
        assert not figures.groupby(level=KEY).nunique().gt(1).any()
        found[dt.date.fromisoformat(folder.name)] = figures.groupby(level=KEY).first()
    return found


def test_revised_cells_per_release_are_those_of_the_files(
    believed: duckdb.DuckDBPyConnection, releases: Path
) -> None:
    states = list(published(releases).items())
    expected: dict[tuple[dt.date, str, str], int] = {}
    for (_, before), (day, after) in itertools.pairwise(states):
        both = before.index.intersection(after.index)
        changed = both[before[both].to_numpy() != after[both].to_numpy()]
        for kind, cells in (("changed", changed), ("gone", before.index.difference(after.index))):
            for indicator in OUTSIDE:
                if count := int((cells.get_level_values(0) == indicator).sum()):
                    expected[day, indicator, kind] = count
    assert len(expected) >= 2, "the releases do revise one another"
    found = believed.execute(
        """
        select revised_on, indicator_id, case when new_value is null then 'gone' else 'changed' end,
            count(*)
        from marts.revisions group by all
        """
    ).fetchall()
    assert {(day, indicator, kind): count for day, indicator, kind, count in found} == expected


def test_every_release_as_of_its_day_is_its_file(
    believed: duckdb.DuckDBPyConnection, releases: Path
) -> None:
    for day, figures in published(releases).items():
        found = believed.execute(
            "select indicator_id, month, department_code, cumulative_dwellings"
            f" from validated.dwellings_as_of('{day}')"
        ).fetchall()
        assert {(i, m, c): value for i, m, c, value in found} == figures.to_dict(), day


def test_in_any_order_and_twice_the_tables_are_the_same(
    gated: duckdb.DuckDBPyConnection,
    landing: Path,
    contract: Contract,
    tmp_path: Path,
) -> None:
    other = tmp_path / "landing" / "barometre"
    with open_warehouse(Home(tmp_path / "home"), contract) as connection:
        for day in ("2022-03-15", "2021-07-23", "2022-01-20", "2021-05-07", "2022-01-13"):
            shutil.copytree(landing / "barometre" / day, other / day)
            process(connection, contract, tmp_path / "landing")
        shutil.copytree(landing / "barometre" / "2021-12-21", other / "2021-12-21")
        process(connection, contract, tmp_path / "landing")
        process(connection, contract, tmp_path / "landing")
        again = contents(connection)
    for table, rows in contents(gated).items():
        assert again[table] == rows, table


def ranking(
    connection: duckdb.DuckDBPyConnection, as_of: str, month: str = "2021-12-01"
) -> dict[str, tuple[int, int]]:
    rows = connection.execute(
        "select department_code, rank_cumulative, cumulative_dwellings"
        f" from marts.department_rankings_as_of(date '{as_of}')"
        " where indicator_id = ? and series = 'published' and month = ?",
        [ACV, month],
    ).fetchall()
    return {code: (rank, value) for code, rank, value in rows}


def expected_ranking(releases: Path, release: str) -> dict[str, tuple[int, int]]:
    figures = published(releases)[dt.date.fromisoformat(release)][ACV, dt.date(2021, 12, 1)]
    ranks = figures.rank(method="min", ascending=False).astype(int)
    return {code: (ranks[code], figures[code]) for code in figures.index}


def test_as_of_before_the_correction_is_what_was_believed_then(
    landing: Path, releases: Path, contract: Contract, home: Home
) -> None:
    with open_warehouse(home, contract) as connection:
        process(connection, contract, landing)
        corrected = expected_ranking(releases, "2022-03-15")
        assert len(corrected) == 96
        assert ranking(connection, "2022-02-01") == {}, "held: December was not believed"
        assert len(ranking(connection, "2022-02-01", "2021-09-01")) == 96
        assert ranking(connection, "2022-04-01") == corrected
        connection.execute(
            "insert into validated.signoffs select delivery_id, indicator_id, month,"
            " 'head of unit', 'year end', timestamp '2022-01-25 10:00:00'"
            " from validated.held_months where month = '2021-12-01' and indicator_id = ?",
            [ACV],
        )
        process(connection, contract, landing)
        wrong = expected_ranking(releases, "2022-01-13")
        assert ranking(connection, "2022-01-24") == {}
        assert ranking(connection, "2022-02-01") == wrong != corrected
        assert ranking(connection, "2022-04-01") == wrong, "its correction is large: held"
        assert sign_off_all(connection, "2022-03-16")
        process(connection, contract, landing)
        assert ranking(connection, "2022-02-01") == wrong
        assert ranking(connection, "2022-03-15") == wrong
        assert ranking(connection, "2022-04-01") == corrected
        connection.execute("update validated.signoffs set signed_at = timestamp '2022-06-01'")
        process(connection, contract, landing)
        assert ranking(connection, "2022-02-01") == {}, "nobody believed it then"
        assert ranking(connection, "2022-07-01") == corrected


def test_dropped_national_dates_are_reported_as_withdrawn(
    releases: Path, contract: Contract, home: Home, tmp_path: Path
) -> None:
    """The release of January 2022 dropped September 2020; a next one drops December as well."""
    landing = tmp_path / "landing"
    for day in ("2021-12-21", "2022-01-13"):
        shutil.copytree(releases / day, landing / "barometre" / day)
    file = NAME.replace("departemental", "national")
    lines = (releases / "2022-01-13" / file).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not (ACV in line and "2020-12-31" in line)]
    assert len(kept) == len(lines) - 2
    later = landing / "barometre" / "2022-02-20"
    later.mkdir()
    (later / file).write_text("\n".join(kept) + "\n", encoding="utf-8")
    with open_warehouse(home, contract) as connection:
        process(connection, contract, landing)
        rows = connection.execute(
            "select strftime(month, '%Y-%m'), revised_on, old_value, new_value, kind"
            " from marts.published_revisions where indicator_id = ? and level = 'national'"
            " and month < '2021-01-01' order by month, revised_on",
            [ACV],
        ).fetchall()
    january, february = dt.date(2022, 1, 13), dt.date(2022, 2, 20)
    assert rows == [
        ("2020-09", january, 41_703, None, "withdrawn"),
        ("2020-12", january, 48_035, 48_325, "routine"),
        ("2020-12", february, 48_325, None, "withdrawn"),
    ]


def test_mismatches_of_the_releases_have_their_exact_differences(
    gated: duckdb.DuckDBPyConnection,
) -> None:
    def differences(as_of: str, level: str = "national") -> dict[tuple[str, str], int]:
        rows = gated.execute(
            "select territory_code, strftime(month, '%Y-%m'), difference"
            f" from marts.reconciliation_as_of(date '{as_of}')"
            " where indicator_id = ? and level = ? and difference <> 0",
            [ACV, level],
        ).fetchall()
        return {(code, month): difference for code, month, difference in rows}

    assert differences("2021-06-01")["FR", "2020-12"] == 48_325 - 48_035
    july = differences("2021-08-01")
    assert july["FR", "2021-04"] == 52_837 - 52_607
    assert july["FR", "2021-03"] == -17
    assert len({c for c, m in differences("2021-08-01", "region") if m == "2021-04"}) == 8
    assert differences("2021-12-31")["FR", "2021-09"] == 59_612 - 59_605
    assert ("FR", "2021-09") not in differences("2022-01-31")

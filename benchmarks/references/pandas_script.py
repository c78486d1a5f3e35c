"""The long table in plain pandas: read, understand, add up, rank, test; stored in a DuckDB file.

It knows both layouts in advance and keeps no received row, only figures and quarantined rows.
Usage: ``pandas_script.py LANDING SEEDS DATABASE [keep]``; with ``keep`` it does keep the received
rows, as the pipeline must.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

ACV = "nb-logement-accompagnement"
COURSE = ["indicator_id", "series", "department_code"]
FIELD = ["indicator_id", "series", "month"]
LAYOUTS = {
    "anah": (";", ["code", "month_text", "value_text"]),
    "action_logement": (",", ["code", "value_text", "month_text"]),
}


def received(landing: Path) -> pd.DataFrame:
    """Every row of every file, as text."""
    parts = []
    for source, (delimiter, names) in LAYOUTS.items():
        for file in sorted((landing / source).glob("*/*.csv")):
            rows = pd.read_csv(
                file, sep=delimiter, names=names, skiprows=1, dtype="str", na_filter=False
            )
            parts.append(rows.assign(source=source))
    return pd.concat(parts, ignore_index=True)


def months(texts: pd.Series) -> pd.Series:
    """The first day of the month that each text says."""
    known = pd.Series(texts.unique())
    read = pd.to_datetime(known, format="%Y-%m", errors="coerce")
    for form in ("%m/%Y", "%d/%m/%Y"):
        read = read.fillna(pd.to_datetime(known, format=form, errors="coerce"))
    first = read.dt.to_period("M").dt.to_timestamp()
    return texts.map(dict(zip(known, first, strict=True)))


def values(texts: pd.Series) -> pd.Series:
    """The whole number that each text says."""
    known = pd.Series(texts.unique())
    number = known.str.strip().str.replace(r" logements?$", "", regex=True)
    number = number.str.replace(r"^(\d+),0+$", r"\1", regex=True)
    number = number.where(
        ~number.str.fullmatch(r"[1-9]\d{0,2}( \d{3})+"), number.str.replace(" ", "")
    )
    whole = number.where(number.str.fullmatch(r"0|[1-9]\d*"))
    return texts.map(dict(zip(known, whole.astype("Float64"), strict=True)))


def judged(rows: pd.DataFrame, departments: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Figures, each key once, and the rows that are none, with the reason."""
    rows["code"] = rows["code"].str.strip()
    rows["month"] = months(rows["month_text"])
    rows["value"] = values(rows["value_text"])
    rows["reason"] = np.select(
        [
            ~rows["code"].isin(departments["department_code"]),
            rows["month"].isna(),
            rows["value"].isna(),
        ],
        ["unknown_department", "month_not_understood", "not_a_number"],
        default="",
    )
    key = ["source", "code", "month"]
    good = rows[rows["reason"] == ""]
    twice = good[good.duplicated(key, keep=False)]
    clash = twice.index[twice.groupby(key)["value"].transform("nunique") > 1]
    rows.loc[clash, "reason"] = "conflicting_values"
    figures = rows[rows["reason"] == ""].drop_duplicates(key)
    figures = pd.DataFrame(
        {
            "indicator_id": ACV,
            "source": figures["source"],
            "month": figures["month"],
            "department_code": figures["code"],
            "cumulative_dwellings": figures["value"].astype("int64"),
        }
    )
    return figures, rows[rows["reason"] != ""]


def series(figures: pd.DataFrame) -> pd.DataFrame:
    """Each partner's figures, and their sum where both have one."""
    key = ["indicator_id", "month", "department_code"]
    groups = figures.groupby(key)["cumulative_dwellings"]
    total = groups.sum()[groups.size() == len(LAYOUTS)].reset_index().assign(series="total")
    return pd.concat([figures.rename(columns={"source": "series"}), total], ignore_index=True)


def increments(figures: pd.DataFrame) -> pd.DataFrame:
    """What each month adds."""
    figures = figures.sort_values([*COURSE, "month"], ignore_index=True)
    groups = figures.groupby(COURSE, sort=False)
    figures["previous_month"] = groups["month"].shift()
    figures["increment"] = groups["cumulative_dwellings"].diff().astype("Int64")
    at = figures["month"].dt.year * 12 + figures["month"].dt.month
    before = figures["previous_month"].dt.year * 12 + figures["previous_month"].dt.month
    figures["months_elapsed"] = (at - before).astype("Int64")
    figures["increment_per_month"] = figures["increment"] / figures["months_elapsed"]
    figures["is_decrease"] = figures["increment"] < 0
    return figures


def rankings(figures: pd.DataFrame, departments: pd.DataFrame) -> pd.DataFrame:
    """Where each territory stands."""
    ranked = figures.drop(columns=["previous_month", "months_elapsed", "increment_per_month"])
    groups = ranked.groupby(FIELD, sort=False)
    level = groups["cumulative_dwellings"]
    ranked["rank_cumulative"] = level.rank(method="min", ascending=False).astype("int64")
    ranked["rank_increment"] = (
        groups["increment"].rank(method="min", ascending=False).astype("Int64")
    )
    ranked["is_tied"] = ranked.duplicated([*FIELD, "cumulative_dwellings"], keep=False)
    ranked["share_of_national"] = ranked["cumulative_dwellings"] / level.transform("sum")
    before = ranked.groupby(COURSE, sort=False)["rank_cumulative"].shift()
    ranked["rank_cumulative_change"] = (before - ranked["rank_cumulative"]).astype("Int64")
    ranked = ranked.merge(departments, on="department_code")
    per_head = ranked["cumulative_dwellings"] * 10000 / ranked.pop("population")
    return ranked.assign(dwellings_per_10k_inhabitants=per_head)


def totals(figures: pd.DataFrame, departments: pd.DataFrame) -> pd.DataFrame:
    """Sums over regions and the country."""
    located = figures.merge(departments[["department_code", "region_code"]], on="department_code")
    parts = []
    for level, code in (("region", located["region_code"]), ("national", "FR")):
        expected = (
            departments.groupby("region_code").size()
            if level == "region"
            else pd.Series({"FR": len(departments)})
        )
        summed = (
            located.assign(level=level, territory_code=code)
            .groupby(["indicator_id", "series", "level", "territory_code", "month"])
            .agg(
                cumulative_dwellings=("cumulative_dwellings", "sum"),
                increment=("increment", "sum"),
                departments=("department_code", "size"),
                increments=("increment", "count"),
            )
            .reset_index()
        )
        summed["is_complete"] = summed["departments"] == summed["territory_code"].map(expected)
        comparable = summed["is_complete"] & (summed["increments"] == summed["departments"])
        summed["increment"] = summed["increment"].where(comparable)
        parts.append(summed.drop(columns=["departments", "increments"]))
    return pd.concat(parts, ignore_index=True)


def problems(figures: pd.DataFrame, ranked: pd.DataFrame, summed: pd.DataFrame) -> list[str]:
    """What must hold and doesn't."""
    tests = {
        "series is unique": not figures.duplicated([*COURSE, "month"]).any(),
        "figures are not negative": (figures["cumulative_dwellings"] >= 0).all(),
        "everything is ranked": len(ranked) == len(figures),
        "ranks start at 1": (ranked.groupby(FIELD)["rank_cumulative"].min() == 1).all(),
        "shares sum to 1": np.allclose(ranked.groupby(FIELD)["share_of_national"].sum(), 1),
        "totals are sums": summed[summed["level"] == "national"]["cumulative_dwellings"].sum()
        == figures["cumulative_dwellings"].sum(),
    }
    return [name for name, holds in tests.items() if not holds]


def main(landing: str, seeds: str, database: str, keep: str = "") -> None:
    """Build everything, and store it in a new ``database``, with the received rows if told to."""
    departments = pd.read_csv(
        Path(seeds) / "departments.csv",
        dtype={"department_code": "str", "department_name": "str", "region_code": "str"},
    )
    rows = received(Path(landing))
    kept = {"raw.extract_rows": rows.copy()} if keep else {}
    figures, quarantined = judged(rows, departments)
    all_series = series(figures)
    moved = increments(all_series)
    ranked = rankings(moved, departments)
    summed = totals(moved, departments)
    if found := problems(all_series, ranked, summed):
        sys.exit(f"not so: {', '.join(found)}")
    Path(database).unlink(missing_ok=True)
    with duckdb.connect(database) as connection:
        for table, frame in {
            **kept,
            "validated.dwellings": figures,
            "validated.quarantined_rows": quarantined,
            "marts.series": all_series,
            "marts.monthly_increments": moved,
            "marts.department_rankings": ranked,
            "marts.territory_totals": summed,
        }.items():
            connection.execute(f"create schema if not exists {table.partition('.')[0]}")
            connection.register("frame", frame)
            connection.execute(f"create table {table} as from frame")
            connection.unregister("frame")


if __name__ == "__main__":
    main(*sys.argv[1:])

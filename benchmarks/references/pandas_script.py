"""The long table in plain pandas, stored in a DuckDB file.

It knows both layouts in advance and keeps no received row. Given: landing zone, seeds, database.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd

FIELD, TRAJECTORY = ["series", "month"], ["series", "department_code"]
LAYOUTS = {
    "anah": (";", ["code", "month_text", "value_text"]),
    "action_logement": (",", ["code", "value_text", "month_text"]),
}


def received(landing: Path) -> pd.DataFrame:
    """Every row of every file, as text."""
    return pd.concat(
        pd.read_csv(
            file, sep=sep, names=names, skiprows=1, dtype="str", na_filter=False
        ).assign(series=source)
        for source, (sep, names) in LAYOUTS.items()
        for file in sorted((landing / source).glob("*/*.csv"))
    )  # fmt: skip


def understood(rows: pd.DataFrame, known: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The figures, each key once, and the rows that are none."""
    texts = pd.Series(rows["month_text"].unique())
    months = pd.to_datetime(texts, format="%Y-%m", errors="coerce")
    for form in ("%m/%Y", "%d/%m/%Y"):
        months = months.fillna(pd.to_datetime(texts, format=form, errors="coerce"))
    months = months.dt.to_period("M").dt.to_timestamp()
    number = rows["value_text"].str.strip().str.replace(r" logements?$", "", regex=True)
    number = number.where(number.str.fullmatch(r"\d+|[1-9]\d{0,2}( \d{3})+"))
    rows = rows.assign(
        department_code=rows["code"].str.strip(),
        month=rows["month_text"].map(dict(zip(texts, months, strict=True))),
        cumulative_dwellings=pd.to_numeric(number.str.replace(" ", "")).astype("Int64"),
    )
    good = rows["department_code"].isin(known) & rows["cumulative_dwellings"].notna()
    good &= rows["month"].notna()
    figures = rows[good].drop_duplicates([*TRAJECTORY, "month", "cumulative_dwellings"])
    twice = figures.duplicated([*TRAJECTORY, "month"], keep=False)
    columns = [*TRAJECTORY, "month", "cumulative_dwellings"]
    return figures[~twice][columns].astype({"cumulative_dwellings": "int64"}), rows[~good]


def marts(figures: pd.DataFrame, departments: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Series, rankings and totals."""
    groups = figures.groupby(["month", "department_code"])["cumulative_dwellings"]
    total = groups.sum()[groups.size() == len(LAYOUTS)].reset_index().assign(series="total")
    series = pd.concat([figures, total]).sort_values([*TRAJECTORY, "month"], ignore_index=True)
    series["increment"] = (
        series.groupby(TRAJECTORY, sort=False)["cumulative_dwellings"].diff().astype("Int64")
    )
    ranked = series.assign(indicator_id="nb-logement-accompagnement")
    fields = ranked.groupby(FIELD, sort=False)
    for column in ("cumulative_dwellings", "increment"):
        rank = fields[column].rank(method="min", ascending=False).astype("Int64")
        ranked[f"rank_{column.removesuffix('_dwellings')}"] = rank
    ranked["share"] = ranked["cumulative_dwellings"] / fields["cumulative_dwellings"].transform(
        "sum"
    )
    before = ranked.groupby(TRAJECTORY, sort=False)["rank_cumulative"].shift()
    ranked["rank_cumulative_change"] = before - ranked["rank_cumulative"]
    ranked = ranked.merge(departments, on="department_code")
    totals = ranked.groupby([*FIELD, "region_code"])[["cumulative_dwellings", "increment"]].sum()
    assert (fields["cumulative_dwellings"].min() >= 0).all()
    assert not series.duplicated([*TRAJECTORY, "month"]).any()
    return {
        "series": series, "department_rankings": ranked, "territory_totals": totals.reset_index()
    }  # fmt: skip


def main(landing: str, seeds: str, database: str) -> None:
    """Build everything in a new database."""
    departments = pd.read_csv(Path(seeds) / "departments.csv", dtype="str")
    figures, quarantined = understood(received(Path(landing)), departments["department_code"])
    tables = {"dwellings": figures, "quarantined": quarantined, **marts(figures, departments)}
    with duckdb.connect(database) as connection:
        connection.execute("create schema marts")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f"create table marts.{name} as from frame")


if __name__ == "__main__":
    main(*sys.argv[1:])

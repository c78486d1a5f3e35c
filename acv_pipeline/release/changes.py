"""What is new, revised or withdrawn in a release, cell by cell, since the one before it.

Here: comparing the headline figures of two releases, and their files. Not here: revisions of
figures in force (``marts.revisions``): several of them may lie between two releases, or none.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from acv_pipeline.release.folder import read_sums
from acv_pipeline.release.rendering import rendered
from acv_pipeline.release.tables import Table, tables
from acv_pipeline.release.writing import Rows


@dataclass(frozen=True)
class Cell:
    """One figure that is not what it was; None where there is none.

    Attributes:
        territory: code of the département or region; ``national``.
    """

    level: str
    territory: str
    date: dt.date
    old: int | None
    new: int | None


@dataclass(frozen=True)
class NewDate:
    """A date that had no figure at that level, and how many it has now."""

    level: str
    date: dt.date
    count: int


@dataclass
class IndicatorChanges:
    """All that changed for one indicator.

    Attributes:
        series: the series quoted before and now, where it is another one.
        new_dates: dates that the level did not have.
        new: figures that joined a date the level had.
    """

    series: tuple[str, str] | None = None
    new_dates: list[NewDate] = field(default_factory=list)
    new: list[Cell] = field(default_factory=list)
    revised: list[Cell] = field(default_factory=list)
    withdrawn: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Changes:
    """What changed since the previous release.

    Attributes:
        since: name of the previous release.
        by_indicator: by indicator id; those without a change are absent.
        files: names of data files that are new, gone, or have other content.
    """

    since: str
    by_indicator: dict[str, IndicatorChanges]
    files: list[str]


def compare(
    connection: duckdb.DuckDBPyConnection,
    collection: list[Rows],
    previous: Path,
    files: list[str],
) -> Changes:
    """Compare the headline figures of a new release with those of the previous one.

    Args:
        files: the data files that differ.
    """
    found: dict[str, IndicatorChanges] = defaultdict(IndicatorChanges)
    for table in tables():
        if table.headline:
            _compare_table(connection, table, collection, previous, found)
    return Changes(previous.name, dict(sorted(found.items())), files)


def differing(previous: Path, sums: dict[str, str]) -> list[str]:
    """Names of the data files whose content is not that of the previous release.

    Args:
        sums: the new sha256 by name, of the data files only.
    """
    before = {name: value for name, value in read_sums(previous).items() if is_data(name)}
    return sorted(
        name for name in before.keys() | sums.keys() if before.get(name) != sums.get(name)
    )


def is_data(name: str) -> bool:
    """Whether a file of a release is data, or says what its columns are, whatever the day."""
    return name.endswith((".csv", ".schema.json"))


def _compare_table(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    collection: list[Rows],
    previous: Path,
    found: dict[str, IndicatorChanges],
) -> None:
    rows = connection.execute(
        rendered(
            "changes.sql",
            territory=table.territory,
            new=[rows.table for rows in collection if rows.file.table is table],
            old=[str(p) for p in sorted(previous.glob(f"{table.file.format(indicator='*')}.csv"))],
        )
    ).fetchall()
    new_dates: dict[tuple[str, dt.date], int] = defaultdict(int)
    for indicator, territory, date, old, new, old_series, new_series, date_was_known in rows:
        changes = found[indicator]
        if old_series and new_series and old_series != new_series:
            changes.series = (old_series, new_series)
        if old == new:
            continue
        cell = Cell(table.name, territory, date, old, new)
        if new is None:
            changes.withdrawn.append(cell)
        elif old is not None:
            changes.revised.append(cell)
        elif date_was_known:
            changes.new.append(cell)
        else:
            new_dates[indicator, date] += 1
    for (indicator, date), count in new_dates.items():
        found[indicator].new_dates.append(NewDate(table.name, date, count))

"""What is new, revised or withdrawn in a release, cell by cell, since the one before it."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from acv_pipeline.publishing.release.declared import Table, tables
from acv_pipeline.publishing.release.folder import read_sums
from acv_pipeline.publishing.release.rendering import rendered
from acv_pipeline.publishing.release.writing import Rows

_COMPARED = ("id_indicateur", "date", "valeur", "serie")
"""What ``changes.sql`` reads of a file, besides its territories."""


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
class SeriesChange:
    """How the figures of two quoted series face one another, at one level.

    Attributes:
        both: territories and dates that have a figure in both; ``other`` of them another value.
        gone: those with a figure before only.
        added: those with a figure now only.
    """

    level: str
    both: int = 0
    other: int = 0
    gone: int = 0
    added: int = 0


@dataclass
class IndicatorChanges:
    """All that changed for one indicator.

    Attributes:
        series: the series quoted before and now, where it is another one.
        counts: then, what that means per level, in the place of single cells.
        new_dates: dates that the level did not have.
        new: figures that joined a date the level had.
    """

    series: tuple[str, str] | None = None
    counts: list[SeriesChange] = field(default_factory=list)
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
        incomparable: previous files whose figures cannot be compared: they lack columns.
    """

    since: str
    by_indicator: dict[str, IndicatorChanges]
    files: list[str]
    incomparable: list[str] = field(default_factory=list)


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
    incomparable: list[str] = []
    for table in tables():
        if table.headline:
            old = sorted(previous.glob(f"{table.file.format(indicator='*')}.csv"))
            incomparable += [path.name for path in old if not _is_comparable(path, table)]
            comparable = [path for path in old if path.name not in incomparable]
            new = [
                rows.table
                for rows in collection
                if rows.file.table is table and rows.file.csv not in incomparable
            ]
            _compare_table(connection, table, new, comparable, found)
    return Changes(previous.name, dict(sorted(found.items())), files, incomparable)


def _is_comparable(path: Path, table: Table) -> bool:
    """Whether a previous file has the columns by which figures are compared.

    An older program may have named them otherwise: releases are never rewritten.
    """
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file), [])
    return {*_COMPARED, table.territory} <= set(header)


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
    new_tables: list[str],
    old_files: list[Path],
    found: dict[str, IndicatorChanges],
) -> None:
    rows = connection.execute(
        rendered(
            "changes.sql",
            territory=table.territory,
            new=new_tables,
            old=[str(path) for path in old_files],
        )
    ).fetchall()
    # where the quoted series is another one, every cell has another series and so is in `rows`
    quoted: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for indicator, _, _, _, _, old_series, new_series, _ in rows:
        quoted[indicator][0].update([old_series] if old_series else [])
        quoted[indicator][1].update([new_series] if new_series else [])
    replaced = {
        indicator: SeriesChange(table.name)
        for indicator, (before, now) in quoted.items()
        if before and now and before != now
    }
    for indicator, counts in replaced.items():
        before, now = quoted[indicator]
        found[indicator].series = (", ".join(sorted(before)), ", ".join(sorted(now)))
        found[indicator].counts.append(counts)
    new_dates: dict[tuple[str, dt.date], int] = defaultdict(int)
    for indicator, territory, date, old, new, _, _, date_was_known in rows:
        changes = found[indicator]
        if (faced := replaced.get(indicator)) is not None:
            faced.both += old is not None and new is not None
            faced.other += old is not None and new is not None and old != new
            faced.gone += new is None
            faced.added += old is None
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

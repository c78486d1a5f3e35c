"""What is new, revised or withdrawn in a release, cell by cell, since the one before it."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter, defaultdict
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

    ``territory`` is the code of the département or region, or ``national``.
    """

    level: str
    territory: str
    date: dt.date
    old: int | None
    new: int | None


@dataclass
class IndicatorChanges:
    """All that changed for one indicator.

    Attributes:
        series: the series quoted before and now, where it is another one.
        counts: then, per level in the place of single cells: territories and dates with a figure
            in both, those of them with another value (``other``), ``gone`` and ``added`` ones.
        new_dates: by level and date that it did not have, how many figures it has now.
        new: figures that joined a date the level had.
    """

    series: tuple[str, str] | None = None
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    new_dates: Counter[tuple[str, dt.date]] = field(default_factory=Counter)
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
    """Compare the headline figures with those of the previous release; ``files`` differ."""
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
    """Names of the data files whose content, by sha256, is not that of the previous release."""
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
    replaced = {name for name, (before, now) in quoted.items() if before and now and before != now}
    for indicator in replaced:
        before, now = quoted[indicator]
        found[indicator].series = (", ".join(sorted(before)), ", ".join(sorted(now)))
    for indicator, territory, date, old, new, _, _, date_was_known in rows:
        changes = found[indicator]
        cell = Cell(table.name, territory, date, old, new)
        if indicator in replaced:
            faced = changes.counts[table.name]
            faced["gone" if new is None else "added" if old is None else "both"] += 1
            if None not in (old, new) and old != new:
                faced["other"] += 1
        elif new is None:
            changes.withdrawn.append(cell)
        elif old is not None:
            changes.revised.append(cell)
        elif date_was_known:
            changes.new.append(cell)
        else:
            changes.new_dates[table.name, date] += 1

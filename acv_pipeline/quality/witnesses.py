"""A few rows that stand for a whole table, for expectations on its columns.

What an expectation says of a row depends on nothing but the row's own values in the columns it
names. So each distinct value is judged once, or each pair; of a column that only has bounds, a type
or no nulls, the smallest and the largest of each month. The table may have millions of rows.

Here: choosing the witnesses, and the rows that hold what a failing witness holds. Not here: Great
Expectations (``expectations``), what is expected (``rule``), and counting (``evaluation``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from acv_pipeline.quality.expectations import Failure, failures
from acv_pipeline.quality.rule import Expectation

# expectations that the smallest and the largest value and a null decide
BY_EXTREMES = {"ColumnValuesToBeBetween", "ColumnValuesToBeOfType", "ColumnValuesToNotBeNull"}
# and those that look at a row's own values; any other would need more rows than witnesses
BY_VALUES = {
    "ColumnValuesToBeInSet",
    "ColumnValuesToNotBeInSet",
    "ColumnPairValuesAToBeGreaterThanB",
    "TableColumnsToMatchOrderedList",
}
# A set of more values is not handed over whole: Great Expectations copies its arguments scores of
# times (36,000 codes: 3 s). DuckDB looks up what lies outside; all of that is asked about, and so
# many of those inside.
MOST_VALUES = 1000

_numbers = itertools.count()
Columns = tuple[str, ...]


@dataclass(frozen=True)
class _Witness:
    """The values of some columns, by position, as a temporary table and as a frame."""

    table: str
    frame: pd.DataFrame


class Witnesses:
    """The witnesses of one table.

    Args:
        batch: a SELECT of the table, with a column ``month`` and perhaps ``asset``.

    Raises:
        duckdb.CatalogException: the table is not there.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, batch: str) -> None:
        self._connection = connection
        self._batch = batch
        self.columns = [name for name, *_ in connection.execute(f"describe {batch}").fetchall()]
        self.places = [name for name in ("asset", "month") if name in self.columns]
        # several may be at work on one connection
        self._prefix = f"witness_{next(_numbers)}"
        self._places = f"{self._prefix}_places"
        self._made: list[str] = []

    def ask(self, asked: Sequence[Expectation]) -> list[list[Failure]]:
        """For each expectation the failure, or nothing; positions are those of its witness.

        Raises:
            ValueError: as ``question``.
        """
        return failures(*self.question(asked))

    def question(self, asked: Sequence[Expectation]) -> tuple[pd.DataFrame, list[Expectation]]:
        """The witnesses side by side, and what is expected of them.

        Raises:
            ValueError: an expectation that witnesses can't answer for a whole table.
        """
        _check_answerable(asked)
        self._groups = _groups(asked, self.columns)
        known = [one for one in asked if set(one.columns) <= set(self.columns)]
        self._look_at_places([name for (name, *_), few in self._groups.items() if few])
        self._sets = {one.columns[0]: one for one in known if _is_large_set(one)}
        self._witnesses = {
            columns: self._extremes(columns[0]) if by_extremes else self._distinct(columns)
            for columns, by_extremes in self._groups.items()
        }
        return self._frame(), [self._reduced(expectation) for expectation in asked]

    def counts(self) -> list[tuple[Any, ...]]:
        """How many rows there are, by asset (where the batch has it) and month."""
        listed = ", ".join(self.places)
        return self._connection.execute(f"select {listed}, rows from {self._places}").fetchall()

    def offending(
        self, failed: Sequence[Failure], say: Callable[[Expectation, Any], str]
    ) -> str | None:
        """The rows that fail, as a temporary table: the batch's columns and ``problem``.

        A row is there once, for what is said first of it.

        Args:
            failed: failures of ``ask``.
            say: the problem, of an expectation and the failing value.
        """
        joins, problems = [], []
        for number, failure in enumerate(failed):
            columns = self._columns_of(failure.expectation)
            witness, positions = self._failing(failure, columns)
            blamed = failure.expectation.columns[0]
            said = pd.DataFrame(
                {
                    "position": positions,
                    "problem": [
                        say(failure.expectation, value)
                        for value in witness.frame[blamed].iloc[positions]
                    ],
                }
            )
            self._connection.register("said", said)
            name = self._make(
                f"bad_{number}", f"select * from {witness.table} join said using (position)"
            )
            self._connection.unregister("said")
            same = " and ".join(f"rows.{c} is not distinct from {name}.{c}" for c in columns)
            joins.append(f"left join {name} on {same}")
            problems.append(f"{name}.problem")
        if not joins:
            return None
        return self._make(
            "offending",
            f"select rows.*, coalesce({', '.join(problems)}, null) as problem"
            f" from ({self._batch}) as rows {' '.join(joins)}"
            f" where coalesce({', '.join(problems)}, null) is not null",
        )

    def forget(self) -> None:
        """Drop the temporary tables."""
        for table in (self._places, *self._made):
            self._connection.execute(f"drop table if exists temp.{table}")

    def _failing(self, failure: Failure, columns: Columns) -> tuple[_Witness, list[int]]:
        """All distinct values that fail, and their positions in a witness."""
        witness = self._witnesses[columns]
        positions = failure.positions or []
        if self._groups[columns]:
            witness = self._distinct(columns)
            frame = self._frame({columns: witness})
            positions = failures(frame, [failure.expectation])[0][0].positions or []
        # rows beyond the last repeat the first
        return witness, sorted({at if at < len(witness.frame) else 0 for at in positions})

    def _columns_of(self, expectation: Expectation) -> Columns:
        return next(group for group in self._groups if set(expectation.columns) <= set(group))

    def _look_at_places(self, names: Sequence[str]) -> None:
        """One look at the table: its rows, and the extremes of columns, by asset and month."""
        extremes = [
            f'min("{name}") as "least {name}", max("{name}") as "most {name}",'
            f' count("{name}") < count(*) as "null {name}"'
            for name in names
        ]
        asked = ", ".join([*self.places, "count(*) as rows", *extremes])
        self._connection.execute(
            f"create or replace temp table {self._places} as select {asked} from ({self._batch})"
            f" group by {', '.join(self.places)}"
        )

    def _extremes(self, name: str) -> _Witness:
        return self._witness(
            (name,),
            f'select "least {name}" as {name} from {self._places}'
            f' union select "most {name}" from {self._places}'
            f' union select null from {self._places} where "null {name}"',
        )

    def _distinct(self, columns: Columns) -> _Witness:
        sql = f"select distinct {', '.join(columns)} from ({self._batch})"
        large = self._sets.get(columns[0]) if len(columns) == 1 else None
        if large is None:
            return self._witness(columns, sql)
        known = pd.DataFrame({"known": list(large.arguments["value_set"])})
        self._connection.register("large_set", known)
        try:
            met = self._make(f"met_{len(self._made)}", sql)
            inside = f"from {met} semi join large_set on known = {columns[0]}"
            outside = f"from {met} anti join large_set on known = {columns[0]}"
            return self._witness(
                columns, f"({inside} order by all limit {MOST_VALUES}) union all ({outside})"
            )
        finally:
            self._connection.unregister("large_set")

    def _witness(self, columns: Columns, sql: str) -> _Witness:
        table = self._make(
            f"values_{len(self._made)}",
            f"select row_number() over (order by {', '.join(columns)}) - 1 as position, *"
            f" from ({sql})",
        )
        frame = self._connection.execute(f"from {table} order by position").df()
        return _Witness(table, frame.drop(columns="position"))

    def _reduced(self, expectation: Expectation) -> Expectation:
        """The same with a set that holds nothing but what is asked about."""
        if not _is_large_set(expectation) or (name := expectation.columns[0]) not in self.columns:
            return expectation
        met = set(self._witnesses[self._columns_of(expectation)].frame[name].dropna())
        values = [value for value in expectation.arguments["value_set"] if value in met]
        return replace(expectation, arguments={**expectation.arguments, "value_set": values})

    def _frame(self, witnesses: dict[Columns, _Witness] | None = None) -> pd.DataFrame:
        """Witnesses side by side under the table's columns, each filled up with its first row."""
        witnesses = self._witnesses if witnesses is None else witnesses
        frames = [witness.frame for witness in witnesses.values()]
        size = max(map(len, frames), default=int(bool(self.counts())))
        parts = {
            column: frame[column].iloc[np.where(np.arange(size) < len(frame), np.arange(size), 0)]
            for frame in frames
            for column in frame
            if len(frame)
        }
        return pd.DataFrame(
            {
                column: parts[column].array if column in parts else pd.Series([None] * size)
                for column in self.columns
            }
        )

    def _make(self, what: str, sql: str) -> str:
        name = f"{self._prefix}_{what}"
        self._connection.execute(f"create or replace temp table {name} as {sql}")
        self._made.append(name)
        return name


def _check_answerable(asked: Sequence[Expectation]) -> None:
    for expectation in asked:
        if expectation.kind not in BY_EXTREMES | BY_VALUES or "mostly" in expectation.arguments:
            raise ValueError(
                f"{expectation.kind} {dict(expectation.arguments)} is about more than a row's own "
                "values: write it as SQL"
            )
        if _is_large_set(expectation):
            beside = [one for one in asked if set(one.columns) & set(expectation.columns)]
            if len(beside) > 1:
                raise ValueError(
                    f"{expectation.columns} has a set of more than {MOST_VALUES:,} values and "
                    "another expectation: write one of them as SQL"
                )


def _is_large_set(expectation: Expectation) -> bool:
    return (
        expectation.kind == "ColumnValuesToBeInSet"
        and len(expectation.arguments["value_set"]) > MOST_VALUES
    )


def _groups(asked: Sequence[Expectation], columns: Sequence[str]) -> dict[Columns, bool]:
    """Columns that must be looked at together, and whether their extremes are enough."""
    groups: list[set[str]] = []
    for expectation in asked:
        together = set(expectation.columns) & set(columns)
        apart = [group for group in groups if not group & together]
        for group in groups:
            together |= group if group & together else set()
        groups = [*apart, together] if together else apart
    return {
        tuple(sorted(group)): len(group) == 1
        and all(one.kind in BY_EXTREMES for one in asked if group & set(one.columns))
        for group in groups
    }

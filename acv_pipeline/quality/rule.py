"""How a check of a table is evaluated: by expectations on columns, or by SQL across rows.

Here: the two forms and what they share. Not here: any particular check (``extracts``,
``validated``, ``marts``), evaluating them (``evaluation``, ``expectations``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from acv_pipeline.quality.check import Check, Severity


@dataclass(frozen=True)
class Expectation:
    """One expectation of Great Expectations, as data.

    Attributes:
        kind: its class without ``Expect``, such as ``ColumnValuesToBeBetween``.
        arguments: its keyword arguments; ``column`` (or ``column_A``) is the one blamed.
        problem: what is said of a row that fails it; the blamed column's value follows.
        empty: what stands in for null, so that one expectation judges empty cells too; without
            it, nulls pass all but ``ColumnValuesToNotBeNull``.
    """

    kind: str
    arguments: Mapping[str, Any]
    problem: str
    empty: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns it looks at; none when it looks at the table as a whole."""
        named = ("column", "column_A", "column_B")
        return [self.arguments[name] for name in named if name in self.arguments]


@dataclass(frozen=True)
class ColumnRule:
    """Checks that hold when every expectation does; several rules share one batch.

    Attributes:
        checks: the check on each asset that it is shown on.
        batch: a SELECT with ``asset`` (or for one asset only), ``month`` and the columns expected.
        expectations: what holds of every row, or of the table.
    """

    checks: tuple[Check, ...]
    batch: str
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class SqlRule:
    """Checks that hold when the SELECT finds no problem.

    Attributes:
        checks: the check on each asset that it is shown on.
        sql: a SELECT of everything looked at: ``asset`` (or for one asset only), ``month``,
            ``problem`` (null where all is well) and the columns of a sample.
        looked_at: for rules that look at so many rows that only problems are worth making: then
            ``sql`` need not give the others, and this SELECT gives ``asset`` (or for one asset
            only), ``month`` and ``checked``, how many there are.
    """

    checks: tuple[Check, ...]
    sql: str
    looked_at: str | None = None


Rule = ColumnRule | SqlRule


def on_each(
    assets: Iterable[str], name: str, severity: Severity, description: str, what_to_do: str
) -> tuple[Check, ...]:
    """The same check on several assets."""
    return tuple(Check(asset, name, severity, description, what_to_do) for asset in assets)


def known(column: str, values: Iterable[str]) -> Expectation:
    """``column`` (text) is filled with one of ``values``."""
    return Expectation(
        "ColumnValuesToBeInSet",
        {"column": column, "value_set": list(values)},
        f"unknown {column}",
        empty="(empty)",
    )


def filled(column: str) -> Expectation:
    """``column`` is not null."""
    return Expectation("ColumnValuesToNotBeNull", {"column": column}, f"no {column}")


def between(column: str, low: Any, high: Any) -> Expectation:
    """``column``, where filled, lies between the two bounds (None: no bound), both included."""
    bounds = {"min_value": low, "max_value": high}
    return Expectation("ColumnValuesToBeBetween", {"column": column, **bounds}, column)

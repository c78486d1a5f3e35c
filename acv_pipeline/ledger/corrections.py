"""The corrections register: what people corrected, with the value as delivered as a guard."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_of
from acv_pipeline.contract.tables import tables
from acv_pipeline.language import _
from acv_pipeline.ledger.blocks import Block
from acv_pipeline.warehouse import replace as replace_rows
from acv_pipeline.warehouse.in_words import sql_text

if TYPE_CHECKING:
    import pandas as pd


class CorrectionsError(ValueError):
    """The register cannot be used; the message says which entry and field, and what is expected."""


@dataclass(frozen=True)
class Correction:
    """One entry; the fields and their order are the columns of ``contract.corrections``.

    Attributes:
        entry: its place in the register, from 1.
        delivered: the guard: cumulative dwellings as delivered; another figure is left alone.
        corrected: cumulative dwellings in its place.
        corrected_on: the day from which it counts.
    """

    entry: int
    source: str
    indicator_id: str
    month: Month
    department_code: str
    delivered: int
    corrected: int
    reason: str
    corrected_by: str
    corrected_on: dt.date

    @property
    def series(self) -> tuple[str, str]:
        """Source and indicator."""
        return self.source, self.indicator_id


def mismatch_in_words() -> str:
    """``problem`` of ``validated.correction_matches`` in words, as an SQL expression."""
    words = {
        "not_delivered": sql_text("no delivery has a figure for it"),
        "delivered_itself": sql_text("the source itself delivers {found} now", found="found"),
        "another_figure": sql_text(
            "the latest delivery says {found}, not {delivered}",
            found="found",
            delivered="delivered",
        ),
        "not_believed": sql_text(
            "the gate does not believe {corrected}: {rules}",
            corrected="corrected",
            rules="held_by",
        ),
    }
    cases = " ".join(f"when '{problem}' then {text}" for problem, text in words.items())
    return f"case problem {cases} end"


def load_register(path: Path, contract: Contract, today: dt.date | None = None) -> list[Correction]:
    """The entries of the register; none when there is no such file.

    Args:
        path: a YAML list of entries with the fields source, indicator, month, department,
            delivered, corrected, reason, by and date.
        today: entries may not be dated later.

    Raises:
        CorrectionsError: the file can't be read, or an entry is wrong.
    """
    if not path.exists():
        return []
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorrectionsError(
            _("cannot read {file}: {error}", file=path, error=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise CorrectionsError(
            _("{file} is not written in UTF-8: save it as UTF-8", file=path)
        ) from error
    except yaml.YAMLError as error:
        raise CorrectionsError(
            _("{file} is not valid YAML: {error}", file=path, error=" ".join(str(error).split()))
        ) from error
    if not isinstance(written, list | None):
        raise CorrectionsError(
            _("{file}: expected a list of entries, each beginning with '- '", file=path)
        )
    fields = _fields(contract, today or contract.today())
    problems: list[str] = []
    register: list[Correction] = []
    for number, entry in enumerate(written or [], start=1):
        values, wrong = _read(entry, fields)
        if not wrong:
            correction = Correction(number, *values.values())
            wrong = _contradictions(correction, contract, register)
            register.append(correction)
        problems += [_("entry {number}, {problem}", number=number, problem=line) for line in wrong]
    if problems:
        raise CorrectionsError(_("{file}: {problem}", file=path, problem="; ".join(problems)))
    return register


_Field = tuple[Callable[[Any], Any], str]


def _fields(contract: Contract, today: dt.date) -> dict[str, _Field]:
    """How each field is read, and what it is expected to be; in the order of ``Correction``."""

    def indicator(value: Any) -> str:
        return contract.indicator_named(str(value)).id

    def department(value: Any) -> str:
        # an unquoted 01 is the number 1 to YAML
        code = f"{value:02d}" if type(value) is int else str(value).strip().upper()
        return _one_of(contract.territories.departments, code)

    def day(value: Any) -> dt.date:
        found = dt.date.fromisoformat(str(value))
        if found > today:
            raise ValueError
        return found

    names = ", ".join(entry.short_name for entry in contract.indicators.values())
    dwellings = _("a whole number of dwellings from 0 to {most}", most=contract.max_plausible_value)

    def figure(value: Any) -> int:
        if type(value) is not int or not 0 <= value <= contract.max_plausible_value:
            raise ValueError
        return value

    return {
        "source": (
            lambda value: _one_of(contract.sources, str(value)),
            _("one of {names}", names=", ".join(contract.sources)),
        ),
        "indicator": (indicator, _("one of {names}, or an indicator's id", names=names)),
        "month": (lambda value: month_of(str(value)), _("a month like 2021-03")),
        "department": (department, _("a département's code like 01, 2A or 971")),
        "delivered": (figure, dwellings),
        "corrected": (figure, dwellings),
        "reason": (_text, _("why the figure is wrong, in words")),
        "by": (_text, _("who says so")),
        "date": (
            day,
            _("the day of the entry like 2021-04-15, not after today ({today})", today=today),
        ),
    }


def _one_of(known: Iterable[str], value: str) -> str:
    if value not in known:
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _read(entry: Any, fields: dict[str, _Field]) -> tuple[dict[str, Any], list[str]]:
    """An entry's values in the order of ``fields``, and what is wrong with it."""
    listed = ", ".join(fields)
    if not isinstance(entry, dict):
        return {}, [
            _("expected the fields {fields}; found {found}", fields=listed, found=repr(entry))
        ]
    wrong = [
        _("{field}: no such field; expected {fields}", field=name, fields=listed)
        for name in entry
        if name not in fields
    ]
    values = {}
    for name, (read, expected) in fields.items():
        if name not in entry:
            wrong.append(_("{field}: missing; expected {expected}", field=name, expected=expected))
            continue
        try:
            values[name] = read(entry[name])
        except (ValueError, KeyError):
            wrong.append(
                _(
                    "{field}: expected {expected}; found {found}",
                    field=name,
                    expected=expected,
                    found=repr(entry[name]),
                )
            )
    return values, wrong


def _contradictions(new: Correction, contract: Contract, before: Sequence[Correction]) -> list[str]:
    """What is wrong with an entry whose fields are right one by one."""
    wrong = []
    first = contract.indicators[new.indicator_id].first_month
    if new.month < first:
        wrong.append(
            _("month: expected {first:%Y-%m} or later, the indicator's first month", first=first)
        )
    if new.month > new.corrected_on:
        wrong.append(
            _("month: expected one that had begun on the entry's date {day}", day=new.corrected_on)
        )
    if new.corrected == new.delivered:
        wrong.append(
            _("corrected: expected another value than delivered, {figure}", figure=new.delivered)
        )
    guard = (*new.series, new.month, new.department_code, new.delivered)
    for old in before:
        if guard == (*old.series, old.month, old.department_code, old.delivered):
            wrong.append(
                _(
                    "delivered: expected one entry per figure; entry {entry} has it too",
                    entry=old.entry,
                )
            )
    return wrong


def record_register(
    connection: duckdb.DuckDBPyConnection, register: Sequence[Correction]
) -> set[Month]:
    """Make ``contract.corrections`` what the register says; the months of entries that changed."""
    before = read_register(connection)
    if before == list(register):
        return set()
    replace_rows(connection, "contract.corrections", [astuple(entry) for entry in register])

    def counted(entries: Iterable[Correction]) -> Counter[Correction]:
        return Counter(replace(entry, entry=0) for entry in entries)

    old, new = counted(before), counted(register)
    return {entry.month for entry in (old - new) + (new - old)}


def read_register(connection: duckdb.DuckDBPyConnection) -> list[Correction]:
    """The register as the warehouse has it."""
    rows = connection.execute("from contract.corrections order by entry").fetchall()
    return [Correction(*row) for row in rows]


class Register:
    """The entries in effect at some point of the fold, and where they were applied."""

    def __init__(self, positions: dict[str, int]) -> None:
        self._positions = positions
        self._in_effect: dict[tuple[str, str, Month], list[Correction]] = defaultdict(list)
        self._applied: dict[tuple[int, int], dict[str, Any]] = {}

    def add(self, correction: Correction) -> None:
        """From now on it counts."""
        self._in_effect[*correction.series, correction.month].append(correction)

    def correct(
        self, source: str, indicator: str, month: Month, block: Block
    ) -> tuple[Block, list[Correction]]:
        """``block`` with every figure replaced that an entry guards, and those entries."""
        fitting = [
            entry
            for entry in self._in_effect.get((source, indicator, month), ())
            if block.values[at := self._positions[entry.department_code]] == entry.delivered
            and not block.corrected[at]
        ]
        if not fitting:
            return block, []
        values, corrected = block.values.copy(), block.corrected.copy()
        for entry in fitting:
            at = self._positions[entry.department_code]
            values[at], corrected[at] = entry.corrected, True
        return replace(block, values=values, corrected=corrected), fitting

    def note(
        self, entries: Iterable[Correction], block: Block, delivery: int, held_by: str | None = None
    ) -> None:
        """Remember that ``entries`` were applied to figures of a delivery (its ordinal)."""
        for entry in entries:
            at = self._positions[entry.department_code]
            self._applied[entry.entry, delivery] = {
                **vars(entry),
                "delivery": delivery,
                "row_number": int(block.rows[at]),
                "held_by": held_by,
            }

    def frame(self, delivery_ids: Sequence[str]) -> pd.DataFrame:
        """Where entries were applied, columns as ``validated.corrections``."""
        import pandas as pd  # commands that only read needn't wait for it

        rows = [
            {**row, "delivery_id": delivery_ids[row["delivery"]]} for row in self._applied.values()
        ]
        return pd.DataFrame(rows, columns=tables()["validated.corrections"].column_names)

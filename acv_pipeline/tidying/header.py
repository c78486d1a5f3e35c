"""Where the tables of a sheet are, and what their columns mean.

Here: finding header rows by the contract's synonyms, and the months that headers name.
Not here: the rows below (``rows``) and which month or indicator wins (``statements``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.reading import DeliveryRefused, Sheet
from acv_pipeline.tidying.fold import compact, fold, plain
from acv_pipeline.tidying.months import MonthReader

HEADER_LINES = 30
TERRITORY = ("department_code", "department_name", "region_code", "region_name", "national")
SEVERAL_ALLOWED = ("indicator", "indicator_id", "ignored")


@dataclass(frozen=True)
class Table:
    """A header row and the rows below it.

    Attributes:
        sheet: where it stands.
        header_at: the header's row in ``sheet.cells``, from 0.
        columns: column positions by meaning.
        month_columns: month by column position, where a column holds one month's figures.
    """

    sheet: Sheet
    header_at: int
    columns: dict[str, tuple[int, ...]]
    month_columns: dict[int, Month]

    @cached_property
    def header(self) -> list[str]:
        """The header cells as received."""
        return [str(text) for text in self.sheet.cells.iloc[self.header_at]]

    @cached_property
    def title(self) -> list[str]:
        """The cells above the header that say something."""
        above = self.sheet.cells.iloc[: self.header_at].to_numpy().ravel()
        return [text for text in above if text.strip()]

    @cached_property
    def body(self) -> pd.DataFrame:
        """The rows below the header, without the blank ones at the end."""
        below = self.sheet.cells.iloc[self.header_at + 1 :]
        last = 0
        for column in below:
            filled = (below[column].str.strip() != "").to_numpy().nonzero()[0]
            last = max(last, int(filled[-1]) + 1 if len(filled) else 0)
        return below.iloc[:last]

    def text(self, meaning: str) -> pd.Series:
        """The cells of a meaning; blank where the table has no such column."""
        if positions := self.columns.get(meaning):
            return self.body[positions[0]]
        return pd.Series("", index=self.body.index, dtype="str")


@dataclass(frozen=True)
class HeaderFinder:
    """Finds tables with the names a source gives its columns."""

    contract: Contract
    source: Source

    @cached_property
    def meanings(self) -> dict[str, str]:
        """Meaning by folded column name; the source's own names come first."""
        names: dict[str, str] = {}
        for meaning, synonyms in self.contract.headers_of(self.source.id).items():
            for synonym in synonyms:
                names.setdefault(compact(synonym), meaning)
        own = {
            compact(synonym): meaning
            for meaning, synonyms in self.source.headers.items()
            for synonym in synonyms
        }
        return names | own

    def find(self, sheet: Sheet, file_name: str) -> Table:
        """The table of ``sheet``.

        Raises:
            DeliveryRefused: ``no_header``, ``no_department_column``, ``no_value_column`` or
                ``duplicate_column``, listing what was found and what was expected.
        """
        lines = sheet.cells.iloc[:HEADER_LINES]
        best: tuple[int, int] = (0, 0)
        for position in range(len(lines)):
            columns, months = self._columns([str(text) for text in lines.iloc[position]])
            named = set(columns) - {"ignored"}
            score = len(named) + (1 if months else 0)
            if score >= 2 and score > best[0]:
                best = (score, position)
        score, position = best
        where = _where(file_name, sheet)
        if not score:
            shown = next((r for r in lines.to_numpy().tolist() if any(c.strip() for c in r)), [])
            raise DeliveryRefused(
                "no_header",
                f"{where}: no row with column names among the first {HEADER_LINES} lines; the "
                f"first line says {_listed(shown)}; expected {self._expected()}",
                f"{where} : aucune ligne d'intitulés parmi les {HEADER_LINES} premières ; la "
                f"première ligne porte {_listed(shown)} ; attendu : {self._expected()}",
            )
        header = [str(text) for text in lines.iloc[position]]
        columns, months = self._columns(header)
        self._check(where, header, columns, months)
        columns = self._without_twins(where, sheet, position, header, columns)
        return Table(sheet, position, columns, months)

    def _columns(self, header: list[str]) -> tuple[dict[str, tuple[int, ...]], dict[int, Month]]:
        found: dict[str, list[int]] = defaultdict(list)
        months: dict[int, Month] = {}
        for position, text in enumerate(header):
            if not text.strip() or len(text) > 200:
                continue
            if meaning := self.meanings.get(compact(text)):
                found[meaning].append(position)
            elif month := self._month_of_header(text):
                months[position] = month
        return {meaning: tuple(places) for meaning, places in found.items()}, months

    def _month_of_header(self, text: str) -> Month | None:
        """The month of ``mars 2021``, ``2021-03-31`` or ``Cumul à fin mars 2021``."""
        months = MonthReader(self.contract)
        if month := months.cell(plain(text)).month:
            return month
        reads = [read for read in months.within(text) if read.month]
        if len(reads) != 1:
            return None
        start, end = reads[0].span
        rest = plain(text)[:start] + " " + plain(text)[end:]
        words = [word for word in fold(rest).split() if word not in {"au", "a", "fin", "le", "en"}]
        if not words or self.meanings.get("".join(words)) in ("cumulative", "month"):
            return reads[0].month
        return None

    def _check(
        self,
        where: str,
        header: list[str],
        columns: dict[str, tuple[int, ...]],
        months: dict[int, Month],
    ) -> None:
        missing = None
        if not any(meaning in columns for meaning in TERRITORY):
            missing = ("no_department_column", "département", "department_code")
        elif "cumulative" not in columns and not months:
            missing = ("no_value_column", "cumul", "cumulative")
        if missing:
            code, what, meaning = missing
            names = ", ".join(self.contract.headers_of(self.source.id)[meaning])
            raise DeliveryRefused(
                code,
                f"{where}: no column for {what}; found {_listed(header)}; expected one named "
                f"{names}",
                f"{where} : pas de colonne pour {what} ; trouvé {_listed(header)} ; attendu une "
                f"colonne nommée {names}",
            )
        if months and "cumulative" in columns:
            self._refuse_twins(where, header, [*columns["cumulative"], *months], "cumulative")
        for month in set(months.values()):
            places = [place for place, other in months.items() if other == month]
            if len(places) > 1:
                self._refuse_twins(where, header, places, str(month)[:7])

    def _without_twins(
        self,
        where: str,
        sheet: Sheet,
        position: int,
        header: list[str],
        columns: dict[str, tuple[int, ...]],
    ) -> dict[str, tuple[int, ...]]:
        """Two columns of one meaning are fine when they are identical."""
        body = sheet.cells.iloc[position + 1 :]
        for meaning, places in columns.items():
            if meaning in SEVERAL_ALLOWED or len(places) == 1:
                continue
            if any(not body[places[0]].equals(body[other]) for other in places[1:]):
                self._refuse_twins(where, header, list(places), meaning)
        return columns

    def _refuse_twins(self, where: str, header: list[str], places: list[int], meaning: str) -> None:
        names = _listed([header[place] for place in places])
        raise DeliveryRefused(
            "duplicate_column",
            f"{where}: several columns for {meaning} with different content: {names}; keep one",
            f"{where} : plusieurs colonnes pour {meaning} au contenu différent : {names} ; n'en "
            "garder qu'une",
        )

    def _expected(self) -> str:
        names = self.contract.headers_of(self.source.id)
        return "; ".join(
            ", ".join(names[meaning][:6]) for meaning in ("department_code", "month", "cumulative")
        )


def _where(file_name: str, sheet: Sheet) -> str:
    return f"{file_name}, sheet {sheet.name}" if sheet.name else file_name


def _listed(texts: list[str]) -> str:
    shown = [text for text in texts if text.strip()]
    more = f" and {len(shown) - 30} more" if len(shown) > 30 else ""
    return ", ".join(f"“{text[:60]}”" for text in shown[:30]) + more

"""Where the tables of a sheet are, and what their columns mean.

Here: finding header rows by the contract's synonyms, and the months that headers name.
Not here: the rows below (``rows``) and which month or indicator wins (``statements``).
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pandas as pd

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.reading import DeliveryRefused, Sheet
from acv_pipeline.tidying.column import Column, Lexicon, constant, distinct, of_contract, texts_of
from acv_pipeline.tidying.fold import compact, fold, plain
from acv_pipeline.tidying.months import MonthReader, day_order
from acv_pipeline.tidying.territories import PlaceReader

HEADER_LINES = 30
SMALLEST_BLOCK = 64
TERRITORY = ("department_code", "department_name", "region_code", "region_name", "national")
SEVERAL_ALLOWED = ("indicator", "indicator_id", "ignored")
FILLER = {"a", "au", "fin", "le", "en", "de", "du", "mois"}

Columns = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Table:
    """A header row and the rows below it.

    Attributes:
        sheet: where it stands.
        title: the cells above the header that say something.
        header_at: the header's row in ``sheet.cells``, from 0.
        end: the row after the table's last, from 0.
        columns: column positions by meaning.
        month_columns: month by column position, where a column holds one month's figures.
    """

    sheet: Sheet
    title: tuple[str, ...]
    header_at: int
    end: int
    columns: Columns
    month_columns: dict[int, Month]

    @cached_property
    def header(self) -> list[str]:
        """The header cells as received."""
        return _texts(self.sheet.cells.iloc[self.header_at])

    @cached_property
    def body(self) -> pd.DataFrame:
        """The rows below the header, without the blank ones at the end."""
        below = self.sheet.cells.iloc[self.header_at + 1 : self.end]
        end, block = len(below), SMALLEST_BLOCK
        while end > 0:  # from the end: it is rarely blank for long
            start = max(0, end - block)
            lines = below.iloc[start:end].to_numpy(dtype=object)
            filled = [place for place, row in enumerate(lines) if "".join(row).strip()]
            if filled:
                return below.iloc[: start + filled[-1] + 1]
            end, block = start, block * 2
        return below.iloc[:0]

    @cached_property
    def _read(self) -> dict[int, Column[str]]:
        return {}

    def column(self, position: int) -> Column[str]:
        """The cells of the column at ``position``."""
        if position not in self._read:
            self._read[position] = texts_of(self.body[position])
        return self._read[position]

    def cells(self, position: int) -> Column[str]:
        """The same, for columns whose texts need not be known: they may mean nothing."""
        return self._read.get(position) or distinct(self.body[position])

    def text(self, meaning: str) -> Column[str]:
        """The cells of a meaning; blank where the table has no such column."""
        if positions := self.columns.get(meaning):
            return self.column(positions[0])
        return constant("", len(self.body))


@dataclass(frozen=True)
class HeaderFinder:
    """Finds tables by the names a source gives its columns."""

    contract: Contract
    source: Source

    @cached_property
    def meanings(self) -> dict[str, str]:
        """Meaning by folded column name; the source's own names win."""
        names: dict[str, str] = {}
        for headers in (self.source.headers, self.contract.headers):
            for meaning, synonyms in headers.items():
                for synonym in synonyms:
                    names.setdefault(compact(synonym), meaning)
        return names

    @property
    def _months(self) -> MonthReader:
        return of_contract(MonthReader, self.contract)

    @cached_property
    def _names_territories(self) -> Lexicon[str, bool]:
        """Whether a text is the name of a column of territories."""
        return Lexicon(lambda text: self.meanings.get(compact(text)) in TERRITORY)

    def find(self, sheet: Sheet, file_name: str) -> list[Table]:
        """The tables of ``sheet``, one below the other.

        Raises:
            DeliveryRefused: ``no_header``, ``no_department_column``, ``no_value_column``,
                ``duplicate_column`` or ``ambiguous_value_column``, listing what was found and
                what was expected.
        """
        where = f"{file_name}, sheet {sheet.name}" if sheet.name else file_name
        lines = sheet.cells.iloc[:HEADER_LINES].to_numpy(dtype=object).tolist()
        score, position = max(
            ((self._score(line), -place) for place, line in enumerate(lines)), default=(0, 0)
        )
        position = -position
        if score < 2:
            raise self._no_header(where, lines)
        first = self._table(where, sheet, position, _said(lines[:position]))
        tables = [first]
        for place in self._further_headers(first):
            previous = tables[-1]
            tables[-1] = dataclasses.replace(previous, end=place + 1)
            title = self._title_above(sheet, previous.header_at, place)
            tables.append(self._table(where, sheet, place, title or previous.title))
        return tables

    def is_header(self, cells: list[str]) -> bool:
        """Whether a line names columns, that of territories among them."""
        territory = any(self.meanings.get(compact(cell)) in TERRITORY for cell in cells)
        return territory and self._score(cells) >= 2

    def _score(self, header: list[str]) -> int:
        """How many meanings a line names; a line with all it takes beats any other."""
        columns, months = self._columns(header)
        complete = bool(set(TERRITORY) & set(columns)) and bool(months or "cumulative" in columns)
        return len(set(columns) - {"ignored"}) + (1 if months else 0) + 100 * complete

    def _further_headers(self, first: Table) -> list[int]:
        """Rows below the first table's header that are headers again."""
        territories = {place for meaning in TERRITORY for place in first.columns.get(meaning, ())}
        found: set[int] = set()
        for place in territories:
            again = self._names_territories.of(first.column(place)).array(bool, bool)
            found.update(first.body.index[again])
        cells = first.sheet.cells
        places = cells.index.get_indexer(pd.Index(list(found))).tolist()
        return sorted(place for place in places if self.is_header(_texts(cells.iloc[place])))

    def _title_above(self, sheet: Sheet, after: int, header_at: int) -> tuple[str, ...]:
        """The lines of one cell just above a further header."""
        lines: list[list[str]] = []
        for place in range(header_at - 1, after, -1):
            filled = _said([_texts(sheet.cells.iloc[place])])
            if len(filled) > 1:
                break
            lines.append(list(filled))
        return _said(lines[::-1])

    def _table(self, where: str, sheet: Sheet, position: int, title: tuple[str, ...]) -> Table:
        header = _texts(sheet.cells.iloc[position])
        columns, months = self._columns(header)
        body = sheet.cells.iloc[position + 1 :]
        columns = self._sort_territories(columns, body)
        self._check_complete(where, header, columns, months)
        twins = [
            (meaning, places)
            for meaning, places in columns.items()
            if meaning not in SEVERAL_ALLOWED
        ]
        for month in dict.fromkeys(months.values()):
            places = tuple(place for place, other in months.items() if other == month)
            twins.append((f"{month:%Y-%m}", places))
        for meaning, places in twins:
            if any(not body[places[0]].equals(body[other]) for other in places[1:]):
                raise _duplicate(where, meaning, [header[place] for place in places])
        once: dict[Month, int] = {}
        for place, month in months.items():
            once.setdefault(month, place)
        by_place = {place: month for month, place in once.items()}
        return Table(sheet, title, position, len(sheet.cells), columns, by_place)

    def _columns(self, header: list[str]) -> tuple[Columns, dict[int, Month]]:
        found: dict[str, list[int]] = defaultdict(list)
        months: dict[int, Month] = {}
        order = day_order(map(plain, header))
        for position, text in enumerate(header):
            if not text.strip() or len(text) > 200:
                continue
            if meaning := self.meanings.get(compact(text)):
                found[meaning].append(position)
            elif month := self._month_of_header(text, order):
                months[position] = month
        return {meaning: tuple(places) for meaning, places in found.items()}, months

    @cached_property
    def _month_of_header(self) -> Callable[[str, str], Month | None]:
        return lru_cache(maxsize=1 << 16)(self._read_month)

    def _read_month(self, text: str, order: str) -> Month | None:
        """The month of ``mars 2021``, ``2021-03-31`` or ``Cumul à fin mars 2021``."""
        if month := self._months.cell(plain(text), order).month:
            return month
        reads = [read for read in self._months.within(text) if read.month]
        if len(reads) != 1:
            return None
        start, end = reads[0].span
        rest = fold(plain(text)[:start] + " " + plain(text)[end:])
        words = [word for word in rest.split() if word not in FILLER]
        meaning = self.meanings.get("".join(words)) or self.meanings.get(compact(rest))
        return reads[0].month if not words or meaning in ("cumulative", "month") else None

    def _sort_territories(self, columns: Columns, body: pd.DataFrame) -> Columns:
        """Where several columns could be a territory's code or name, look at what they hold."""
        columns = dict(columns)
        for level in ("department", "region"):
            code, name = f"{level}_code", f"{level}_name"
            places = [*columns.get(code, ()), *columns.get(name, ())]
            if len(columns.get(code, ())) < 2 and len(columns.get(name, ())) < 2:
                continue
            reader = of_contract(PlaceReader, self.contract, level)
            held = {place: _held(reader, body[place]) for place in places}
            codes = [place for place, what in held.items() if what == "code"]
            names = [place for place, what in held.items() if what == "name"]
            if len(codes) == 1 and len(names) <= 1:
                columns[code] = tuple(codes)
                columns.pop(name, None)
                if names:
                    columns[name] = tuple(names)
        return columns

    def _check_complete(
        self, where: str, header: list[str], columns: Columns, months: dict[int, Month]
    ) -> None:
        if not any(meaning in columns for meaning in TERRITORY):
            raise self._missing(where, header, "no_department_column", "department_code")
        if "cumulative" not in columns and not months:
            raise self._missing(where, header, "no_value_column", "cumulative")
        if "cumulative" in columns and months:
            names = _listed([header[place] for place in (*columns["cumulative"], *months)])
            raise DeliveryRefused(
                "ambiguous_value_column",
                f"{where} has both a column of figures and columns for single months: {names}; "
                "keep the cumulative figures only",
                f"{where} a une colonne de chiffres et des colonnes par mois : {names} ; ne garder "
                "que les chiffres cumulés",
            )

    def _missing(self, where: str, header: list[str], code: str, meaning: str) -> DeliveryRefused:
        names = ", ".join(self.contract.headers_of(self.source.id)[meaning])
        what = {"department_code": "the département", "cumulative": "the cumulative figure"}[
            meaning
        ]
        what_fr = {"department_code": "le département", "cumulative": "le cumul"}[meaning]
        return DeliveryRefused(
            code,
            f"{where}: no column for {what}; found {_listed(header)}; expected one named {names}",
            f"{where} : pas de colonne pour {what_fr} ; trouvé {_listed(header)} ; attendu une "
            f"colonne nommée {names}",
        )

    def _no_header(self, where: str, lines: list[list[str]]) -> DeliveryRefused:
        names = self.contract.headers_of(self.source.id)
        expected = "; ".join(
            ", ".join(names[meaning][:6]) for meaning in ("department_code", "month", "cumulative")
        )
        shown = _listed(next((line for line in lines if "".join(line).strip()), []))
        return DeliveryRefused(
            "no_header",
            f"{where}: no row with column names among the first {HEADER_LINES} lines; the first "
            f"line says {shown or 'nothing'}; expected {expected}",
            f"{where} : aucune ligne d'intitulés parmi les {HEADER_LINES} premières ; la première "
            f"porte {shown or 'rien'} ; attendu : {expected}",
        )


def _held(reader: PlaceReader, cells: pd.Series[str]) -> str:
    """Whether most distinct cells are codes or names of territories, or neither."""
    texts = [text for text in cells.unique() if text.strip()]
    codes = sum(reader.code_of(text) is not None for text in texts)
    names = sum(reader.read(text).named is not None for text in texts)
    best, what = max((codes, "code"), (names, "name"))
    return what if 2 * best > len(texts) else "neither"


def _duplicate(where: str, meaning: str, names: list[str]) -> DeliveryRefused:
    return DeliveryRefused(
        "duplicate_column",
        f"{where}: several columns for {meaning} with different content: {_listed(names)}; keep "
        "one",
        f"{where} : plusieurs colonnes pour {meaning} au contenu différent : {_listed(names)} ; "
        "n'en garder qu'une",
    )


def _texts(row: pd.Series[str]) -> list[str]:
    return [str(text) for text in row]


def _said(lines: list[list[str]]) -> tuple[str, ...]:
    return tuple(text for line in lines for text in line if text.strip())


def _listed(texts: list[str]) -> str:
    shown = [text for text in texts if text.strip()]
    more = f" and {len(shown) - 30} more" if len(shown) > 30 else ""
    return ", ".join(f"“{text[:60]}”" for text in shown[:30]) + more

"""Where the tables of a sheet are: a header of one or two lines, and the rows below it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.language import Both, both, marked
from acv_pipeline.reading import DeliveryRefused, Sheet
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.month_reader import day_order
from acv_pipeline.tidying.names import TERRITORY, ColumnName, ColumnNames
from acv_pipeline.tidying.numbers import no_figure_tokens, number_test
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.refusals import both_readings, of_sheet, quoted
from acv_pipeline.tidying.table import Columns, Header, Line, Table
from acv_pipeline.tidying.texts import clean, compact, plain

HEADER_LINES = 30
SEVERAL_ALLOWED = ("indicator", "indicator_id", "ignored", "label", "part", "part_of_territory")


@dataclass(frozen=True)
class HeaderFinder:
    """Finds tables by the names a source gives its columns."""

    contract: Contract
    source: Source

    @cached_property
    def names(self) -> ColumnNames:
        """What columns are called."""
        return ColumnNames(self.contract, self.source)

    def find(self, sheet: Sheet, file_name: str) -> list[Table]:
        """The tables of ``sheet``, one below the other.

        Raises:
            DeliveryRefused: ``no_header``, ``no_department_column``, ``no_value_column``,
                ``duplicate_column``, ``ambiguous_value_column`` or ``ambiguous_month``, listing
                what was found and what was expected.
        """
        where = of_sheet(file_name, sheet.name)
        lines = sheet.cells.iloc[:HEADER_LINES].to_numpy(dtype=object).tolist()
        head = max(
            (self._one_line(line, place) for place, line in enumerate(lines)),
            key=lambda header: (header.score, -header.first),
            default=None,
        )
        named = head.score if head else 0
        if head is not None:
            head = self._with_second_line(head, lines[head.first : head.first + 2])
            head = self._with_line_above(head, lines)
        columns = sum(bool(name.text.strip()) for name in head.names) if head else 0
        names_territory = head is not None and columns > 1 and set(TERRITORY) & set(head.columns)
        if head is None or (max(named, head.score) < 2 and not names_territory):
            raise self._no_header(where, lines)
        first = self._table(where, sheet, head, tuple(map(tuple, lines[: head.first])))
        tables = [first]
        for place in self._further_headers(first):
            previous = tables[-1]
            pair = sheet.cells.iloc[place : place + 2].to_numpy(dtype=object).tolist()
            further = self._with_second_line(self._one_line(pair[0], place), pair)
            title = self._title_above(sheet, previous.head.last, place)
            own_end = self._title_begins(sheet, previous.head.last, place)
            tables[-1] = dataclasses.replace(previous, end=place + 1, own_end=own_end)
            tables.append(self._table(where, sheet, further, title or previous.title))
        return tables

    def is_header(self, cells: Line) -> bool:
        """Whether a line names columns, that of territories among them."""
        territory = any(self.names.meaning(cell) in TERRITORY for cell in cells)
        return territory and self._one_line(cells, 0).score >= 2

    def _one_line(self, line: Line, place: int) -> Header:
        order = day_order(map(plain, line))
        names = [self.names.name(text, order) for text in line]
        wholes = [at for at, text in enumerate(line) if self.names.is_whole(text)]
        if len(wholes) == 1 and any(map(self.names.is_part, line)):
            names[wholes[0]] = ColumnName(line[wholes[0]], "cumulative")
        return Header(place, place, tuple(names))

    def _two_lines(self, first: int, top: Line, bottom: Line) -> Header:
        """A header of two lines; a name of the first that is followed by blanks spans them."""
        order = day_order(map(plain, [*top, *bottom]))
        spans: list[tuple[str, int]] = []
        territory = False  # a name above the territories goes no further than they do
        for upper, lower in zip(top, bottom, strict=True):
            before, territory = territory, self.names.meaning(lower) in TERRITORY
            spanned = spans and not upper.strip() and lower.strip() and (territory or not before)
            at = spans[-1][1] if spanned else len(spans)
            spans.append((spans[-1][0] if spanned else upper, at))
        sizes = [sum(at == other for _, other in spans) for _, at in spans]
        names = (
            self.names.name_of_two(upper, lower, order, alone=size == 1)
            for (upper, _), lower, size in zip(spans, bottom, sizes, strict=True)
        )
        return Header(first, first + 1, tuple(names))

    def _with_second_line(self, head: Header, pair: list[Line]) -> Header:
        """The header with the line below it, where that is a second line of names."""
        if head.score < 1 or len(pair) < 2 or not self._continues(head, *pair):
            return head
        return self._two_lines(head.first, *pair)

    def _continues(self, head: Header, top: Line, bottom: Line) -> bool:
        """Whether ``bottom`` is the second line of a header whose first is ``top``."""
        said = [(place, text) for place, text in enumerate(bottom) if text.strip()]
        if not said or bottom == top:
            return False
        territories = {p for meaning in TERRITORY for p in head.columns.get(meaning, ())}
        for place, text in said:
            named = self.names.name(text).meaning is not None
            same = compact(text) == compact(top[place])
            if place in territories and not (named or same):
                return False
            if not named and not self._is_words(text):
                return False
        figures = {*head.columns.get("cumulative", ()), *head.months}
        if not any(
            place in figures
            or not top[place].strip()
            or self.names.name(f"{top[place]} {text}").month
            for place, text in said
        ):
            return False
        # the header again, in words or in code names, is a row of its own
        adds = any(not top[place].strip() for place, _ in said)
        return adds or not self.is_header(bottom)

    def _is_words(self, text: str) -> bool:
        """Whether a cell holds words, and neither a number nor the lack of one."""
        if number_test(self.contract)(text):  # "1 650 logements"
            return False
        known = no_figure_words(self.contract)
        return any(c.isalpha() or c == "%" for c in text) and plain(clean(text)) not in known

    def _with_line_above(self, head: Header, lines: list[Line]) -> Header:
        """The header with the line above it, where that says more of the columns of figures."""
        if head.first != head.last or head.first == 0 or not lines:
            return head
        top, bottom = lines[head.first - 1], lines[head.first]
        territories = [p for meaning in TERRITORY for p in head.columns.get(meaning, ())]
        if top[0].strip() and not any(text.strip() for text in top[1:]):
            return head  # a title
        labelled = [place for place in territories if top[place].strip()]
        if not any(text.strip() for text in top) or len(labelled) > (len(territories) > 1):
            return head
        figures = [*head.columns.get("cumulative", ()), *head.months]
        if sum(self.names.holds_date(text) for text in top) == 1:
            return head  # a line about a date, with its label
        last = max(territories, default=-1)  # what stands above the territories names no figures
        group = ["" if at <= last and at not in figures else text for at, text in enumerate(top)]
        both = self._two_lines(head.first - 1, group, bottom)
        above = any(
            group[at].strip() or both.names[at].meaning != head.names[at].meaning for at in figures
        )
        return both if (both.is_complete and not head.is_complete) or above else head

    def _further_headers(self, first: Table) -> list[int]:
        """Positions below the first table's header that are headers again, or those of others."""
        territories = {place for meaning in TERRITORY for place in first.columns.get(meaning, ())}
        found: set[int] = set()
        for place in territories:
            again = first.column(place).where(lambda text: self.names.meaning(text) in TERRITORY)
            found.update((again.nonzero()[0] + first.head.last + 1).tolist())
        cells, is_number = first.sheet.cells, number_test(self.contract)
        return sorted(
            place
            for place in found
            if not any(is_number(cells[column].iloc[place]) for column in first.value_columns)
            and self._names_columns(_texts(cells.iloc[place]))
        )

    def _names_columns(self, line: Line) -> bool:
        """Whether a line that names territories names columns, of a table of ours or another."""
        said = [text for text in line if text.strip()]
        return self.is_header(line) or (
            len(said) > 1 and all(any(c.isalpha() for c in text) for text in said)
        )

    def _title_above(self, sheet: Sheet, after: int, header_at: int) -> tuple[tuple[str, ...], ...]:
        """The lines of one cell just above a further header."""
        lines: list[tuple[str, ...]] = []
        for place in range(header_at - 1, after, -1):
            line = _texts(sheet.cells.iloc[place])
            if sum(bool(text.strip()) for text in line) > 1:
                break
            lines.append(tuple(line))
        return tuple(line for line in lines[::-1] if any(text.strip() for text in line))

    def _title_begins(self, sheet: Sheet, after: int, header_at: int) -> int | None:
        """The blank line between a table and the title of the next; None where there is none."""
        has_title = False
        for place in range(header_at - 1, after, -1):
            filled = sum(bool(text.strip()) for text in _texts(sheet.cells.iloc[place]))
            if filled > 1 or (has_title and not filled):
                return None if filled else place
            has_title = has_title or filled == 1
        return None

    def _table(
        self, where: Both | str, sheet: Sheet, head: Header, title: tuple[tuple[str, ...], ...]
    ) -> Table:
        header = [name.text for name in head.names]
        body = sheet.cells.iloc[head.last + 1 :]
        for name in head.names:
            if name.month and name.month.problem:
                raise both_readings(where, name.text, name.month)
        columns = self._sort_territories(_filled(head.columns, body), body)
        self._check_complete(where, header, columns, head)
        twins = [
            (meaning, places)
            for meaning, places in columns.items()
            if meaning not in SEVERAL_ALLOWED
        ]
        for month in dict.fromkeys(head.months.values()):
            places = tuple(place for place, other in head.months.items() if other == month)
            twins.append((f"{month:%Y-%m}", places))
        for meaning, places in twins:
            if any(not body[places[0]].equals(body[other]) for other in places[1:]):
                raise _duplicate(where, meaning, [header[place] for place in places])
        once: dict[Month, int] = {}
        for place, month in head.months.items():
            once.setdefault(month, place)
        by_place = {place: month for month, place in once.items()}
        return Table(sheet, title, head, len(sheet.cells), columns, by_place)

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
            if codes and len(names) <= 1:
                columns[code] = tuple(codes)
                columns.pop(name, None)
                if names:
                    columns[name] = tuple(names)
        return columns

    def _check_complete(
        self, where: Both | str, header: Line, columns: Columns, head: Header
    ) -> None:
        if not any(meaning in columns for meaning in TERRITORY):
            raise self._missing(where, header, "no_department_column", "department_code")
        if not head.has_figures:
            raise self._missing(where, header, "no_value_column", "cumulative")
        if "cumulative" in columns and head.months:
            names = quoted(header[place] for place in (*columns["cumulative"], *head.months))
            raise DeliveryRefused(
                "ambiguous_value_column",
                both(
                    "{where} has both a column of figures and columns for single months: {names}; "
                    "keep the cumulative figures only",
                    where=where,
                    names=names,
                ),
            )

    def _missing(self, where: Both | str, header: Line, code: str, meaning: str) -> DeliveryRefused:
        names = ", ".join(self.contract.headers_of(self.source.id)[meaning][:6])
        what = {
            "department_code": marked("no column for the département"),
            "cumulative": marked("no column for the cumulative figure"),
        }[meaning]
        said = {"where": where, "what": both(what), "found": quoted(header), "names": names}
        parts = [text for text in header if self.names.names_part(text)]
        if parts and meaning == "cumulative":
            return DeliveryRefused(
                code,
                both(
                    "{where}: {what}; found {found}; {parts} are parts, add the column of their "
                    "total; expected one named {names}, or similarly",
                    parts=quoted(parts),
                    **said,
                ),
            )
        return DeliveryRefused(
            code,
            both(
                "{where}: {what}; found {found}; expected one named {names}, or similarly", **said
            ),
        )

    def _no_header(self, where: Both | str, lines: list[Line]) -> DeliveryRefused:
        names = self.contract.headers_of(self.source.id)
        expected = "; ".join(
            ", ".join(names[meaning][:6]) for meaning in ("department_code", "month", "cumulative")
        )
        shown = next((line for line in lines if "".join(line).strip()), ())
        return DeliveryRefused(
            "no_header",
            both(
                "{where}: no row with column names among the first {count} lines; the first line "
                "says {line}; expected {expected}",
                where=where,
                count=HEADER_LINES,
                line=quoted(shown) if shown else both("nothing"),
                expected=expected,
            ),
        )


def _filled(columns: Columns, body: pd.DataFrame) -> Columns:
    """Of several columns for the same thing, those that hold anything."""
    return {
        meaning: tuple(p for p in places if any(map(str.strip, body[p]))) or places[:1]
        if len(places) > 1
        else places
        for meaning, places in columns.items()
    }


def no_figure_words(contract: Contract) -> dict[str, str]:
    """Kind of "no figure" by word, made once."""
    return of_contract(no_figure_tokens, contract)


def _held(reader: PlaceReader, cells: pd.Series[str]) -> str:
    """Whether most distinct cells are codes or names of territories, or neither."""
    texts = [text for text in cells.unique() if text.strip()]
    codes = sum(reader.code_of(text) is not None for text in texts)
    names = sum(reader.read(text).named is not None for text in texts)
    best, what = max((codes, "code"), (names, "name"))
    return what if 2 * best > len(texts) else "neither"


def _duplicate(where: Both | str, meaning: str, names: Line) -> DeliveryRefused:
    return DeliveryRefused(
        "duplicate_column",
        both(
            "{where}: several columns for {meaning} with different content: {names}; keep one",
            where=where,
            meaning=meaning,
            names=quoted(names),
        ),
    )


def _texts(row: pd.Series[str]) -> Line:
    return [str(text) for text in row]

"""Rows in quarantine as a spreadsheet, to send back to the partner with the reason beside each."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from acv_pipeline.contract import Contract
from acv_pipeline.contract.spelling import unknown
from acv_pipeline.language import _, plural

ABOUT = (
    "fichier / file",
    "reçu le / received on",
    "feuille / sheet",
    "ligne / row",
    "motif",
    "reason",
    "code",
)
"""What stands before the cells as received."""

# What makes a spreadsheet take a text for a formula (OWASP, "CSV injection")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?")
# Written as a number: what every spreadsheet shows as the very text received
_WHOLE = re.compile(r"-?[1-9][0-9]{0,14}|0")

Row = tuple[str, ...]


class ExportError(ValueError):
    """The export cannot be made; the message says why and what is possible."""


def waiting(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    *,
    source: str | None = None,
    delivery: str | None = None,
) -> list[Row]:
    """The rows that wait in quarantine, under a header, which is there even if no row is.

    A row is ``ABOUT``, then its cells as received, each under the name it has in the delivery's
    own header.

    Args:
        source: only rows of this source.
        delivery: only rows of this delivery: its sha256 or the first characters.

    Raises:
        ExportError: no such delivery, or several.
        UnknownNameError: no such source.
    """
    if source is not None and source not in contract.sources:
        raise unknown(_("source"), source, contract.sources)
    return _table(
        connection, source, delivery if delivery is None else _delivery(connection, delivery)
    )


def export(table: Sequence[Row], path: Path) -> None:
    """Write what is ``waiting`` to a spreadsheet.

    Texts that a spreadsheet would run as a formula get an apostrophe in front; numbers, negative
    ones too, are left as they are.

    Args:
        path: ``.xlsx`` or ``.csv`` (UTF-8 with BOM, semicolons: what a French Excel opens).

    Raises:
        ExportError: another extension, or a file that can't be written.
    """
    if path.suffix.lower() not in _WRITERS:
        raise ExportError(_("{file}: the name must end in .xlsx or .csv", file=path.name))
    try:
        _WRITERS[path.suffix.lower()](path, table)
    except OSError as error:
        why = error.strerror or error
        raise ExportError(_("cannot write {path}: {why}", path=path, why=why)) from error


def _delivery(connection: duckdb.DuckDBPyConnection, beginning: str) -> str:
    found = connection.execute(
        "select delivery_id from raw.deliveries where starts_with(delivery_id, ?)",
        [beginning.lower()],
    ).fetchall()
    if len(found) != 1:
        raise ExportError(
            plural(
                "'{beginning}' is the beginning of {count} delivery",
                "'{beginning}' is the beginning of {count} deliveries: give more characters",
                len(found),
                beginning=beginning,
            )
            if found
            else _("'{beginning}' is the beginning of no delivery", beginning=beginning)
        )
    return str(found[0][0])


def _table(
    connection: duckdb.DuckDBPyConnection, source: str | None, delivery: str | None
) -> list[Row]:
    """Header and rows; deliveries with other columns share those of the same name."""
    found = connection.execute(
        """
        select
            deliveries.file_name, deliveries.delivered_on, rows.sheet,
            coalesce(rows.sheet_row, rows.row_number), rows.reason_fr, rows.reason,
            rows.reason_code, rows.cells, deliveries.header
        from validated.quarantined_rows as rows
        join raw.deliveries as deliveries using (delivery_id)
        where rows.released_by is null
            and ($source is null or rows.source = $source)
            and ($delivery is null or rows.delivery_id = $delivery)
        order by deliveries.delivered_on, rows.source, deliveries.file_name, rows.delivery_id,
            rows.row_number
        """,
        {"source": source, "delivery": delivery},
    ).fetchall()
    placed = []
    for *about, cells, header in found:
        names = _names(header or [], len(cells or []))
        placed.append((about, dict(zip(names, cells or [], strict=True))))
    columns = dict.fromkeys(name for _about, received in placed for name in received)
    rows = [
        (
            *("" if value is None else str(value) for value in about),
            *(received.get(name) or "" for name in columns),
        )
        for about, received in placed
    ]
    return [(*ABOUT, *columns), *rows]


def _names(header: Sequence[str | None], width: int) -> list[str]:
    """One name per cell: the header's, the column's letter where it has none, each only once."""
    names: list[str] = []
    for at in range(width):
        name = (header[at] or "").strip() if at < len(header) else ""
        name = name or f"colonne / column {xl_col_to_name(at)}"
        times = names.count(name)
        while name in names:
            times += 1
            name = f"{name} ({times})"
        names.append(name)
    return names


def harmless(text: str) -> str:
    """``text`` with an apostrophe in front where a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _write_csv(path: Path, table: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        for row in table:
            writer.writerow([harmless(cell) for cell in row])


def _write_xlsx(path: Path, table: Sequence[Row]) -> None:
    header, *rows = table
    with path.open("wb") as file, Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("quarantaine")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 18)
        sheet.set_column(ABOUT.index("motif"), ABOUT.index("reason"), 60)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(header):
            sheet.write_string(0, column, harmless(name), bold)
        for line, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if _WHOLE.fullmatch(cell):
                    sheet.write_number(line, column, int(cell))
                else:
                    sheet.write_string(line, column, harmless(cell))


_WRITERS: dict[str, Callable[[Path, Sequence[Row]], None]] = {
    ".xlsx": _write_xlsx,
    ".csv": _write_csv,
}

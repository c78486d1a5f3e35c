"""Opens workbooks and Parquet files in a process of its own, so that no file hurts the caller."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

TEXT, NUMBER, DATE = 0, 1, 2  # as in ``sheet``
BLANK_ROWS_KEPT = 1_000
MERGES_AT_MOST = 200_000
DEFAULT_PASSWORD = "VelvetSweatshop"  # Excel's own, for files that anyone may read
# records of old workbooks
DATE_SYSTEM, FILE_PASS, FONT, END_OF_PART = 0x0022, 0x002F, 0x0031, 0x000A
SECOND, MIDNIGHT = dt.timedelta(seconds=1), dt.time()
Row = list[str]


class Refused(Exception):  # noqa: N818
    """The file can't be used; the arguments are a reason code and a detail."""


def text_of(cell: object) -> tuple[str, int]:
    """A cell as text, without loss, and its kind."""
    if isinstance(cell, str):
        return cell, TEXT
    if isinstance(cell, bool):
        return str(cell).upper(), TEXT
    if isinstance(cell, float | int):
        return text_of_number(cell), NUMBER
    if isinstance(cell, dt.datetime):
        moment = to_the_second(cell)
        midnight = moment.time() == MIDNIGHT
        return moment.date().isoformat() if midnight else moment.isoformat(" "), DATE
    if isinstance(cell, dt.date):
        return cell.isoformat(), DATE
    return str(cell), TEXT


def text_of_number(number: float) -> str:
    """A number with its decimals, those aside that only stem from calculating in binary."""
    if isinstance(number, int) or abs(number) >= 1e15 or number != number:
        return repr(number)
    if number.is_integer():
        return str(int(number))
    whole = round(number)
    return str(whole) if abs(number - whole) <= max(1e-9, 1e-12 * abs(number)) else repr(number)


def to_the_second(moment: dt.datetime) -> dt.datetime:
    """A serial number is no exact time; but the last moments of a day belong to that day."""
    floor = moment.replace(microsecond=0)
    rounded = floor + SECOND if moment.microsecond >= 500_000 else floor
    noise = rounded - moment <= dt.timedelta(milliseconds=1)
    return rounded if noise or rounded.date() == moment.date() else floor


def read_workbook(path: Path, folder: Path, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Every worksheet, hidden ones too, by its cached values; macros are never looked at.

    ``job`` holds limits, and ``merged``: vertical merges by sheet, where the reader can't tell.
    """
    import python_calamine as calamine

    described = []
    try:
        with path.open("rb") as file:
            book = calamine.CalamineWorkbook.from_filelike(file)
            worksheets = [
                (place, sheet)
                for place, sheet in enumerate(book.sheets_metadata)
                if sheet.typ == calamine.SheetTypeEnum.WorkSheet
            ]
            if len(worksheets) > job["sheets"]:
                raise Refused("too_many_sheets", str(len(worksheets)))
            for number, (place, about) in enumerate(worksheets):
                sheet = book.get_sheet_by_index(place)
                merged = job["merged"].get(str(place)) or [
                    (top, left, bottom)
                    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []
                ]
                filled = _write_sheet(folder / str(number), sheet, merged, job)
                visible = about.visible == calamine.SheetVisibleEnum.Visible
                described.append({"name": about.name, "visible": visible, "place": place, **filled})
    except calamine.PasswordError as error:
        raise Refused("encrypted", str(error)) from error
    except calamine.CalamineError as error:
        raise Refused("damaged", str(error)) from error
    return described


def read_old_workbook(path: Path, folder: Path, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The same of an XLS file, with what its records say of the workbook as a whole."""
    records = list(_first_records(path))
    if any(kind == FILE_PASS for kind, _ in records):
        raise Refused("encrypted", "")
    counts_from_1904 = (DATE_SYSTEM, b"\1\0") in records
    has_raised_font = any(kind == FONT and content[8:10] == b"\1\0" for kind, content in records)
    described = read_workbook(path, folder, job)
    notes = _raised_parts(path) if has_raised_font else {}
    return [
        sheet | {"epoch_1904": counts_from_1904, "notes": notes.get(sheet["name"], [])}
        for sheet in described
    ]


def _raised_parts(path: Path) -> dict[str, list[tuple[int, int, list[tuple[str, bool]]]]]:
    """By sheet, the cells with raised parts: row, column, and each part with whether it is so."""
    import xlrd

    found: dict[str, list[tuple[int, int, list[tuple[str, bool]]]]] = {}
    with xlrd.open_workbook(path, formatting_info=True) as book:
        for sheet in book.sheets():
            for (row, column), runs in sheet.rich_text_runlist_map.items():
                text = str(sheet.cell_value(row, column))
                starts = [0, *(start for start, _ in runs), len(text)]
                up = [False, *(book.font_list[font].escapement > 0 for _, font in runs)]
                pairs = zip(starts, starts[1:], up, strict=False)
                parts = [(text[start:end], is_up) for start, end, is_up in pairs]
                if any(up):
                    found.setdefault(sheet.name, []).append((row, column, parts))
    return found


def _write_sheet(
    target: Path, sheet: Any, merged: Iterable[tuple[int, int, int]], job: dict[str, Any]
) -> dict[str, Any]:
    """Leave a sheet's cells and kinds; its row numbers and what merges filled."""
    at: list[int] = []
    texts: list[Row] = []
    kinds: list[list[int]] = []
    width = 0
    before = sheet.start[1] if sheet.start else 0  # columns that the iterator leaves out
    for number, cells in _rows_that_say_something(sheet.iter_rows()):
        pairs = [("", TEXT)] * before + [text_of(cell) for cell in cells]
        at.append(number)
        texts.append([text for text, _ in pairs])
        kinds.append([kind for _, kind in pairs])
        width = max(width, len(pairs))
        _check_size(len(at), width, job)
    texts = [row + [""] * (width - len(row)) for row in texts]
    kinds = [row + [TEXT] * (width - len(row)) for row in kinds]
    filled = _fill_merged(at, texts, kinds, merged)
    write_rows(target.with_suffix(".csv"), texts)
    with target.with_suffix(".kinds").open("wb") as file:
        for row in kinds:
            array("b", row).tofile(file)
    return {"rows": at, "filled": filled}


def _rows_that_say_something(rows: Iterable[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
    """The rows with their numbers, each to its last cell; but no long run of blank ones."""
    pending: list[tuple[int, list[Any]]] = []
    blank = 0
    for number, row in enumerate(rows):
        while row and isinstance(row[-1], str) and not row[-1].strip():
            row.pop()
        if row:
            if blank <= BLANK_ROWS_KEPT:
                yield from pending
            yield number, row
            pending, blank = [], 0
        else:
            blank += 1
            if blank <= BLANK_ROWS_KEPT:
                pending.append((number, row))


def _fill_merged(
    at: list[int], texts: list[Row], kinds: list[list[int]], merged: Iterable[tuple[int, int, int]]
) -> list[tuple[int, int]]:
    """Fill vertically merged cells from their top cell; the positions filled, by row number."""
    filled = []
    place_of = {number: place for place, number in enumerate(at)}
    for top, left, bottom in list(merged)[:MERGES_AT_MOST]:
        first = place_of.get(top)
        if first is None or left >= len(texts[first]) or not texts[first][left]:
            continue
        for place in range(first + 1, len(at)):
            if at[place] > bottom:
                break
            texts[place][left] = texts[first][left]
            kinds[place][left] = kinds[first][left]
            filled.append((at[place], left))
    return filled


def _first_records(path: Path) -> Iterator[tuple[int, bytes]]:
    """The records of an old workbook before its sheets, by their numbers."""
    import olefile

    try:
        with olefile.OleFileIO(path) as container:
            name = next(name for name in ("Workbook", "Book") if container.exists(name))
            stream = container.openstream(name)
            while len(head := stream.read(4)) == 4:
                kind = int.from_bytes(head[:2], "little")
                if kind == END_OF_PART:
                    return
                yield kind, stream.read(int.from_bytes(head[2:], "little"))
    except (OSError, StopIteration) as error:
        raise Refused("damaged", str(error)) from error


def read_parquet(path: Path, folder: Path, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The one table of a Parquet file; its column names become the first row."""
    import duckdb

    link = folder / "delivery.parquet"  # a name without wildcards
    rows_of = f"read_parquet('{link}', hive_partitioning = false)"
    link.symlink_to(path.resolve())
    try:
        duckdb.execute("set memory_limit = '2GB'; set threads = 2")
        duckdb.execute(f"set temp_directory = '{folder}'")
        columns = duckdb.execute(f"describe from {rows_of}").fetchall()
        rows = duckdb.execute(
            "select coalesce(sum(num_rows), 0) from parquet_file_metadata(?)", [str(link)]
        ).fetchall()[0][0]
        _check_size(rows, len(columns), job | {"cells": job["rows"] * 100})
        if any(kind == "BLOB" for _, kind, *_ in columns):
            duckdb.create_function("text_of_bytes", text_of_bytes, ["BLOB"], "VARCHAR")
        typed = [sql_text(name, kind) for name, kind, *_ in columns]
        texts = ", ".join(f"coalesce({text}, '')" for text, _ in typed)
        target = folder / "0.csv"
        write_rows(target, [[name for name, *_ in columns]])
        body = folder / "body.csv"
        duckdb.execute(
            f"copy (select {texts} from {rows_of}) to '{body}' "
            "(format csv, header false, force_quote *)"
        )
        with target.open("ab") as whole, body.open("rb") as rest:
            while chunk := rest.read(1 << 20):
                whole.write(chunk)
    except duckdb.Error as error:
        raise Refused("damaged", str(error).splitlines()[0]) from error
    return [{"name": "", "visible": True, "columns": [kind for _, kind in typed], "filled": []}]


def sql_text(name: str, kind: str) -> tuple[str, int]:
    """How DuckDB makes a column of the type ``kind`` text, and the kind of its cells."""
    column = f'"{name.replace(chr(34), chr(34) * 2)}"'
    if kind.endswith("]"):  # a list is no number, whatever it lists
        return f"{column}::varchar", TEXT
    if kind == "BLOB":
        return f"text_of_bytes({column})", TEXT
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"abs({column} - round({column})) <= greatest(1e-9, 1e-12 * abs({column}))"
        return (
            f"case when abs({column}) < 1e15 and {whole} then round({column})::bigint::varchar "
            f"else {column}::varchar end",
            NUMBER,
        )
    if kind.startswith("DECIMAL"):
        text = f"{column}::varchar"
        return f"if(contains({text}, '.'), rtrim(rtrim({text}, '0'), '.'), {text})", NUMBER
    if kind.endswith(("INT", "INTEGER")):
        return f"{column}::varchar", NUMBER
    if kind == "DATE":
        return f"{column}::varchar", DATE
    if kind == "TIMESTAMP WITH TIME ZONE":
        utc = f"make_timestamp(epoch_us({column}))"
        return f"strftime({utc}, '%Y-%m-%d %H:%M:%S+00:00')", DATE
    if kind.startswith("TIMESTAMP"):
        return (
            f"if({column}::timestamp = date_trunc('day', {column}::timestamp), "
            f"strftime({column}, '%Y-%m-%d'), strftime({column}, '%Y-%m-%d %H:%M:%S'))",
            DATE,
        )
    return f"{column}::varchar", TEXT


def text_of_bytes(content: bytes) -> str:
    """Text that a file holds as bytes, in the encoding it is most likely in."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def decrypt(path: Path, folder: Path, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Leave a workbook that anyone may read, without its encryption, as ``decrypted``."""
    import msoffcrypto

    try:
        with path.open("rb") as file, (folder / "decrypted").open("wb") as target:
            office = msoffcrypto.OfficeFile(file)
            office.load_key(password=DEFAULT_PASSWORD)
            office.decrypt(target)
    except Exception as error:  # another password, or a way of encrypting not known
        raise Refused("encrypted", f"{type(error).__name__}: {error}") from error
    return []


def _check_size(height: int, width: int, limits: dict[str, Any]) -> None:
    if width > limits["columns"]:
        raise Refused("too_many_columns", str(width))
    if height > limits["rows"] or height * width > limits["cells"]:
        raise Refused("too_many_rows", str(height))


def write_rows(path: Path, rows: list[Row]) -> None:
    """Leave rows of text."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)


def _bound_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system: the time limit remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(kind: str, path: str, folder: str, job_json: str) -> int:
    """Read, and leave the result or the refusal in the folder."""
    job = json.loads(job_json)
    target = Path(folder)
    _bound_memory(job["worker_bytes"])
    reader = {
        "workbook": read_workbook,
        "xls": read_old_workbook,
        "parquet": read_parquet,
        "decrypt": decrypt,
    }[kind]
    try:
        sheets = reader(Path(path), target, job)
    except Refused as refused:
        outcome = {"code": refused.args[0], "detail": refused.args[1]}
    except MemoryError:
        outcome = {"code": "too_big", "detail": ""}
    except BaseException as error:  # a panic of the reader is no Exception
        outcome = {"code": "damaged", "detail": f"{type(error).__name__}: {error}"[:200]}
    else:
        (target / "sheets.json").write_text(json.dumps(sheets), encoding="utf-8")
        return 0
    outcome["detail"] = outcome["detail"].replace(f"{folder}/", "")  # a place that will be gone
    (target / "refused.json").write_text(json.dumps(outcome), encoding="utf-8")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

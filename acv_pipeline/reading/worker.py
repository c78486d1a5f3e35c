"""Opens workbooks and Parquet files in a process of its own, so that no file can hurt the caller.

Here: a script, run by path with ``kind path folder limits``; it leaves one CSV per sheet and
``sheets.json`` in the folder, or ``refused.json``. It imports nothing of the project, to start
fast. Not here: who starts it (``isolated``), and what refusals say to people.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

MERGES_AT_MOST = 200_000


class Refused(Exception):  # noqa: N818
    """The file can't be used; the arguments are a reason code and a detail."""


def text_of(cell: object) -> str:
    """A cell as text, without loss: whole numbers without a point, days as ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    return str(cell)


def read_workbook(path: Path, folder: Path, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """Every worksheet, hidden ones too, by its cached values; macros are never looked at."""
    import python_calamine as calamine

    described = []
    try:
        with path.open("rb") as file:
            book = calamine.CalamineWorkbook.from_filelike(file)
            worksheets = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.typ == calamine.SheetTypeEnum.WorkSheet
            ]
            if len(worksheets) > limits["sheets"]:
                raise Refused("too_many_sheets", str(len(worksheets)))
            for number, name in enumerate(worksheets):
                sheet = book.get_sheet_by_name(name)
                _check_size(sheet.total_height, sheet.total_width, limits)
                rows = [list(map(text_of, row)) for row in sheet.to_python(skip_empty_area=False)]
                filled = _fill_merged(rows, sheet.merged_cell_ranges or [])
                _write(folder / f"{number}.csv", rows)
                described.append({"name": name, "filled": filled})
    except calamine.PasswordError as error:
        raise Refused("encrypted", str(error)) from error
    except calamine.CalamineError as error:
        raise Refused("damaged", str(error)) from error
    return described


def read_parquet(path: Path, folder: Path, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """The one table of a Parquet file; its column names become the first row."""
    import duckdb

    link = folder / "delivery.parquet"  # a name without wildcards
    link.symlink_to(path.resolve())
    try:
        duckdb.execute("set memory_limit = '2GB'; set threads = 2")
        duckdb.execute(f"set temp_directory = '{folder}'")
        described = duckdb.execute(f"describe from read_parquet('{link}')").fetchall()
        rows = duckdb.execute(
            "select coalesce(sum(num_rows), 0) from parquet_file_metadata(?)", [str(link)]
        ).fetchall()[0][0]
        _check_size(rows, len(described), limits | {"cells": limits["rows"] * 100})
        columns = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name, *_ in described]
        texts = ", ".join(f"coalesce({column}::varchar, '')" for column in columns)
        target = folder / "0.csv"
        _write(target, [[name for name, *_ in described]])
        body = folder / "body.csv"
        duckdb.execute(
            f"copy (select {texts} from read_parquet('{link}')) to '{body}' "
            "(format csv, header false, force_quote *)"
        )
        with target.open("ab") as whole, body.open("rb") as rest:
            while chunk := rest.read(1 << 20):
                whole.write(chunk)
    except duckdb.Error as error:
        raise Refused("damaged", str(error).splitlines()[0]) from error
    return [{"name": "", "filled": []}]


def _check_size(height: int, width: int, limits: dict[str, Any]) -> None:
    if width > limits["columns"]:
        raise Refused("too_many_columns", str(width))
    if height > limits["rows"] or height * width > limits["cells"]:
        raise Refused("too_many_rows", str(height))


def _fill_merged(rows: list[list[str]], ranges: list[Any]) -> list[tuple[int, int]]:
    """Fill vertically merged cells from their top cell; the positions filled."""
    filled = []
    for (top, left), (bottom, _) in ranges[:MERGES_AT_MOST]:
        if bottom == top or top >= len(rows) or left >= len(rows[top]) or not rows[top][left]:
            continue
        for row in range(top + 1, min(bottom + 1, len(rows))):
            rows[row][left] = rows[top][left]
            filled.append((row, left))
    return filled


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)


def _bound_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system: the time limit remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(kind: str, path: str, folder: str, limits_json: str) -> int:
    """Read, and leave the result or the refusal in the folder."""
    limits = json.loads(limits_json)
    target = Path(folder)
    _bound_memory(limits["worker_bytes"])
    reader = {"workbook": read_workbook, "parquet": read_parquet}[kind]
    try:
        sheets = reader(Path(path), target, limits)
    except Refused as refused:
        outcome = {"code": refused.args[0], "detail": refused.args[1]}
    except MemoryError:
        outcome = {"code": "too_big", "detail": ""}
    except BaseException as error:  # a panic of the reader is no Exception
        outcome = {"code": "damaged", "detail": f"{type(error).__name__}: {error}"[:200]}
    else:
        (target / "sheets.json").write_text(json.dumps(sheets), encoding="utf-8")
        return 0
    (target / "refused.json").write_text(json.dumps(outcome), encoding="utf-8")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Starts the process that opens workbooks and Parquet, and takes what it leaves.

A reader of binary formats can panic, run out of memory or never end on a hostile file; in a
process of its own, with bounded memory and time, that is one refused delivery and nothing else.
Parquet goes there too: DuckDB reads it on its own default connection, apart from the warehouse.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import sys
import tempfile
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from acv_pipeline.language import both, both_plural, marked
from acv_pipeline.reading.markup import raised
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import EPOCH_1900, EPOCH_1904, TEXT, Limits, Sheet

WORKER = Path(__file__).with_name("worker.py")

SAID = {
    "encrypted": marked("{file} is protected by a password: ask for it without one"),
    "damaged": marked("{file} is damaged or cut short ({detail}): ask for it again"),
    "too_big": marked("{file} unpacks to more than can be read: send the table alone, as CSV"),
    "too_slow": marked("{file} takes too long to read: send the table alone, as CSV"),
    "too_many_columns": marked("{file} has a sheet of {detail} columns: check how it was exported"),
    "too_many_rows": marked("{file} has a sheet of {detail} rows: check how it was exported"),
    "too_many_sheets": marked("{file} has {detail} sheets: send the table alone"),
}


@dataclass(frozen=True)
class Opened:
    """What is opened in place of a delivered workbook, and what its reader can't tell of it.

    Attributes:
        path: the delivered file or a repaired copy.
        epoch: the day that a date written as the number 0 means.
        merged: vertical merges (top row, column, bottom row, from 0) by the sheet's place.
        moved: rows of the copy from which on so many rows are missing, by the sheet's place.
        comments: row and column, from 0, of comments and what they say, by the sheet's place.
        struck: in how many places the copy lacks what is struck out, likewise.
    """

    path: Path
    epoch: dt.date = EPOCH_1900
    merged: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    moved: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    comments: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    struck: dict[int, int] = field(default_factory=dict)


def refuse(path: Path, code: str, detail: str = "") -> DeliveryRefused:
    """The refusal of ``path`` for a reason of ``SAID``."""
    return DeliveryRefused(code, both(SAID[code], file=path.name, detail=detail))


def read_isolated(
    path: Path,
    kind: str,
    limits: Limits,
    *,
    opened: Opened | None = None,
) -> list[Sheet]:
    """The sheets of a workbook or a Parquet file.

    Args:
        path: the file, as refusals name it.
        kind: ``workbook``, ``xls`` or ``parquet``.
        limits: memory, time and sizes.
        opened: what to open in its place, and what was seen of it before.

    Raises:
        DeliveryRefused: a reason of ``SAID``.
    """
    with tempfile.TemporaryDirectory(prefix="acv-reading-") as name:
        folder = Path(name)
        described = _run(path, kind, folder, limits, opened or Opened(path))
        return [
            _sheet(folder / str(number), about, opened or Opened(path))
            for number, about in enumerate(described)
        ]


def decrypted(path: Path, folder: Path, limits: Limits) -> Path:
    """A workbook that is encrypted with no password of its own, in the clear, in ``folder``.

    Raises:
        DeliveryRefused: ``encrypted`` where it has a password, or another reason of ``SAID``.
    """
    _run(path, "decrypt", folder, limits, Opened(path))
    return folder / "decrypted"


def _run(
    path: Path, kind: str, folder: Path, limits: Limits, opened: Opened
) -> list[dict[str, Any]]:
    """What the worker says of the sheets it left in ``folder``."""
    job = dataclasses.asdict(limits) | {"merged": opened.merged}
    command = [sys.executable, "-P", str(WORKER), kind, str(opened.path.resolve()), str(folder)]
    command.append(json.dumps(job))
    try:
        subprocess.run(command, capture_output=True, timeout=limits.worker_seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise refuse(path, "too_slow") from error
    result = folder / "sheets.json"
    if not result.exists():
        refused = folder / "refused.json"
        if not refused.exists():  # killed, or out of memory beyond recovery
            raise refuse(path, "too_big")
        outcome = json.loads(refused.read_text(encoding="utf-8"))
        raise refuse(path, outcome["code"], outcome["detail"])
    described: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return described


def _sheet(target: Path, about: dict[str, Any], opened: Opened) -> Sheet:
    """The sheet whose cells the worker left under the name ``target``."""
    cells = _cells(target.with_suffix(".csv"))
    filled = [(row, column) for row, column in about["filled"]]
    if "columns" in about:  # a kind for each column; the first row is that of their names
        kinds = np.tile(np.array(about["columns"], dtype=np.int8), (len(cells), 1))
        kinds[:1] = TEXT
    else:
        kinds = np.fromfile(target.with_suffix(".kinds"), dtype=np.int8).reshape(cells.shape)
        moved = opened.moved.get(about["place"], [])
        cells.index = pd.Index(_original(about["rows"], moved), dtype=np.int64)
        for row, column, parts in about.get("notes", []):
            if row in cells.index and column in cells.columns:
                cells.loc[row, column] = "".join(raised(t) if is_up else t for t, is_up in parts)
        rows = _original([row for row, _ in filled], moved)
        filled = [(row, column) for row, (_, column) in zip(rows, filled, strict=True)]
    place = about.get("place", 0)
    struck = opened.struck.get(place, 0)
    remarks = (
        (
            both_plural(
                "what is struck out in {count} place is not read",
                "what is struck out in {count} places is not read",
                struck,
            ),
        )
        if struck
        else ()
    )
    return Sheet(
        about["name"],
        cells,
        kinds,
        filled=frozenset(filled),
        is_visible=about["visible"],
        epoch=EPOCH_1904 if about.get("epoch_1904") else opened.epoch,
        comments={(row, column): text for row, column, text in opened.comments.get(place, [])},
        remarks=remarks,
    )


def _original(rows: list[int], moved: list[tuple[int, int]]) -> list[int]:
    """The row numbers in the delivered file of rows of the copy."""
    places = [first for first, _ in moved]
    missing = [0, *(number for _, number in moved)]
    return [row + missing[bisect_right(places, row)] for row in rows]


def _cells(path: Path) -> pd.DataFrame:
    if path.stat().st_size == 0:
        return pd.DataFrame()
    cells = pd.read_csv(
        path, header=None, dtype="str", na_filter=False, skip_blank_lines=False, encoding="utf-8"
    )
    return cells.set_axis(range(cells.shape[1]), axis=1)

"""CSV in all its forms: delimiter, quotes, ragged lines."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from acv_pipeline.language import both
from acv_pipeline.reading.encoding import Encoding, detect_encoding
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import MIB, Limits, Sheet, text_frame

DELIMITERS = ";\t|,"  # in order of preference when two explain a file equally well
SAMPLE_LINES = 400


def read_delimited(path: Path, limits: Limits) -> Sheet:
    """The one sheet of a delimited text file.

    Raises:
        DeliveryRefused: ``not_text``, ``line_too_long``, ``too_many_columns``,
            ``too_many_rows``, ``unbalanced_quotes`` or ``empty_file``.
    """
    encoding = detect_encoding(path, limits)
    with _lines(path, encoding) as lines:
        sample = "".join(islice(lines, SAMPLE_LINES))
    if not sample.strip():
        raise empty_file(path)
    delimiter = detect_delimiter(sample)
    width = max(map(len, _parse(sample, delimiter)), default=0)
    if width > limits.columns:
        raise _too_many_columns(path, limits)
    delimiters, line_ends = _count(path, delimiter.encode(), b"\n")
    sheet = _read_regular(path, encoding, delimiter, delimiters, width, limits)
    if sheet is None:
        sheet = _read_ragged(path, encoding, delimiter, limits)
    cells = sheet.cells
    if len(cells) > limits.rows:
        raise _too_many_rows(path, limits)
    _check_quotes(path, cells, delimiter, line_ends)
    remarks = []
    if encoding.is_damaged:
        remarks.append(both("some bytes are no text; they read as {mark}", mark="\ufffd"))
    if width == 1 and (inner := _lines_in_quotes(cells)) is not None:
        sheet = inner
        remarks.append(both("each line stands in quotes as a whole; it was read as cells"))
    return dataclasses.replace(sheet, remarks=tuple(remarks))


def _lines_in_quotes(cells: pd.DataFrame) -> Sheet | None:
    """The cells of a file whose every line was quoted as a whole (``"dep;cumul"``)."""
    text = "\n".join(cells[0])
    rows = _parse(text, detect_delimiter(text))
    return _sheet_of(rows) if len(rows) == len(cells) and max(map(len, rows)) > 1 else None


def detect_delimiter(sample: str) -> str:
    """The delimiter that cuts the most lines of ``sample`` into the same number of cells.

    An Excel hint on the first line (``sep=;``) decides.
    """
    if hint := re.match(r"\ufeff?sep=(.)\r?\n", sample, re.IGNORECASE):
        return hint[1]

    def score(delimiter: str) -> tuple[int, int]:
        if delimiter not in sample:
            return (0, 0)
        widths = Counter(len(row) for row in _parse(sample, delimiter) if len(row) > 1)
        if not widths:
            return (0, 0)
        width, lines = widths.most_common(1)[0]
        return (lines, width)

    return max(DELIMITERS, key=score)  # the first of equals


def _parse(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _count(path: Path, *signs: bytes) -> list[int]:
    """How often the file holds each of ``signs``."""
    found = [0] * len(signs)
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            found = [n + chunk.count(sign) for n, sign in zip(found, signs, strict=True)]
    return found


def _read_regular(
    path: Path, encoding: Encoding, delimiter: str, found: int, width: int, limits: Limits
) -> Sheet | None:
    """The sheet, by the fast reader, if every line has ``width`` cells; else None.

    The fast reader fills short lines up without a word. They are noticed by the count of
    delimiters: those ``found`` in the file are those inside cells and ``width - 1`` for each line.
    """
    if encoding.has_nul or encoding.codec.startswith(("utf-16", "utf-32")):
        return None
    try:
        cells = pd.read_csv(
            path,
            sep=delimiter,
            header=None,
            names=range(width),
            dtype="str",
            na_filter=False,
            skip_blank_lines=False,
            encoding=encoding.codec,
            encoding_errors=encoding.errors,
            on_bad_lines="error",
            nrows=limits.rows + 1,
        )
    except (pd.errors.ParserError, ValueError):
        return None
    if not isinstance(cells.index, pd.RangeIndex):
        return None
    between = len(cells) * (width - 1)
    if found != between:
        counts = (cells[column].value_counts() for column in cells)
        found -= sum(
            str(text).count(delimiter) * int(times)
            for texts in counts
            for text, times in texts.items()
            if delimiter in str(text)
        )
    return Sheet("", cells) if found == between else None


@contextmanager
def _lines(path: Path, encoding: Encoding) -> Iterator[Iterator[str]]:
    """The lines of a text file; a NUL stands for a character that was lost."""
    with path.open(encoding=encoding.codec, errors=encoding.errors, newline="") as file:
        yield (line.replace("\0", "\ufffd") for line in file)


def _sheet_of(rows: list[list[str]]) -> Sheet:
    return Sheet("", text_frame(rows), widths=np.array([len(r) for r in rows], dtype=np.intp))


def _read_ragged(path: Path, encoding: Encoding, delimiter: str, limits: Limits) -> Sheet:
    rows: list[list[str]] = []
    with _lines(path, encoding) as lines:
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                if len(row) > limits.columns:
                    raise _too_many_columns(path, limits)
                if len(rows) > limits.rows:
                    raise _too_many_rows(path, limits)
                rows.append(row)
        except csv.Error as error:
            raise _unbalanced(path, f"{len(rows) + 1}") from error
    return _sheet_of(rows)


def _check_quotes(path: Path, cells: pd.DataFrame, delimiter: str, lines: int) -> None:
    """A quote that is opened and not closed swallows the following lines into one cell."""
    if len(cells) in (lines, lines + 1):
        return  # one line, one row
    swallowed = max(1, cells.shape[1] - 1)
    for column in cells:
        texts = pd.Series(cells[column].unique())
        for text in texts[texts.str.contains("\n", regex=False)]:
            if any(line.count(delimiter) >= swallowed for line in text.splitlines()):
                row = int((cells[column] == text).to_numpy().argmax()) + 1
                raise _unbalanced(path, str(row))


def empty_file(path: Path) -> DeliveryRefused:
    """The refusal of a file without content."""
    return DeliveryRefused(
        "empty_file",
        both("{file} is empty: ask for the file again", file=path.name),
    )


def _unbalanced(path: Path, row: str) -> DeliveryRefused:
    return DeliveryRefused(
        "unbalanced_quotes",
        both(
            "{file}: a quotation mark opened in row {row} is not closed, so lines run into one "
            "another: correct it or send a workbook",
            file=path.name,
            row=row,
        ),
    )


def _too_many_columns(path: Path, limits: Limits) -> DeliveryRefused:
    return DeliveryRefused(
        "too_many_columns",
        both(
            "{file} has more than {most:,} columns: check how it was exported",
            file=path.name,
            most=limits.columns,
        ),
    )


def _too_many_rows(path: Path, limits: Limits) -> DeliveryRefused:
    return DeliveryRefused(
        "too_many_rows",
        both(
            "{file} has more than {most:,} rows: check how it was exported",
            file=path.name,
            most=limits.rows,
        ),
    )

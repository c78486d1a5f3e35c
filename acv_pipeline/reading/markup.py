"""The XML of sheets put right as it streams by: long runs of blank rows out, note marks raised."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from acv_pipeline.reading.sheet import MIB

LONGEST_PIECE = 64 * MIB
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTE_MARK = re.compile(r"[\s,;*()]*[0-9][\s0-9,;*()]*")


class PieceTooLong(Exception):  # noqa: N818
    """A row or text longer than any real one."""


def pieces(
    stream: IO[bytes], start: re.Pattern[bytes], without: re.Pattern[bytes] | None = None
) -> Iterator[bytes]:
    """A part in pieces: what stands before the first ``start``, and one from each on.

    Raises:
        PieceTooLong: one is longer than any row or text.
    """
    rest = b""
    while chunk := stream.read(MIB):
        rest += chunk
        if without:
            rest = without.sub(b"", rest)
        starts = [match.start() for match in start.finditer(rest)]
        for begin, end in zip([0, *starts], starts, strict=False):
            if end > begin:
                yield rest[begin:end]
        rest = rest[starts[-1] if starts else 0 :]
        if len(rest) > LONGEST_PIECE:
            raise PieceTooLong
    yield rest


def raised(text: str) -> str:
    """A raised text with the digits of a note mark as superscripts; other words as they are."""
    return text.translate(RAISED) if NOTE_MARK.fullmatch(text) else text


def raised_bytes(text: bytes) -> bytes:
    """The same of markup."""
    return raised(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


@dataclass
class Numbering:
    """How the rows of a sheet are numbered once long runs of blank ones are left out.

    Attributes:
        missing: how many rows are left out so far.
        moved: first rows after what was left out, in the copy, from 0, each with ``missing``.
        merged: vertical merges of the original: top row, column, bottom row, from 0.
        struck: in how many places something was struck out.
    """

    missing: int = 0
    struck: int = 0
    moved: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int]] = field(default_factory=list)

    def leave_out(self, blank: int, before: int) -> None:
        """Leave out ``blank`` rows before the row ``before``, from 0, of the original."""
        self.missing += blank
        self.moved.append((before - self.missing, self.missing))

    def leaves_out(self, row: int) -> bool:
        """Whether a row of the original is left out."""
        return self.in_copy(row) == self.in_copy(row - 1)

    def in_copy(self, row: int) -> int:
        """The row of the copy for one of the original; for one left out, the last before it."""
        firsts = [first + missing for first, missing in self.moved]
        place = bisect_right(firsts, row)
        missing = self.moved[place - 1][1] if place else 0
        beyond = self.moved[place][0] - 1 if place < len(self.moved) else row
        return min(row - missing, beyond)

    def merged_in_copy(self) -> list[tuple[int, int, int]]:
        """The merges by the rows of the copy."""
        return [(self.in_copy(top), left, self.in_copy(low)) for top, left, low in self.merged]

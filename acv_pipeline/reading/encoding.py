"""Which encoding a text file is in, found without loading it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.language import both
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import Limits

BYTE_ORDER_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
CONTROL_BYTES = bytes(set(range(1, 32)) - set(b"\t\n\r\f\x1a")) + b"\x7f"
NULS_PERCENT = 5  # more of them are no accident in a few cells
NOT_IN_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file are text.

    Attributes:
        codec: its name.
        errors: how to treat wrong bytes, ``strict`` (there are none) or ``replace``.
        has_nul: whether NUL bytes stand between characters of one byte each.
    """

    codec: str
    errors: str = "strict"
    has_nul: bool = False

    @property
    def is_damaged(self) -> bool:
        """Whether some bytes are no text."""
        return self.has_nul or self.errors == "replace"


def detect_encoding(path: Path, limits: Limits) -> Encoding:
    """The encoding of the text file ``path``, and how to treat its wrong bytes.

    Raises:
        DeliveryRefused: ``not_text`` (binary content) or ``line_too_long``.
    """
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    marked = next((codec for mark, codec in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    wide = _utf16_without_mark(head) if marked in (None, "utf-8-sig") else marked
    if wide:
        return Encoding(wide, _errors(path, wide, limits))
    controls = len(head) - len(head.translate(None, CONTROL_BYTES))
    nuls = sum(chunk.count(b"\0") for chunk in _chunks(path, limits))
    many_nuls = nuls * 100 > NULS_PERCENT * path.stat().st_size
    # a text that lost a few characters has no other control bytes; a small database has
    if controls * 100 > len(head) or many_nuls or (nuls and controls):
        raise DeliveryRefused(
            "not_text",
            both(
                "{file} holds binary content and is no known workbook or Parquet file: send it "
                "again as CSV, XLSX, XLS, ODS or Parquet",
                file=path.name,
            ),
        )
    if marked:
        return Encoding(marked, _errors(path, marked, limits), nuls > 0)
    if _decodes(path, "utf-8", limits):
        return Encoding("utf-8", has_nul=nuls > 0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    odd = wrong = right = 0
    for chunk in _chunks(path, limits):
        odd += len(chunk) - len(chunk.translate(None, NOT_IN_CP1252))
        text = decoder.decode(chunk)
        replaced = text.count("\ufffd")
        wrong += replaced
        right += len(text) - replaced - len(text.encode("ascii", "ignore"))
    if right > 2 * wrong:  # UTF-8 with a few damaged bytes
        return Encoding("utf-8", "replace", nuls > 0)
    return Encoding("latin-1" if odd else "cp1252", has_nul=nuls > 0)


def _errors(path: Path, codec: str, limits: Limits) -> str:
    return "strict" if _decodes(path, codec, limits) else "replace"


def _decodes(path: Path, encoding: str, limits: Limits) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in _chunks(path, limits):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 leaves a zero in every other byte of western text."""
    sample = head[: len(head) // 2 * 2]
    if len(sample) < 4:
        return None
    half = len(sample) // 2
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.7 and even < 0.05:
        return "utf-16-le"
    if even > 0.7 and odd < 0.05:
        return "utf-16-be"
    return None


def _chunks(path: Path, limits: Limits) -> Iterator[bytes]:
    """The file in pieces, each of which must hold a line end unless it is the last."""
    with path.open("rb") as file:
        while chunk := file.read(limits.line_bytes):
            if len(chunk) == limits.line_bytes and b"\n" not in chunk and b"\r" not in chunk:
                raise DeliveryRefused(
                    "line_too_long",
                    both(
                        "{file} holds a line of more than {most:,} bytes: no table has such "
                        "lines; check how the file was exported",
                        file=path.name,
                        most=limits.line_bytes,
                    ),
                )
            yield chunk

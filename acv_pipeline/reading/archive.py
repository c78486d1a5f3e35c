"""Zipped workbooks looked at before they are opened: bombs, entities, passwords, what they are."""

from __future__ import annotations

import codecs
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from acv_pipeline.language import both
from acv_pipeline.reading.isolated import refuse
from acv_pipeline.reading.markup import PieceTooLong
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import MIB, Limits

ENTITY, DOCTYPE = (
    tuple(mark.encode(codec) for codec in ("ascii", "utf-16-le", "utf-16-be"))
    for mark in ("<!ENTITY", "<!DOCTYPE")
)
BYTES_BEFORE_MARKUP = codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + codecs.BOM_UTF16_BE + b" \t\r\n\0"
MANIFEST = "META-INF/manifest.xml"  # OpenOffice 2 and 3 name a document type in it
ODS_CONTENT = "content.xml"
PARTS_AT_MOST = 10_000
SMALL_PART = 4 * MIB


class Related(NamedTuple):
    """What a part refers to: the last word of the type, the part, and how it is written."""

    kind: str
    target: str
    written: str


@dataclass(frozen=True)
class Archive:
    """A zipped workbook that is harmless to unpack.

    Attributes:
        path: the file.
        zip: its parts; open only within ``checked_archive``.
        parts: these by name, as the workbook's own references write it, in small letters.
    """

    path: Path
    zip: zipfile.ZipFile
    parts: dict[str, zipfile.ZipInfo]

    def find(self, name: str) -> zipfile.ZipInfo | None:
        """The part of a name, however the archive writes it."""
        return self.parts.get(part_name(name).lower())

    def small(self, name: str) -> bytes:
        """The content of a part that is never large; nothing where it is missing or large."""
        part = self.find(name)
        return self.zip.read(part) if part and part.file_size <= SMALL_PART else b""

    def related(self, name: str) -> dict[str, Related]:
        """What the part ``name`` refers to, by id."""
        folder, base = posixpath.split(name)
        content = self.small(f"{folder}/_rels/{base}.rels")
        found = {}
        for one in elements(content, "Relationship"):
            kind, written = one.get("Type", "").rpartition("/")[2], one.get("Target", "")
            found[one.get("Id", "")] = Related(kind, part_name(written, folder), written)
        return found

    @cached_property
    def main(self) -> str | None:
        """The part that a workbook begins with; None where this is none."""
        if self.find(ODS_CONTENT):
            spreadsheet = b"opendocument.spreadsheet"
            said = self.small("mimetype") or self.small(MANIFEST) or spreadsheet
            return ODS_CONTENT if spreadsheet in said else None
        related = [one.target for one in self.related("").values() if one.kind == "officeDocument"]
        typed = [
            part_name(one.get("PartName", ""))
            for one in elements(self.small("[Content_Types].xml"), "Override")
            if re.search(r"\bsheet\b.*\bmain\b", one.get("ContentType", ""))
        ]
        for name in (*related, *typed, "xl/workbook.xml", "xl/workbook.bin"):
            if (part := self.find(name)) and self._is_workbook(part):
                return name
        return None

    def _is_workbook(self, part: zipfile.ZipInfo) -> bool:
        with self.zip.open(part) as stream:
            head = stream.read(64 * 1024)
        named = re.search(rb"<(?:[\w.-]+:)?([\w.-]+)[\s>/]", head.replace(b"\0", b""))
        return named is None or named[1] == b"workbook"  # a binary one names nothing


def part_name(name: str, folder: str = "") -> str:
    """A part's name without what programs add to it: backslashes, ``/`` or ``./`` before it."""
    name = name.replace("\\", "/")
    whole = name if name.startswith("/") else f"{folder}/{name}"
    return posixpath.normpath(whole).lstrip("/")


def elements(content: bytes, name: str) -> list[ElementTree.Element]:
    """The elements of a small part, in whichever namespace."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return []
    return [one for one in root.iter() if one.tag.rpartition("}")[2] == name]


@contextmanager
def checked_archive(path: Path, content: Path, limits: Limits) -> Iterator[Archive]:
    """A zip that is a spreadsheet and harmless to unpack.

    Args:
        path: the delivered file, as refusals name it.
        content: where its bytes are, decrypted if need be.
        limits: what it may unpack to.

    Raises:
        DeliveryRefused: ``damaged``, ``encrypted``, ``zip_bomb``, ``xml_entities`` or
            ``unsupported_format``.
    """
    try:
        with zipfile.ZipFile(content) as opened:
            infos = opened.infolist()
            _check_sizes(path, content, infos, limits)
            parts: dict[str, zipfile.ZipInfo] = {}
            for part in infos:
                parts.setdefault(part_name(part.filename).lower(), part)
            archive = Archive(content, opened, parts)
            is_locked = any(part.flag_bits & 1 for part in infos)
            if is_locked or b"encryption-data" in archive.small(MANIFEST):
                raise refuse(path, "encrypted")
            for part in infos:
                _check_markup(path, opened, part)
            if archive.main is None:
                raise _not_a_spreadsheet(path)
            yield archive
    except PieceTooLong as error:
        raise refuse(path, "too_big") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise refuse(path, "damaged", str(error)) from error


def _check_sizes(path: Path, content: Path, parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Sizes as declared; reading a part never yields more than it declares."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    too_much = unpacked > limits.unpacked_bytes
    too_dense = unpacked > 10 * MIB and unpacked > limits.unpacked_ratio * max(packed, 1)
    overlapping = packed > content.stat().st_size
    if too_much or too_dense or overlapping or len(parts) > PARTS_AT_MOST:
        raise DeliveryRefused(
            "zip_bomb",
            both(
                "{file} unpacks to {unpacked:,} bytes in {parts:,} parts, out of {packed:,}: no "
                "workbook does; ask where it comes from, or for a CSV",
                file=path.name,
                unpacked=unpacked,
                parts=len(parts),
                packed=packed,
            ),
        )


def _check_markup(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    forbidden = ENTITY if part_name(part.filename) == MANIFEST else ENTITY + DOCTYPE
    with archive.open(part) as stream:
        text = stream.read(MIB)
        if not text.lstrip(BYTES_BEFORE_MARKUP).startswith(b"<"):
            return
        while text:
            if any(mark in text for mark in forbidden):
                raise DeliveryRefused(
                    "xml_entities",
                    both(
                        "{file} declares XML entities in {part}, as no spreadsheet program does: "
                        "ask where it comes from, or for a CSV",
                        file=path.name,
                        part=part.filename,
                    ),
                )
            tail, chunk = text[-32:], stream.read(MIB)
            text = tail + chunk if chunk else b""


def _not_a_spreadsheet(path: Path) -> DeliveryRefused:
    return DeliveryRefused(
        "unsupported_format",
        both(
            "{file} is an archive or another kind of document, not a spreadsheet: send the CSV, "
            "XLSX, XLS, ODS or Parquet file itself",
            file=path.name,
        ),
    )

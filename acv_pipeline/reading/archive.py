"""Zipped workbooks looked at before they are opened: bombs, entities, passwords, what they are.

Here: the zip container of XLSX and ODS. Not here: their sheets (``worker``).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from acv_pipeline.reading.isolated import refuse
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import MIB, Limits

ENTITY = re.compile(b"|".join(re.escape("<!ENTITY".encode(e)) for e in ("ascii", "utf-16-le")))
DOCTYPE = re.compile(b"|".join(re.escape("<!DOCTYPE".encode(e)) for e in ("ascii", "utf-16-le")))
OLD_MANIFEST = "META-INF/manifest.xml"  # OpenOffice 2 and 3 name a document type in it
PARTS_AT_MOST = 10_000


def check_archive(path: Path, limits: Limits) -> None:
    """Make sure that a zip is a spreadsheet and harmless to unpack.

    Raises:
        DeliveryRefused: ``damaged``, ``encrypted``, ``zip_bomb``, ``xml_entities`` or
            ``unsupported_format``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_sizes(path, parts, limits)
            if any(part.flag_bits & 1 for part in parts):
                raise refuse(path, "encrypted")
            names = {part.filename for part in parts}
            if not names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
                raise _not_a_spreadsheet(path)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_markup(path, archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise refuse(path, "damaged", str(error)) from error


def _check_sizes(path: Path, parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Sizes as declared; reading a part never yields more than it declares."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    too_much = unpacked > limits.unpacked_bytes
    too_dense = unpacked > 10 * MIB and unpacked > limits.unpacked_ratio * max(packed, 1)
    overlapping = packed > path.stat().st_size
    if too_much or too_dense or overlapping or len(parts) > PARTS_AT_MOST:
        raise DeliveryRefused(
            "zip_bomb",
            f"{path.name} unpacks to {unpacked:,} bytes in {len(parts):,} parts, out of "
            f"{packed:,}: no workbook does; ask where it comes from, or for a CSV",
            f"{path.name} se décompresse en {unpacked} octets et {len(parts)} parties, à partir de "
            f"{packed} : aucun classeur ne le fait ; demander d'où il vient, ou un CSV",
        )


def _check_markup(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with archive.open(part) as stream:
        tail = b""
        while chunk := stream.read(MIB):
            text = tail + chunk
            declared = DOCTYPE.search(text) and part.filename != OLD_MANIFEST
            if declared or ENTITY.search(text):
                raise DeliveryRefused(
                    "xml_entities",
                    f"{path.name} declares XML entities in {part.filename}, as no spreadsheet "
                    "program does: ask where it comes from, or for a CSV",
                    f"{path.name} déclare des entités XML dans {part.filename}, ce qu'aucun "
                    "tableur ne fait : demander d'où il vient, ou un CSV",
                )
            tail = chunk[-32:]


def _not_a_spreadsheet(path: Path) -> DeliveryRefused:
    return DeliveryRefused(
        "unsupported_format",
        f"{path.name} is an archive or another kind of document, not a spreadsheet: send the "
        "CSV, XLSX, XLS, ODS or Parquet file itself",
        f"{path.name} est une archive ou un autre document, pas un classeur : envoyer le fichier "
        "CSV, XLSX, XLS, ODS ou Parquet lui-même",
    )

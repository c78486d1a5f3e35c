"""From a path to sheets: which format the content is in, whatever the name says."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path

from acv_pipeline.landing import UNFINISHED
from acv_pipeline.language import both, marked
from acv_pipeline.reading.archive import ODS_CONTENT, checked_archive
from acv_pipeline.reading.delimited import empty_file, read_delimited
from acv_pipeline.reading.isolated import Opened, decrypted, read_isolated
from acv_pipeline.reading.ooxml import opened_xlsx
from acv_pipeline.reading.opendocument import opened_ods
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import DEFAULT, MIB, Limits, Sheet, without_blank_rows

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
ENDINGS = {
    "csv": (".csv", ".txt", ".tsv"),
    "xlsx": (".xlsx", ".xlsm", ".xlsb"),
    "ods": (".ods",),
    "xls": (".xls",),
    "parquet": (".parquet", ".pq"),
}
OTHER_KINDS = {
    b"%PDF": marked("a PDF"),
    b"\x1f\x8b": marked("a gzip archive"),
    b"7z\xbc\xaf": marked("a 7z archive"),
    b"Rar!": marked("a RAR archive"),
    b"BZh": marked("a bzip2 archive"),
    b"PK\x05\x06": marked("an empty zip archive"),
    b"\x89PNG": marked("an image"),
    b"\xff\xd8\xff": marked("an image"),
    b"{\\rtf": marked("a text document"),
    b"PARE": marked("an encrypted Parquet file"),
}
MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<workbook", b"<meta", b"<head", b"<style")


def read_file(path: Path, limits: Limits = DEFAULT) -> list[Sheet]:
    """Every sheet of a delivered file, as text cells.

    The format is that of the content; an ending that says otherwise is remarked on.

    Args:
        path: a file of the landing zone.
        limits: what reading may cost.

    Raises:
        DeliveryRefused: the file can't be read; the reason names it and says what to do.
    """
    before = _check_openable(path, limits)
    try:
        kind, sheets = _read(path, limits)
        after = path.stat()
    except OSError as error:
        raise DeliveryRefused(
            "unreadable",
            both(
                "{file} cannot be opened: {error}; check its permissions",
                file=path.name,
                error=error.strerror,
            ),
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _still_being_written(path)
    sheets = [without_blank_rows(sheet) for sheet in sheets]
    if path.suffix.lower() in ENDINGS[kind] or not path.suffix:
        return sheets
    remark = both(
        "{file} is named {ending} and holds {format}; it was read as that",
        file=path.name,
        ending=path.suffix,
        format=kind.upper(),
    )
    return [dataclasses.replace(s, remarks=(*s.remarks, remark)) for s in sheets[:1]] + sheets[1:]


def _read(path: Path, limits: Limits) -> tuple[str, list[Sheet]]:
    """The format of a file's content, a key of ``ENDINGS``, and its sheets."""
    kind = _kind(path)
    if kind == "csv":
        return kind, [read_delimited(path, limits)]
    if kind == "parquet":
        return kind, read_isolated(path, kind, limits)
    with tempfile.TemporaryDirectory(prefix="acv-reading-") as name:
        folder, content = Path(name), path
        if kind == "encrypted":
            content = decrypted(path, folder, limits)
            kind = _kind(content)
        if kind == "xls":
            return kind, _read_old_workbook(path, content, folder, limits)
        with checked_archive(path, content, limits) as archive:
            is_ods = archive.main == ODS_CONTENT
            opened = opened_ods(archive, folder) if is_ods else opened_xlsx(archive, folder)
        kind = "ods" if is_ods else "xlsx"
        return kind, read_isolated(path, "workbook", limits, opened=opened)


def _read_old_workbook(path: Path, content: Path, folder: Path, limits: Limits) -> list[Sheet]:
    try:
        return read_isolated(path, "xls", limits, opened=Opened(content))
    except DeliveryRefused as refusal:
        if refusal.reason_code != "encrypted":
            raise
    return read_isolated(path, "xls", limits, opened=Opened(decrypted(path, folder, limits)))


def _check_openable(path: Path, limits: Limits) -> os.stat_result:
    """What the file is on disk; refused where it is no complete regular file of its folder."""
    name = path.name
    if path.is_symlink() and path.resolve().parent != path.parent.resolve():
        raise DeliveryRefused(
            "outside_landing_zone",
            both(
                "{file} is a link to a file elsewhere, which is not opened: deliver the file "
                "itself",
                file=name,
            ),
        )
    if path.is_dir():
        raise DeliveryRefused(
            "not_a_file",
            both("{file} is a folder: deliver the files themselves", file=name),
        )
    if not path.is_file():
        raise DeliveryRefused(
            "not_a_file",
            both("{file} does not exist or is no ordinary file: deliver it again", file=name),
        )
    if name.startswith(("~$", ".~lock")) or name.lower().endswith(UNFINISHED):
        raise _still_being_written(path)
    facts = path.stat()
    if facts.st_size == 0:
        raise empty_file(path)
    if facts.st_size > limits.file_bytes:
        raise DeliveryRefused(
            "file_too_big",
            both(
                "{file} has {size:,.0f} MiB; at most {most:,.0f} are read: send the table alone",
                file=name,
                size=facts.st_size / MIB,
                most=limits.file_bytes / MIB,
            ),
        )
    return facts


def _kind(path: Path) -> str:
    """What the content is: ``csv``, ``parquet``, ``xls``, ``zip`` or ``encrypted``."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(ZIP):
        return "zip"
    if head.startswith(OLE):
        return _kind_of_compound(path)
    if head.startswith(PARQUET):
        return "parquet"
    found = next((said for magic, said in OTHER_KINDS.items() if head.startswith(magic)), None)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(MARKUP):
        found = marked("a web page or XML under a spreadsheet's name")
    elif text.startswith((b"{", b"[")):
        found = marked("JSON")
    if found:
        raise DeliveryRefused(
            "unsupported_format",
            both(
                "{file} holds {what}: save it as CSV, XLSX, XLS, ODS or Parquet",
                file=path.name,
                what=both(found),
            ),
        )
    return "csv"


def _kind_of_compound(path: Path) -> str:
    """Old Office files: a workbook, a password-protected modern one, or something else."""
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "encrypted"
    streams = ("Workbook", "Book", "WORKBOOK", "BOOK")
    if not any(name.encode("utf-16-le") in content for name in streams):
        raise DeliveryRefused(
            "unsupported_format",
            both(
                "{file} is an old Office file without a workbook: send XLSX, ODS or CSV",
                file=path.name,
            ),
        )
    return "xls"


def _still_being_written(path: Path) -> DeliveryRefused:
    return DeliveryRefused(
        "still_being_written",
        both(
            "{file} is a temporary file or is still being written: it is read once it is complete "
            "under its final name",
            file=path.name,
        ),
    )

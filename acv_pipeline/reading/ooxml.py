"""What is put right in an XLSX before it is opened, because its reader can't do with it."""

from __future__ import annotations

import posixpath
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO
from xml.sax.saxutils import quoteattr

from acv_pipeline.reading.archive import Archive, Related, elements
from acv_pipeline.reading.isolated import Opened
from acv_pipeline.reading.marginalia import Comment, comments_of, struck_styles, without_struck
from acv_pipeline.reading.markup import Numbering, pieces, raised_bytes
from acv_pipeline.reading.sheet import BLANK_ROWS_KEPT, EPOCH_1900, EPOCH_1904, MIB

SUPERSCRIPT = re.compile(rb"\bvertAlign\b[^>]*\bval\s*=\s*[\"'](?:super|sub)script")
RUN = re.compile(rb"<(?:\w+:)?r\b[^>]*>.*?</(?:\w+:)?r>", re.DOTALL)
RUN_TEXT = re.compile(rb"(<(?:\w+:)?t\b[^>]*>)([^<]*)(</)")
SHARED_STRING = re.compile(rb"<(?:\w+:)?si\b")
ROW = re.compile(rb"<(?:\w+:)?row\b")
WHOLE_ROW = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(?:/>|>.*?</\1row>)", re.DOTALL)
BLANK_ROW = re.compile(
    rb"<((?:\w+:)?)row\b[^>]*?\br=\"\d+\"[^>/]*"
    rb"(?:/>|>(?:\s*<(?:\w+:)?c\b[^>/]*(?:/>|></(?:\w+:)?c>))*\s*</\1row>)"
)
NUMBER = re.compile(rb"\br=\"(\d+)\"")
ROW_AT = re.compile(rb"<(?:\w+:)?row\b[^>]*?\br=\"(\d+)\"")
FILLED_ROW_END = b"</c></row>"
ROW_NUMBER = re.compile(rb"(<(?:\w+:)?row\b[^>]*?\br=\")\d+")
CELL_NUMBER = re.compile(rb"(<(?:\w+:)?c\b[^>]*?\br=\"[A-Za-z]{1,3})\d+")
MERGE = re.compile(rb"(\bref=\"\$?[A-Z]+\$?)(\d+)(:\$?[A-Z]+\$?)(\d+)")
MERGES = re.compile(rb"<(?:\w+:)?mergeCells\b.*?</(?:\w+:)?mergeCells>", re.DOTALL)
BLANK_BYTES = 8 * MIB  # more of them are left out although no row moves
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
IN_PLACE = {"sharedStrings": "sharedStrings", "styles": "styles"}


def opened_xlsx(archive: Archive, folder: Path) -> Opened:
    """What to open of an XLSX or XLSB: the file, or a copy in ``folder`` that can be read.

    Args:
        archive: the workbook.
        folder: where a copy may be left.
    """
    main = str(archive.main)
    related = archive.related(main)
    workbook = archive.small(main) if main.lower().endswith(".xml") else b""
    sheets = [_id_of(one.attrib) for one in elements(workbook, "sheet")]
    properties = elements(workbook, "workbookPr")
    is_1904 = any(one.get("date1904") in ("1", "true", "on") for one in properties)
    changed: dict[str, IO[bytes]] = {}
    moved: dict[int, list[tuple[int, int]]] = {}
    comments: dict[int, list[Comment]] = {}
    struck: dict[int, int] = {}
    styles = next(
        (archive.small(one.target) for one in related.values() if one.kind == "styles"), b""
    )
    struck_out = struck_styles(styles)
    for one in related.values():
        if one.kind == "sharedStrings" and (content := _marked_strings(archive, one.target)):
            changed[one.target] = content
    for place, key in enumerate(sheets):
        if key in related and related[key].kind == "worksheet":
            target = related[key].target
            numbering = Numbering()
            comments[place] = comments_of(archive, archive.related(target).values())
            if content := _tidied_sheet(archive, target, numbering, struck_out):
                changed[target] = content
                moved[place] = numbering.moved
                struck[place] = numbering.struck
    path = archive.path
    if changed or not _is_in_place(archive, main, related):
        path = folder / "repaired.xlsx"
        _write_copy(path, archive, main, related, changed)
    epoch = EPOCH_1904 if is_1904 else EPOCH_1900
    return Opened(path, epoch, moved=moved, comments=comments, struck=struck)


def _id_of(attributes: dict[str, str]) -> str:
    return next((value for key, value in attributes.items() if key.endswith("}id")), "")


def _is_in_place(archive: Archive, main: str, related: dict[str, Related]) -> bool:
    """Whether the parts have the names by which the reader looks for them."""
    if main.lower() not in ("xl/workbook.xml", "xl/workbook.bin") or not archive.find(
        "_rels/.rels"
    ):
        return False
    if any(
        name != part.filename.lower().replace("\\", "/") for name, part in archive.parts.items()
    ):
        return False
    ending = posixpath.splitext(main)[1]
    for one in related.values():
        if one.kind in IN_PLACE and one.target.lower() != f"xl/{IN_PLACE[one.kind]}{ending}":
            return False
        if one.kind == "worksheet" and one.target not in (
            one.written.removeprefix("/"),
            f"xl/{one.written}",
        ):
            return False
    return True


def _write_copy(
    path: Path,
    archive: Archive,
    main: str,
    related: dict[str, Related],
    changed: dict[str, IO[bytes]],
) -> None:
    """A workbook with what its reader looks for, under the names by which it does."""
    ending = posixpath.splitext(main)[1].lower()
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:

        def add(name: str, source: str) -> None:
            part = archive.find(source)
            if source in changed or part:
                with (
                    (
                        changed.get(source) or archive.zip.open(source if part is None else part)
                    ) as content,
                    copy.open(name, "w", force_zip64=True) as target,
                ):
                    shutil.copyfileobj(content, target)

        add(f"xl/workbook{ending}", main)
        for number, (key, one) in enumerate(related.items()):
            name = f"{IN_PLACE[one.kind]}{ending}" if one.kind in IN_PLACE else f"{number}{ending}"
            if one.kind in (*IN_PLACE, "worksheet"):
                add(f"xl/{name}", one.target)
            lines.append(_relation(key, one.kind, name))
        copy.writestr("xl/_rels/workbook" + ending + ".rels", _relations(lines))
        copy.writestr(
            "_rels/.rels", _relations([_relation("r", "officeDocument", f"xl/workbook{ending}")])
        )


def _relation(key: str, kind: str, target: str) -> str:
    return (
        f"<Relationship Id={quoteattr(key)} Type={quoteattr(f'{RELATIONS}/{kind}')} "
        f"Target={quoteattr(target)}/>"
    )


def _relations(lines: list[str]) -> str:
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{"".join(lines)}</Relationships>'


def _marked_strings(archive: Archive, name: str) -> IO[bytes] | None:
    """The shared strings with note marks as superscripts; None where there are none."""
    part = archive.find(name)
    if part is None or name.lower().endswith(".bin"):
        return None
    with archive.zip.open(part) as stream:
        return _if_changed(
            part,
            (
                (_mark_notes(without_struck(piece, frozenset())[0]), piece)
                for piece in pieces(stream, SHARED_STRING)
            ),
        )


def _tidied_sheet(
    archive: Archive, name: str, numbering: Numbering, struck: frozenset[bytes]
) -> IO[bytes] | None:
    """A sheet without long runs of blank rows and what is struck out, and with note marks.

    None where it is so already.
    """
    part = archive.find(name)
    if part is None:
        return None
    with archive.zip.open(part) as stream:
        if not struck and _is_plain(stream):
            return None
    with archive.zip.open(part) as stream:
        return _if_changed(part, _tidied_rows(stream, numbering, struck))


def _is_plain(stream: IO[bytes]) -> bool:
    """Whether a sheet surely has nothing to put right, told much faster than the work takes."""
    last = filled = 0
    before = b""
    while chunk := stream.read(MIB):
        text = before + chunk
        if b"vertAlign" in text or b"strike" in text:
            return False
        last = max([last, *map(int, ROW_AT.findall(text))])
        filled += (before[1 - len(FILLED_ROW_END) :] + chunk).count(FILLED_ROW_END)
        before = chunk[-4096:]
    return last - filled <= BLANK_ROWS_KEPT


def _if_changed(part: zipfile.ZipInfo, pairs: Iterator[tuple[bytes, bytes]]) -> IO[bytes] | None:
    """New pieces of a part beside the old ones: the new part, or None where it says the same."""
    target = SpooledTemporaryFile(max_size=16 * MIB)  # noqa: SIM115 - it is handed on
    changed = False
    for new, old in pairs:
        changed = changed or new != old
        target.write(new)
    if not changed and part.file_size - target.tell() <= BLANK_BYTES:
        target.close()
        return None
    target.seek(0)
    return target


def _tidied_rows(
    stream: IO[bytes], numbering: Numbering, struck: frozenset[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    number = 0
    for piece in pieces(stream, ROW, without=BLANK_ROW):
        row = WHOLE_ROW.match(piece)
        if row is None:
            yield piece, piece
            continue
        stated = NUMBER.search(row[2])
        body, tail = row[0], piece[row.end() :]
        before, number = number, int(stated[1]) if stated else number + 1
        if (blank := number - before - 1) > BLANK_ROWS_KEPT:
            numbering.leave_out(blank, number - 1)
        body, left_out = without_struck(body, struck)
        numbering.struck += left_out
        body = _mark_notes(body)
        if numbering.missing:
            new = b"%d" % (number - numbering.missing)
            body = ROW_NUMBER.sub(rb"\g<1>" + new, body, count=1)
            body = CELL_NUMBER.sub(rb"\g<1>" + new, body)
        yield body + _moved_merges(tail, numbering), piece


def _mark_notes(markup: bytes) -> bytes:
    if not SUPERSCRIPT.search(markup):
        return markup
    return RUN.sub(
        lambda run: (
            RUN_TEXT.sub(lambda text: text[1] + raised_bytes(text[2]) + text[3], run[0])
            if SUPERSCRIPT.search(run[0])
            else run[0]
        ),
        markup,
    )


def _moved_merges(markup: bytes, numbering: Numbering) -> bytes:
    if not numbering.missing:
        return markup

    def moved(merge: re.Match[bytes]) -> bytes:
        top, bottom = int(merge[2]) - 1, int(merge[4]) - 1
        if numbering.leaves_out(top):  # it shows nothing
            bottom = top
        rows = numbering.in_copy(top) + 1, numbering.in_copy(bottom) + 1
        return b"%b%d%b%d" % (merge[1], rows[0], merge[3], rows[1])

    return MERGES.sub(lambda merges: MERGE.sub(moved, merges[0]), markup)

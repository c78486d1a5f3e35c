"""What is put right in an ODS before it is opened, because its reader can't do with it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from acv_pipeline.reading.archive import ODS_CONTENT, Archive
from acv_pipeline.reading.isolated import Opened
from acv_pipeline.reading.marginalia import Comment
from acv_pipeline.reading.markup import Numbering, pieces, raised_bytes
from acv_pipeline.reading.sheet import BLANK_ROWS_KEPT, EPOCH_1900

ROW = re.compile(rb"<table:table-row\b")
WHOLE_ROW = re.compile(rb"<table:table-row\b([^>]*?)(?:/>|>.*?</table:table-row>)", re.DOTALL)
TABLE = re.compile(rb"<table:table(?=[\s>])")
CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*)>")
CONTENT = re.compile(rb"\boffice:[a-z-]*value=|<text:[a-z-]+\b[^>]*[^/>]>|<text:p>")
ROWS_REPEATED = re.compile(rb"\btable:number-rows-repeated=[\"'](\d+)")
COLUMNS_REPEATED = re.compile(rb"\btable:number-columns-repeated=[\"'](\d+)")
ROWS_SPANNED = re.compile(rb"\btable:number-rows-spanned=[\"'](\d+)")
NULL_DATE = re.compile(rb"<table:null-date\b[^>]*\btable:date-value=[\"'](\d{4}-\d\d-\d\d)")
STYLE = re.compile(rb"<style:style\b([^>]*[^/])>(.*?)</style:style>", re.DOTALL)
STYLE_NAME = re.compile(rb"\bstyle:name=[\"']([^\"']+)")
RAISED = re.compile(rb"\bstyle:text-position=[\"'](?:super|sub|-?[1-9]\d*%)")
STRUCK = re.compile(rb"\bstyle:text-line-through-(?:style|type)=[\"'](?!none)")
STYLED = re.compile(rb"\btable:style-name=[\"']([^\"']+)")
WHOLE_CELL = re.compile(
    rb"<table:((?:covered-)?table-cell)\b([^>]*?)(?:/>|>(.*?)</table:\1>)", re.DOTALL
)
OF_VALUE = re.compile(rb"\s(?:office|calcext):[\w-]+=(?:\"[^\"]*\"|'[^']*')")
ANNOTATION = re.compile(rb"<office:annotation\b.*?</office:annotation>", re.DOTALL)
TAG = re.compile(rb"<[^>]*>")
PARAGRAPH = re.compile(rb"<text:p\b[^>]*>(.*?)</text:p>", re.DOTALL)
SPAN = re.compile(rb"(<text:span\b[^>]*\btext:style-name=[\"']([^\"']+)[\"'][^>]*>)([^<]*)(</)")


class _Content:
    """``content.xml`` as it streams by, and what is learnt of it."""

    def __init__(self, styles: bytes) -> None:
        self.epoch = EPOCH_1900
        self.numberings: dict[int, Numbering] = {}
        self.is_changed = False
        self.comments: dict[int, list[Comment]] = {}
        self.struck: dict[int, int] = {}
        self._raised, self._struck = _styles(styles, RAISED), _styles(styles, STRUCK)
        self._table = -1
        self._begin()

    def _begin(self) -> None:
        self._numbering = self.numberings[self._table] = Numbering()
        self._row = 0  # the next row of the original
        self._pending: list[bytes] = []  # blank rows, kept if they are few
        self._blank = 0

    def tidied(self, found: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces with note marks and without long runs of blank rows."""
        for piece in found:
            row = WHOLE_ROW.match(piece)
            if row is None:
                yield from self._between(piece)
                continue
            repeated = ROWS_REPEATED.search(row[1])
            times = int(repeated[1]) if repeated else 1
            if CONTENT.search(row[0]):
                yield from self._settle_blank()
                yield self._filled_row(row[0], times)
            else:
                self._pending.append(row[0])
                self._blank += times
            yield from self._between(piece[row.end() :])
        yield from self._pending

    def _between(self, markup: bytes) -> Iterator[bytes]:
        """What stands between rows; it may begin a table."""
        if not markup.strip():
            return
        if self._table < 0:
            self._raised |= _styles(markup, RAISED)
            self._struck |= _styles(markup, STRUCK)
            if epoch := NULL_DATE.search(markup):
                self.epoch = dt.date.fromisoformat(epoch[1].decode())
        begun = len(TABLE.findall(markup))
        if not begun and self._pending:  # the end of a group of rows, perhaps
            self._pending.append(markup)
            return
        yield from self._pending
        if begun:
            self._table += begun
            self._begin()
        yield markup

    def _settle_blank(self) -> Iterator[bytes]:
        if self._blank > BLANK_ROWS_KEPT:
            self.is_changed = True
            self._row += self._blank
            self._numbering.leave_out(self._blank, self._row)
            yield from (markup for markup in self._pending if not ROW.match(markup))
        else:
            self._row += self._blank
            yield from self._pending
        self._pending, self._blank = [], 0

    def _filled_row(self, markup: bytes, times: int) -> bytes:
        if b"number-rows-spanned" in markup:
            self._note_merges(markup)
        if b"<office:annotation" in markup:
            self._note_comments(markup)
        self._row += times
        if self._struck:
            markup = self._without_struck(markup)
        if not self._raised:
            return markup
        new = SPAN.sub(
            lambda span: (
                span[1] + raised_bytes(span[3]) + span[4] if span[2] in self._raised else span[0]
            ),
            markup,
        )
        self.is_changed = self.is_changed or new != markup
        return new

    def _without_struck(self, markup: bytes) -> bytes:
        """A row without the cells and the parts of texts that are struck out."""

        def cell(found: re.Match[bytes]) -> bytes:
            style = STYLED.search(found[2])
            if not found[3] or style is None or style[1] not in self._struck:
                return found[0]
            return b"<table:%b%b/>" % (found[1], OF_VALUE.sub(b"", found[2]))

        def span(found: re.Match[bytes]) -> bytes:
            said = b"" if found[2] in self._struck else found[3]
            return found[1] + said + found[4]

        new = SPAN.sub(span, WHOLE_CELL.sub(cell, markup))
        if new != markup:
            self.is_changed = True
            self.struck[self._table] = self.struck.get(self._table, 0) + 1
        return new

    def _note_comments(self, markup: bytes) -> None:
        column = 0
        for cell in WHOLE_CELL.finditer(markup):
            for annotation in ANNOTATION.findall(cell[3] or b""):
                said = (TAG.sub(b"", text) for text in PARAGRAPH.findall(annotation))
                text = unescape(b"\n".join(said).decode("utf-8", "replace")).strip()
                self.comments.setdefault(self._table, []).append((self._row, column, text))
            repeated = COLUMNS_REPEATED.search(cell[2])
            column += int(repeated[1]) if repeated else 1

    def _note_merges(self, markup: bytes) -> None:
        column = 0
        for cell in CELL.finditer(markup):
            spanned, repeated = ROWS_SPANNED.search(cell[1]), COLUMNS_REPEATED.search(cell[1])
            if spanned and int(spanned[1]) > 1:
                bottom = self._row + int(spanned[1]) - 1
                self._numbering.merged.append((self._row, column, bottom))
            column += int(repeated[1]) if repeated else 1


def opened_ods(archive: Archive, folder: Path) -> Opened:
    """What to open of an ODS: the file, or a copy in ``folder`` that can be read."""
    part = archive.find(ODS_CONTENT)
    assert part is not None
    content = _Content(archive.small("styles.xml"))
    copy = folder / "repaired.ods"
    with (
        archive.zip.open(part) as stream,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        with target.open(ODS_CONTENT, "w", force_zip64=True) as file:
            for piece in content.tidied(pieces(stream, ROW)):
                file.write(piece)
        if styles := archive.find("styles.xml"):
            with archive.zip.open(styles) as stream, target.open("styles.xml", "w") as file:
                shutil.copyfileobj(stream, file)
        target.writestr("META-INF/manifest.xml", archive.small("META-INF/manifest.xml"))
    is_needed = content.is_changed or part.filename != ODS_CONTENT
    path = copy if is_needed else archive.path
    numberings = content.numberings
    return Opened(
        path,
        content.epoch,
        {place: rows.merged_in_copy() for place, rows in numberings.items()},
        {place: rows.moved for place, rows in numberings.items()},
        content.comments,
        content.struck,
    )


def _styles(markup: bytes, effect: re.Pattern[bytes]) -> set[bytes]:
    """The names of the styles that have an effect on texts."""
    return {
        name[1]
        for style in STYLE.finditer(markup)
        if effect.search(style[2]) and (name := STYLE_NAME.search(style[1]))
    }

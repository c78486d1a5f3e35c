"""What the author of an XLSX did to cells beside filling them: comments, and striking them out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from acv_pipeline.reading.archive import Archive, Related, elements

STRIKE = rb"<(?:\w+:)?strike\b(?![^>]*\bval\s*=\s*[\"'](?:0|false))"
STRUCK_RUN = re.compile(rb"<((?:\w+:)?)r\b[^>]*>(?:(?!</\1r>).)*?" + STRIKE, re.DOTALL)
RUN = re.compile(rb"<((?:\w+:)?)r\b[^>]*>.*?</\1r>", re.DOTALL)
CELL = re.compile(
    rb"<((?:\w+:)?)c\b(?=[^>]*\bs\s*=\s*[\"'](?P<style>\d+))(?P<about>[^>]*[^/>])>.*?</\1c>",
    re.DOTALL,
)
TYPE = re.compile(rb"\bt\s*=\s*[\"']\w+[\"']")
REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]+)")
AUTHOR = re.compile(r"[^\n:]{1,60}:\s*\n")
THREADED = re.compile(r"\[[^\]\n]*\].*?\n\s*\w+\s*:\s*\n", re.DOTALL)  # for programs that know none

Comment = tuple[int, int, str]
"""Row and column, from 0, and what is said there."""


def comments_of(archive: Archive, related: Iterable[Related]) -> list[Comment]:
    """The comments of a sheet, by the parts that it refers to; without the names of authors."""
    found: dict[tuple[int, int], str] = {}
    for one in related:
        name = {"comments": "comment", "threadedComment": "threadedComment"}.get(one.kind)
        for comment in elements(archive.small(one.target), name) if name else ():
            place = REFERENCE.fullmatch(comment.get("ref", ""))
            text = "".join(said.text or "" for said in _texts(comment))
            text = AUTHOR.sub("", THREADED.sub("", text, count=1), count=1).strip()
            if place and text:
                at = int(place[2]) - 1, _column(place[1])
                before = found.get(at, "")
                found[at] = text if text in before or not before else f"{before}\n{text}"
    return [(row, column, text) for (row, column), text in found.items()]


def _texts(comment: ElementTree.Element) -> list[ElementTree.Element]:
    last = [(one.tag.rpartition("}")[2], one) for one in comment.iter()]
    return [one for tag, one in last if tag == "t" or (tag == "text" and not len(one))]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def struck_styles(styles: bytes) -> frozenset[bytes]:
    """The numbers of the styles of cells that are struck out."""
    if not re.search(STRIKE, styles):
        return frozenset()
    fonts = [one for group in elements(styles, "fonts")[:1] for one in group]
    struck = {str(place) for place, font in enumerate(fonts) if _is_struck(font)}
    formats = [one for group in elements(styles, "cellXfs")[:1] for one in group]
    return frozenset(
        str(place).encode() for place, one in enumerate(formats) if one.get("fontId") in struck
    )


def _is_struck(font: ElementTree.Element) -> bool:
    return any(
        one.tag.rpartition("}")[2] == "strike" and one.get("val") not in ("0", "false")
        for one in font
    )


def without_struck(markup: bytes, styles: frozenset[bytes]) -> tuple[bytes, int]:
    """Markup without what is struck out, in part or as a whole, and how often it was."""
    count = 0

    def cell(found: re.Match[bytes]) -> bytes:
        nonlocal count
        if found["style"] not in styles:
            return found[0]
        count += 1
        return b"<%bc%b/>" % (found[1], TYPE.sub(b"", found["about"]))

    def run(found: re.Match[bytes]) -> bytes:
        nonlocal count
        if not STRUCK_RUN.match(found[0]):
            return found[0]
        count += 1
        return b""

    markup = CELL.sub(cell, markup) if styles else markup
    return (RUN.sub(run, markup) if re.search(STRIKE, markup) else markup), count

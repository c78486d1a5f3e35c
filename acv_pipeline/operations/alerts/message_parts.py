"""How a message looks: the same parts as plain text, and as HTML that loads and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TypeAlias

from acv_pipeline.language import language

WIDTH = 72


@dataclass(frozen=True)
class Heading:
    """Begins a part: 1 a matter among several, 2 a question it answers, 3 one fact of several."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Line:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Point:
    """An entry of a list."""

    text: str


@dataclass(frozen=True)
class Link:
    """An address to be opened."""

    address: str


@dataclass(frozen=True)
class Table:
    """Figures to the right, the columns of ``names`` to the left."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: Sequence[int] = (0,)


@dataclass(frozen=True)
class Letter:
    """A part that is passed on as it is; in French whatever the language around it."""

    subject: str
    parts: Sequence[Heading | Line | Point | Table]


Part: TypeAlias = Heading | Line | Point | Link | Table | Letter


def as_text(parts: Iterable[Part], *, underlined: bool = False) -> str:
    """Plain text.

    Args:
        underlined: headings have a line below and nothing is indented, as in a text to be read
            from the beginning to the end.
    """
    lines: list[str] = []
    indent = ""
    for part in parts:
        match part:
            case Heading(text, 1):
                lines += ["", "=" * WIDTH, text, "=" * WIDTH]
            case Heading(text, 3):
                lines += ["", f"  {text}"]
                indent = "    "
            case Heading(text):
                lines += [
                    *([""] if lines else []),
                    text,
                    *(["-" * len(text)] if underlined else []),
                ]
                indent = "" if underlined else "  "
            case Line(text) | Link(text):
                lines.append(indent + text)
            case Point(text):
                lines.append(f"{indent}{'  ' if indent else ''}- {text}")
            case Table():
                lines += ["", *_text_rows(part)]
            case Letter():
                rule = "-" * WIDTH
                lines += ["", rule, f"Objet\u00a0: {part.subject}", "", letter_text(part), rule]
    return "\n".join(lines)


def letter_text(letter: Letter) -> str:
    """Plain text, with a line's space between paragraphs, as in letters."""
    lines: list[str] = []
    for kind, of_kind in groupby(letter.parts, type):
        texts = [as_text([part]).strip("\n") for part in of_kind]
        for text in texts if kind is Line else ["\n".join(texts)]:
            lines += [*([""] if lines else []), text]
    return "\n".join(lines)


def _text_rows(table: Table) -> list[str]:
    rows = [table.columns, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place in table.names else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


# Mail programs ignore style sheets in part: what matters stands in the elements.
_BODY = (
    "margin:0;padding:12px;background:#ffffff;color:#1e1e1e;"
    "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.45"
)
_MAIN = "max-width:46em;overflow-wrap:anywhere"
_NOTICE = "background:#fff3cd;border:1px solid #8a6d00;padding:8px 12px;margin:0 0 16px"
_LETTER = "border:1px solid #6a6a6a;padding:4px 16px;margin:8px 0"
_HEADINGS = {1: (2, "1.25em"), 2: (2, "1.1em"), 3: (3, "1em")}
_CELL = (
    "padding:3px 8px 3px 0;border-bottom:1px solid #cccccc;vertical-align:top;"
    "overflow-wrap:normal;text-align:"
)


def as_html(title: str, parts: Iterable[Part], notice: str | None, footer: str) -> str:
    """A page for mail programs: nothing but text, tables and links.

    Args:
        notice: what must be known before anything else.
        footer: who sends this.
    """
    lines = [
        *([f'<p style="{_NOTICE}"><strong>{escape(notice)}</strong></p>'] if notice else []),
        f'<h1 style="font-size:1.3em;margin:0 0 12px">{escape(title)}</h1>',
        *_html_parts(parts),
        f'<p style="margin:24px 0 0;color:#595959;font-size:0.87em">{escape(footer)}</p>',
    ]
    return _page(title, language(), lines)


def letter_html(letter: Letter) -> str:
    """A page with nothing but the letter."""
    subject = f'<h1 style="font-size:1em">{escape(letter.subject)}</h1>'
    return _page(letter.subject, "fr", [subject, *_html_parts(letter.parts)])


def _page(title: str, language: str, lines: Iterable[str]) -> str:
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f'<title>{escape(title)}</title></head><body style="{_BODY}">',
        f'<main style="{_MAIN}">',
        *lines,
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _html_parts(parts: Iterable[Part]) -> list[str]:
    lines: list[str] = []
    for kind, of_kind in groupby(parts, type):
        shown = [_html(part) for part in of_kind]
        is_list = kind is Point
        lines += (
            ['<ul style="margin:4px 0;padding-left:22px">', *shown, "</ul>"] if is_list else shown
        )
    return lines


def _html(part: Part) -> str:
    match part:
        case Heading(text, level):
            number, size = _HEADINGS[level]
            rule = "border-top:2px solid #1e1e1e;padding-top:10px;" if level == 1 else ""
            style = f"{rule}font-size:{size};margin:18px 0 4px"
            return f'<h{number} style="{style}">{escape(text)}</h{number}>'
        case Line(text):
            return f'<p style="margin:4px 0">{escape(text)}</p>'
        case Point(text):
            return f"<li>{escape(text)}</li>"
        case Link(address):
            shown = escape(address)
            if not address.startswith(("http://", "https://")):
                return f'<p style="margin:4px 0">{shown}</p>'
            return (
                f'<p style="margin:4px 0"><a href="{shown}" style="color:#0b50a0">{shown}</a></p>'
            )
        case Table():
            rows = [_html_row("th", part.columns, part.names)]
            rows += [_html_row("td", row, part.names) for row in part.rows]
            style = "border-collapse:collapse;font-size:0.93em"
            table = f'<table style="{style}">{"".join(rows)}</table>'
            # wider than a telephone, it moves within; by the keyboard too
            return f'<div tabindex="0" style="overflow-x:auto;margin:8px 0">{table}</div>'
        case Letter(subject, inside):
            inner = "\n".join(_html_parts([Line(f"Objet\u00a0: {subject}"), *inside]))
            return f'<div lang="fr" style="{_LETTER}">\n{inner}\n</div>'


def _html_row(tag: str, cells: Sequence[str], names: Sequence[int]) -> str:
    shown = []
    for place, cell in enumerate(cells):
        side = "left" if place in names else "right"
        whole = "" if tag == "th" or place in names else ";white-space:nowrap"
        shown.append(f'<{tag} style="{_CELL}{side}{whole}">{escape(cell)}</{tag}>')
    return f"<tr>{''.join(shown)}</tr>"

"""Texts of the catalogue in SQL: in the language of whoever asks."""

from __future__ import annotations

from acv_pipeline.language import _, language


def sql_text(message: str, **expressions: str) -> str:
    """A text in the user's language as an SQL expression; its values are expressions too."""
    marks = {name: f"\0{name}\0" for name in expressions}
    pieces = _(message, **marks).split("\0")  # at every other place stands the name of a value
    return " || ".join(
        f"cast({expressions[piece]} as text)" if at % 2 else "'" + piece.replace("'", "''") + "'"
        for at, piece in enumerate(pieces)
        if piece
    )


def sql_reason(table: str) -> str:
    """The column ``reason`` of a table that has it in both languages, in the user's."""
    english = f"{table}.reason"
    return f"coalesce({table}.reason_fr, {english})" if language() == "fr" else english

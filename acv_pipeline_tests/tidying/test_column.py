"""Lexicons: each text is read once, and nobody can tell but by the time it takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.sample_data import generate
from acv_pipeline.tidying import column, read_delivery
from acv_pipeline.tidying.column import Column, Lexicon, constant, forget, texts_of


def texts(*cells: str) -> Column[str]:
    return texts_of(pd.Series(cells, dtype="str"))


def test_a_text_is_read_once_whatever_column_it_stands_in() -> None:
    asked: list[str] = []
    lexicon = Lexicon(lambda text: asked.append(text) or len(text))
    first = lexicon.of(texts("a", "bb", "a"))
    second = lexicon.of(texts("ccc", "bb"))
    made = lexicon.of(Column(np.array([0, 1]), ["bb", "dddd"]))  # not from a sheet
    assert asked == ["a", "bb", "ccc", "dddd"]
    assert first.array(int, np.int64).tolist() == [1, 2, 1]
    assert second.array(int, np.int64).tolist() == [3, 2]
    assert made.array(int, np.int64).tolist() == [2, 4]
    assert second.at(np.array([1])) == [2] and second.found == [3, 2]


def test_pairs_with_the_same_other_are_told_from_pairs_with_another() -> None:
    lexicon: Lexicon[tuple[str, str], str] = Lexicon("".join)
    codes = texts("a", "b", "a")
    alone = lexicon.of(codes.beside(constant("", 3)))
    beside = lexicon.of(codes.beside(constant("x", 3)))
    twice = lexicon.of(codes.beside(texts("x", "y", "z")))
    assert alone.array(str, object).tolist() == ["a", "b", "a"]
    assert beside.array(str, object).tolist() == ["ax", "bx", "ax"]
    assert twice.array(str, object).tolist() == ["ax", "by", "az"]
    assert list(codes.beside(constant("x", 3)).found) == [("a", "x"), ("b", "x")]


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column, "MOST_TEXTS", 5)
    monkeypatch.setattr(column, "MOST_TABLES", 2)
    lexicon = Lexicon(str.upper)
    kept = []
    for number in range(30):
        cells = [f"{number}-{place}" for place in range(3)] + ["always"]
        kept.append((lexicon.of(texts(*cells)), [cell.upper() for cell in cells]))
        assert len(lexicon._book.readings) <= 5 + 4 and len(column._all_texts) <= 5 + 4
    # readings made before a lexicon forgot stay right
    assert all(readings.array(str, object).tolist() == expected for readings, expected in kept)


def test_a_delivery_is_read_the_same_whatever_was_read_before(
    contract: Contract, tmp_path: Path
) -> None:
    files = generate(
        tmp_path, contract=contract, last=contract.first_month.replace(year=2019)
    ).files

    def read(path: Path, source: str) -> pd.DataFrame:
        return read_delivery(path, contract.sources[source], contract).records

    forget()
    after_others = {file.path: read(file.path, file.source) for file in files}
    for file in files[:: max(1, len(files) // 6)]:
        forget()
        pd.testing.assert_frame_equal(read(file.path, file.source), after_others[file.path])

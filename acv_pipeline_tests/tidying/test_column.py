"""Columns keep each distinct value once, and nobody can tell but by the time it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from acv_pipeline.tidying.column import Column, constant, texts_of


def texts(*cells: str) -> Column[str]:
    return texts_of(pd.Series(cells, dtype="str"))


def test_each_distinct_value_is_read_once() -> None:
    asked: list[str] = []
    lengths = texts("a", "bb", "a").map(lambda text: asked.append(text) or len(text))
    assert asked == ["a", "bb"]
    assert lengths.array(int, np.int64).tolist() == [1, 2, 1]
    assert lengths.at(np.array([1])) == [2]
    assert lengths.where(lambda length: length > 1).tolist() == [False, True, False]


def test_columns_beside_one_another() -> None:
    codes = texts("a", "b", "a")
    assert codes.beside(constant("x", 3)).at(np.arange(3)) == [("a", "x"), ("b", "x"), ("a", "x")]
    assert codes.beside(texts("x", "y", "z")).map("".join).at(np.arange(3)) == ["ax", "by", "az"]


def test_some_rows_replaced() -> None:
    column = texts("a", "b", "a").replaced(np.array([True, False, False]), texts("x", "y", "z"))
    assert column.at(np.arange(3)) == ["x", "b", "a"]
    assert sorted(column.found) == ["a", "b", "x"]

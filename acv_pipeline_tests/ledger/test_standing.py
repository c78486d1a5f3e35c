"""Which of two files of one day counts: by their words, else by when they were made."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.ledger.blocks import Block
from acv_pipeline.ledger.marks import standing_of
from acv_pipeline.ledger.standing import (
    DEFINITIVE,
    PLAIN,
    PROVISIONAL,
    Standing,
    rivals_of,
    why_first,
)

NINE, TEN = dt.datetime(2021, 4, 8, 9), dt.datetime(2021, 4, 8, 10)


def said(contract: Contract, name: str, *titles: str, at: dt.datetime | None = None) -> Standing:
    return standing_of(name, titles, at, contract.standing_words)


@pytest.mark.parametrize(
    ("name", "certainty"),
    [
        ("ACV_2021-03.csv", PLAIN),
        ("ACV_2021-03_provisoire.csv", PROVISIONAL),
        ("ACV-2021-03-PROV.xlsx", PROVISIONAL),
        ("ACV mars (p).xlsx", PROVISIONAL),
        ("ACVMarsProvisoires2.xlsx", PROVISIONAL),
        ("brouillon ACV.ods", PROVISIONAL),
        ("ACV_2021-03_définitif.csv", DEFINITIVE),
        ("ACV_2021-03_DEF.csv", DEFINITIVE),
        ("ACV_2021-03_vf.csv", DEFINITIVE),
        ("ACV données validées.csv", DEFINITIVE),
        ("ACV_2021-03_non-définitif.csv", PROVISIONAL),
        ("ACV_non_validé.csv", PROVISIONAL),
        ("ACV provisoire validé.csv", None),
        ("provence.csv", PLAIN),
        ("finalement.csv", PLAIN),
        ("ACV_2021-03 (1).csv", PLAIN),
        ("ACV_2021-03 - copie.csv", PLAIN),
    ],
)
def test_certainty(contract: Contract, name: str, certainty: int | None) -> None:
    assert said(contract, name).certainty == certainty


def test_titles_count_where_the_file_name_says_nothing(contract: Contract) -> None:
    assert said(contract, "ACV.csv", "Feuil1", "Données provisoires").certainty == PROVISIONAL
    assert said(contract, "ACV_def.csv", "Données provisoires").certainty == DEFINITIVE
    assert said(contract, "ACV.csv", "Rectificatif de mars").corrects_by == "rectificatif"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("ACV_2021-03.csv", (1,)),
        ("ACV_2021-03_v2.csv", (2,)),
        ("ACV_v1.2_2021-03.csv", (1, 2)),
        ("ACV V10.xlsx", (10,)),
        ("ACV version 3.xlsx", (3,)),
        ("ACV_version_2_2021-03.xlsx", (2,)),
        ("ACV version 08-04-2021.xlsx", (1,)),
        ("ACV_v2_03_2021.csv", (2,)),
        ("ACV2021.csv", (1,)),
        ("ACV (2).csv", (1,)),
    ],
)
def test_version(contract: Contract, name: str, version: tuple[int, ...]) -> None:
    assert said(contract, name).version == version


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        # words, whatever the times
        (("a_definitif", NINE), ("b_provisoire", TEN), 0),
        (("a_definitif", None), ("b_provisoire", None), 0),
        (("a_corrigé", NINE), ("b", TEN), 0),
        (("a annule et remplace", None), ("b", None), 0),
        (("a_v2", NINE), ("b_v1", TEN), 0),
        (("a_v2", None), ("b", None), 0),
        (("a_provisoire_v2", None), ("b_provisoire_v1", None), 0),
        (("a_definitif_v1", None), ("b_provisoire_v2", TEN), 0),
        # one is marked, the other isn't
        (("a_definitif", None), ("b", None), 0),
        (("a_definitif", NINE), ("b", TEN), None),
        (("a", None), ("b_provisoire", None), 0),
        (("a", TEN), ("b_provisoire", NINE), 0),
        (("a", NINE), ("b_provisoire", TEN), None),
        # words that say nothing, or contradict one another: times
        (("a", TEN), ("b", NINE), 0),
        (("a", TEN), ("b (1)", NINE), 0),
        (("a - copie", TEN), ("b", NINE), 0),
        (("a_definitif", NINE), ("b_corrigé", TEN), 1),
        (("a_v1_corrigé", TEN), ("b_v2", NINE), 0),
        (("a", NINE), ("b_provisoire_v2", TEN), None),
        # nothing tells
        (("a", None), ("b", None), None),
        (("a", None), ("b (1)", None), None),
        (("a", TEN), ("b", None), None),
        (("a", TEN), ("b", TEN), None),
        (("a_definitif", None), ("b_corrigé", None), None),
        (("a_v1_corrigé", None), ("b_v2", None), None),
        (("a_provisoire", None), ("b_prov", None), None),
    ],
)
def test_the_file_that_counts(
    contract: Contract,
    first: tuple[str, dt.datetime | None],
    second: tuple[str, dt.datetime | None],
    winner: int | None,
) -> None:
    one, other = (said(contract, f"{name}.csv", at=at) for name, at in (first, second))
    assert (why_first(one, other) is not None) == (winner == 0)
    assert (why_first(other, one) is not None) == (winner == 1)


def test_the_reason_is_said(contract: Contract) -> None:
    definitive, draft = said(contract, "a_definitif.csv"), said(contract, "b (p).csv")
    assert str(why_first(definitive, draft)) == "it says “définitif” and the other says “(p)”"
    assert str(why_first(said(contract, "a.csv"), draft)) == "the other says “(p)”"
    assert str(why_first(said(contract, "a_v2.csv"), said(contract, "a.csv"))) == "it is version 2"
    later, earlier = said(contract, "a", at=TEN), said(contract, "b", at=NINE)
    assert str(why_first(later, earlier)) == (
        "it was made later (2021-04-08 10:00, the other 09:00 UTC)"
    )


def block(*values: float, quarantined: int = -1) -> Block:
    figures = np.array(values, dtype=float)
    return Block(
        figures,
        np.arange(len(values), dtype=np.int32),
        np.arange(len(values)) == quarantined,
        np.zeros(len(values), dtype=bool),
    )


def outcomes(*files: tuple[Standing, Block]) -> list[list[tuple[str, str]]]:
    found = rivals_of([(str(i), standing, block) for i, (standing, block) in enumerate(files)])
    return [[(rival.file_name, rival.outcome) for rival in rivals] for rivals in found]


def test_rivals(contract: Contract) -> None:
    plain, draft, second = (said(contract, name) for name in ("a.csv", "a_prov.csv", "a_v2.csv"))
    one, other, hole = block(1, 2), block(1, 3), block(np.nan, 4)
    assert outcomes((plain, one), (plain, one)) == [[], []]
    assert outcomes((plain, block(1, np.nan)), (plain, block(np.nan, 2))) == [[], []]
    assert outcomes((plain, one), (plain, other)) == [[("1", "undecided")], [("0", "undecided")]]
    assert outcomes((plain, one), (second, other)) == [[("1", "counts")], [("0", "gives way")]]
    # a file without some of the figures can't take the place of the month
    assert outcomes((plain, one), (second, hole)) == [[("1", "undecided")], [("0", "undecided")]]
    known = block(np.nan, 4, quarantined=0)
    assert outcomes((plain, one), (second, known)) == [[("1", "counts")], [("0", "gives way")]]
    # what gave way is no rival any more
    assert outcomes((draft, one), (plain, other), (plain, block(1, 4))) == [
        [("1", "counts"), ("2", "counts")],
        [("0", "gives way"), ("2", "undecided")],
        [("0", "gives way"), ("1", "undecided")],
    ]


def test_where_each_gives_way_to_another_nothing_tells(contract: Contract) -> None:
    third = said(contract, "a_v3.csv", at=NINE)
    corrected = said(contract, "a_v1_corrigé.csv", at=TEN)
    second = said(contract, "a_v2.csv", at=dt.datetime(2021, 4, 8, 11))
    for one, other in ((third, second), (second, corrected), (corrected, third)):
        assert why_first(one, other)
    found = outcomes((third, block(1)), (corrected, block(2)), (second, block(3)))
    assert {outcome for each in found for _, outcome in each} == {"undecided"}
    # whatever else came that day
    found = outcomes((third, block(1)), (corrected, block(2)), (second, block(3)),
                     (third, block(np.nan)))  # fmt: skip
    assert {outcome for each in found for _, outcome in each} == {"undecided"}


def test_who_gives_way_to_one_that_gives_way_is_out_too(contract: Contract) -> None:
    first, second, third = (said(contract, f"a_v{n}.csv") for n in (1, 2, 3))
    assert outcomes((first, block(1)), (second, block(2)), (third, block(3))) == [
        [("1", "counts"), ("2", "counts")],
        [("0", "gives way"), ("2", "counts")],
        [("0", "gives way"), ("1", "gives way")],
    ]

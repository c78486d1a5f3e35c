from __future__ import annotations

from typing import Literal

from acv_pipeline.gate.case import Figures, Rival
from acv_pipeline.gate.rules_files import provisional_after_definitive, same_day_files_differ
from acv_pipeline.language import Both, both
from acv_pipeline_tests.gate.examples import Example, Outcome, case_of, level, with_first

FIGURES = level()
OTHERS = with_first(FIGURES, 3, 990.0)
WHY = {"undecided": Both("rien ne dit lequel compte", "nothing tells which file counts")}


def _rival(
    outcome: Literal["counts", "gives way", "undecided"], figures: Figures = OTHERS
) -> Rival:
    return Rival(
        "other.csv", figures, outcome, WHY.get(outcome, both("it is version {number}", number=2))
    )


def _provisional(name: str, outcome: Outcome, by: str = "provisoire", **more: Figures) -> Example:
    return Example(
        provisional_after_definitive,
        name,
        outcome,
        case_of(FIGURES, provisional_by=by, definitive_file="definitif.csv", **more),
    )


EXAMPLES = [
    Example(same_day_files_differ, "no other file", "silent", case_of(FIGURES)),
    Example(
        same_day_files_differ,
        "the other gives way",
        "warns",
        case_of(FIGURES, rivals=[_rival("gives way")]),
    ),
    Example(
        same_day_files_differ,
        "the other counts",
        "holds",
        case_of(FIGURES, rivals=[_rival("counts")]),
    ),
    Example(
        same_day_files_differ,
        "one gives way, with another nothing tells",
        "holds",
        case_of(FIGURES, rivals=[_rival("gives way"), _rival("undecided")]),
    ),
    _provisional("nothing definitive", "silent", in_force=OTHERS),
    _provisional("the same figures", "silent", in_force=FIGURES, definitive=FIGURES),
    _provisional("not provisional", "silent", by="", in_force=OTHERS, definitive=OTHERS),
    _provisional("corrected since", "silent", in_force=OTHERS, definitive=OTHERS + 1),
    _provisional("other figures", "holds", in_force=OTHERS, definitive=OTHERS),
]


def test_the_finding_names_the_other_file_and_the_figures() -> None:
    finding = same_day_files_differ(case_of(FIGURES, rivals=[_rival("undecided")]))
    assert finding is not None
    assert finding.summary.en == (
        "3 figures of 96 differ from other.csv, received on the same day; nothing tells which file "
        "counts"
    )
    assert len(finding.evidence) == 3
    assert finding.evidence[0] == {
        "department_code": "000", "delivered": 1000, "other": 990, "other_file": "other.csv",
    }  # fmt: skip
    finding = same_day_files_differ(case_of(FIGURES, rivals=[_rival("counts")]))
    assert finding is not None
    assert finding.summary.en.endswith(
        "received on the same day; that file counts: it is version 2"
    )


def test_only_what_both_files_have_is_compared() -> None:
    shorter = with_first(OTHERS, 2, float("nan"))
    finding = same_day_files_differ(case_of(FIGURES, rivals=[_rival("undecided", shorter)]))
    assert finding is not None
    assert finding.summary.en.startswith("1 figure of 94 differs from other.csv")

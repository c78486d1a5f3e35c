import numpy as np

from acv_pipeline.gate.rules_completeness import (
    all_figures_zero,
    figure_outside_panel,
    panel_department_missing,
)
from acv_pipeline_tests.gate.examples import (
    ACV,
    Example,
    Outcome,
    case_of,
    level,
    steady,
    with_first,
    with_habits,
)

HISTORY = steady(level())
NEXT = level(1010)


def _holes(count: int, quarantined: int, size: int = 200) -> Example:
    figures = with_first(level(size=size), count, np.nan)
    rows = np.arange(size) < quarantined
    outcome = "warns" if count == quarantined <= 10 else "holds"
    return Example(
        panel_department_missing,
        f"{count} of {size} missing, {quarantined} of them quarantined",
        outcome,
        case_of(figures, quarantined=rows),
    )


def _unreadable(count: int, quarantined: int, unreadable: int, outcome: Outcome) -> Example:
    figures = with_first(level(size=200), count, np.nan)
    return Example(
        panel_department_missing,
        f"{count} of 200 missing, {quarantined} quarantined, {unreadable} rows unreadable",
        outcome,
        case_of(figures, quarantined=np.arange(200) < quarantined, unreadable=unreadable),
    )


def _small(previous: float, small_figure: float, outcome: Outcome) -> Example:
    """One absent that had a small figure, with what the indicator calls small."""
    indicator = with_habits(panel_department_missing, small_figure=small_figure)
    history = steady(with_first(level(), 1, float(previous)), step=0)
    case = case_of(with_first(NEXT, 1, np.nan), history, indicator=indicator)
    name = f"absent after {previous}, small is below {small_figure}"
    return Example(panel_department_missing, name, outcome, case)


EXAMPLES = [
    _unreadable(2, 0, 2, "warns"),
    _unreadable(2, 0, 5, "warns"),
    _unreadable(3, 1, 2, "warns"),
    _unreadable(2, 0, 1, "holds"),
    _unreadable(3, 2, 0, "holds"),
    _unreadable(11, 0, 11, "holds"),
    _unreadable(0, 0, 4, "silent"),
    Example(panel_department_missing, "all there", "silent", case_of(NEXT, HISTORY)),
    Example(
        panel_department_missing,
        "one absent",
        "holds",
        case_of(with_first(NEXT, 1, np.nan), HISTORY),
    ),
    Example(
        panel_department_missing,
        "one that usually has none",
        "silent",
        case_of(
            with_first(NEXT, 1, np.nan),
            HISTORY,
            indicator=ACV.model_copy(update={"panel_sometimes": ["000"]}),
        ),
    ),
    Example(
        panel_department_missing,
        "one that has not joined yet",
        "silent",
        case_of(
            with_first(NEXT, 1, np.nan),
            [with_first(figures, 1, np.nan) for figures in HISTORY],
            indicator=ACV.model_copy(update={"panel_joins": ["000"]}),
        ),
    ),
    Example(
        panel_department_missing,
        "one that joined before",
        "holds",
        case_of(
            with_first(NEXT, 1, np.nan),
            HISTORY,
            indicator=ACV.model_copy(update={"panel_joins": ["000"]}),
        ),
    ),
    _small(0, 0, "holds"),
    _small(10, 10.5, "warns"),
    _small(10, 9.5, "holds"),
    _holes(10, 10),
    _holes(11, 11),
    _holes(2, 1),
    Example(figure_outside_panel, "nothing outside", "silent", case_of(NEXT, HISTORY)),
    Example(figure_outside_panel, "zeros outside", "silent", case_of(NEXT, HISTORY, outside=0)),
    Example(figure_outside_panel, "one each outside", "holds", case_of(NEXT, HISTORY, outside=1)),
    Example(all_figures_zero, "a usual month", "silent", case_of(NEXT, HISTORY)),
    Example(all_figures_zero, "no figure at all", "silent", case_of(level(np.nan))),
    Example(all_figures_zero, "a baseline of zeros", "warns", case_of(level(0))),
]


def test_a_missing_department_is_shown_with_its_previous_figure() -> None:
    figures = NEXT.copy()
    figures[7] = np.nan
    finding = panel_department_missing(case_of(figures, HISTORY))
    assert finding is not None
    assert finding.evidence == [
        {"department_code": "007", "previous": 1000, "delivered": None, "row": "absent"}
    ]


def test_rows_without_a_known_department_are_counted_beside_the_quarantined_ones() -> None:
    figures = with_first(NEXT, 3, np.nan)
    known = np.arange(96) < 1
    finding = panel_department_missing(case_of(figures, HISTORY, quarantined=known, unreadable=2))
    assert finding is not None
    assert finding.summary.en == (
        "3 of 96 expected départements have no figure, 1 of them because their row was "
        "quarantined; 2 quarantined rows name no known département and may be among the other 2"
    )
    assert [row["row"] for row in finding.evidence] == [
        "quarantined", "absent or unreadable", "absent or unreadable",
    ]  # fmt: skip

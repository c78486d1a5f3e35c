import numpy as np

from acv_pipeline.gate.rules_completeness import (
    all_figures_zero,
    figure_outside_panel,
    panel_department_missing,
)
from acv_pipeline_tests.gate.examples import Example, case_of, level, steady, with_first

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


EXAMPLES = [
    Example(panel_department_missing, "all there", "silent", case_of(NEXT, HISTORY)),
    Example(
        panel_department_missing,
        "one absent",
        "holds",
        case_of(with_first(NEXT, 1, np.nan), HISTORY),
    ),
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

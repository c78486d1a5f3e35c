import numpy as np

from acv_pipeline.gate.case import Totals
from acv_pipeline.gate.rules_totals import (
    control_row_count_differs,
    control_total_differs,
    national_differs_from_departments,
    published_total_missing,
    region_differs_from_departments,
)
from acv_pipeline_tests.gate.examples import Example, case_of, level, steady, with_first

FIGURES = level(100, size=100)  # ten regions of 1,000, 10,000 in all
REGIONS = {f"{n:02d}": 1000.0 for n in range(10)}


def _totals(figures=FIGURES, history=(), **totals):
    return case_of(figures, history, totals=Totals(**totals))


def _published(**totals):
    return case_of(FIGURES, totals=Totals(**totals), source="barometre")


EXAMPLES = [
    Example(national_differs_from_departments, "no total", "silent", case_of(FIGURES)),
    Example(national_differs_from_departments, "equal", "silent", _totals(national=10_000)),
    Example(national_differs_from_departments, "one more", "warns", _totals(national=10_001)),
    Example(national_differs_from_departments, "half more", "warns", _totals(national=14_900)),
    Example(national_differs_from_departments, "above half", "holds", _totals(national=15_100)),
    Example(
        national_differs_from_departments,
        "far off, but a département is missing",
        "warns",
        _totals(with_first(FIGURES, 1, np.nan), national=20_000),
    ),
    Example(region_differs_from_departments, "equal", "silent", _totals(regions=REGIONS)),
    Example(
        region_differs_from_departments,
        "one dwelling in another region",
        "warns",
        _totals(regions=REGIONS | {"00": 1001.0, "01": 999.0}),
    ),
    Example(
        region_differs_from_departments,
        "half more in all",
        "warns",
        _totals(regions=REGIONS | {"00": 5900.0}),
    ),
    Example(
        region_differs_from_departments,
        "above half in all",
        "holds",
        _totals(regions=REGIONS | {"00": 6100.0}),
    ),
    Example(published_total_missing, "no totals", "silent", case_of(FIGURES)),
    Example(
        published_total_missing, "complete", "silent", _published(national=10_000, regions=REGIONS)
    ),
    Example(published_total_missing, "no national row", "warns", _published(regions=REGIONS)),
    Example(published_total_missing, "a partner's", "silent", _totals(regions=REGIONS)),
    Example(
        published_total_missing,
        "a region left out",
        "warns",
        _published(national=10_000, regions={k: v for k, v in REGIONS.items() if k != "03"}),
    ),
    Example(control_total_differs, "none stated", "silent", case_of(FIGURES)),
    Example(
        control_total_differs, "equal", "silent", _totals(stated_sum=10_000, covered_sum=10_000)
    ),
    Example(
        control_total_differs, "one less", "holds", _totals(stated_sum=10_000, covered_sum=9_999)
    ),
    Example(
        control_total_differs,
        "less, with a quarantined row",
        "warns",
        _totals(stated_sum=10_000, covered_sum=9_900, covered_quarantined=1),
    ),
    Example(
        control_total_differs,
        "more, in spite of a quarantined row",
        "holds",
        _totals(stated_sum=10_000, covered_sum=10_100, covered_quarantined=1),
    ),
    Example(control_row_count_differs, "none stated", "silent", case_of(FIGURES)),
    Example(
        control_row_count_differs, "equal", "silent", _totals(stated_rows=100, covered_rows=100)
    ),
    Example(
        control_row_count_differs,
        "equal with a quarantined row",
        "silent",
        _totals(stated_rows=100, covered_rows=99, covered_quarantined=1),
    ),
    Example(
        control_row_count_differs, "one less", "holds", _totals(stated_rows=100, covered_rows=99)
    ),
]


def test_a_stale_national_total_is_recognised() -> None:
    case = _totals(level(110, size=100), steady(FIGURES), national=10_000)
    finding = national_differs_from_departments(case)
    assert finding is not None
    assert str(finding.probable_cause) == "the national total is still that of 2021-05"


def test_evidence_names_the_regions_the_worst_first() -> None:
    case = _totals(regions=REGIONS | {"02": 1005.0, "04": 900.0})
    finding = region_differs_from_departments(case)
    assert finding is not None
    assert [row["region_code"] for row in finding.evidence] == ["04", "02"]
    assert finding.evidence[0] == {
        "region_code": "04",
        "delivered": 900,
        "expected": 1000,
        "difference": -100,
    }

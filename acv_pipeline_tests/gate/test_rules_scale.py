import numpy as np

from acv_pipeline.gate.rules_scale import (
    all_figures_raised,
    figures_scaled,
    flow_instead_of_cumulative,
    national_total_doubles,
)
from acv_pipeline_tests.gate.examples import Example, case_of, level, steady, with_first

HISTORY = steady(level())
BEFORE = level()


def _ratio(rule, name: str, outcome: str, ratios, history=HISTORY) -> Example:
    return Example(rule, name, outcome, case_of(history[-1] * ratios, history))


def _mixed(count: int, value: float, *others: float) -> np.ndarray:
    """``count`` ratios of ``value``; the rest takes the ``others`` in turn."""
    return np.array([value] * count + [others[n % len(others)] for n in range(96 - count)])


def _flow(name: str, outcome: str, figure: float, pace: float, steps: int = 4) -> Example:
    return Example(
        flow_instead_of_cumulative,
        name,
        outcome,
        case_of(level(figure), steady(BEFORE, steps, pace)),
    )


# Of a hundred départements: how many are slow, how much they grow, how much the others do.
Step = tuple[int, float, float]
USUAL: Step = (10, 0, 0.02)


def _raised(name: str, outcome: str, now: Step, *earlier: Step) -> Example:
    history = [level(size=100)]
    for slow, little, much in [*earlier, now]:
        growth = with_first(level(1 + much, 100), slow, 1 + little)
        history.append(history[-1] * growth)
    return Example(all_figures_raised, name, outcome, case_of(history[-1], history[:-1]))


def _small(name: str, outcome: str, figure: float, count: int = 95) -> Example:
    """``count`` départements at ``figure`` gain one, after one large one alone had moved."""
    before = with_first(level(5), count, figure)
    history = [np.concatenate([before, [1000.0 + 50 * n]]) for n in range(4)]
    after = np.concatenate([with_first(before, count, figure + 1), [1200.0]])
    return Example(all_figures_raised, name, outcome, case_of(after, history))


EXAMPLES = [
    _ratio(national_total_doubles, "1.84 times", "silent", 1.84),
    _ratio(national_total_doubles, "1.86 times", "holds", 1.86),
    _ratio(national_total_doubles, "2.24 times", "holds", 2.24),
    _ratio(national_total_doubles, "2.26 times", "silent", 2.26),
    _ratio(national_total_doubles, "57 of 96 double", "silent", _mixed(57, 2, 1, 3)),
    _ratio(national_total_doubles, "58 of 96 double", "holds", _mixed(58, 2, 1, 3)),
    _ratio(national_total_doubles, "one month known", "silent", 2, HISTORY[-1:]),
    _ratio(national_total_doubles, "two months known", "holds", 2, HISTORY[-2:]),
    _ratio(figures_scaled, "3.95 times", "silent", 3.95),
    _ratio(figures_scaled, "4.05 times", "holds", 4.05),
    _ratio(figures_scaled, "a tenth", "holds", 0.1),
    _ratio(figures_scaled, "scattered by 1.24", "holds", _mixed(50, 10, 12.4)),
    _ratio(figures_scaled, "scattered by 1.26", "silent", _mixed(50, 10, 12.6)),
    _ratio(figures_scaled, "57 of 96 alike", "silent", _mixed(57, 10, 30)),
    _ratio(figures_scaled, "58 of 96 alike", "holds", _mixed(58, 10, 30)),
    _ratio(figures_scaled, "one month known", "silent", 10, HISTORY[-1:]),
    _ratio(figures_scaled, "two months known", "holds", 10, HISTORY[-2:]),
    _flow("49 % of the level", "holds", 490, 200),
    _flow("51 % of the level", "silent", 510, 200),
    _flow("2.9 times the usual flow", "holds", 29, 10),
    _flow("3.1 times the usual flow", "silent", 31, 10),
    _flow("a third of the usual flow", "holds", 3.4, 10),
    _flow("below a third", "silent", 3.2, 10),
    _flow("one month known", "silent", 10, 10, 0),
    _flow("two months known", "holds", 10, 10, 1),
    Example(all_figures_raised, "first month", "silent", case_of(BEFORE)),
    _raised("1.95 % everywhere", "silent", (0, 0, 0.0195), *[USUAL] * 3),
    _raised("2.05 % everywhere", "holds", (0, 0, 0.0205), *[USUAL] * 3),
    _raised("two steps known", "silent", (0, 0, 0.05), *[USUAL] * 2),
    _raised("three steps known", "holds", (0, 0, 0.05), *[USUAL] * 3),
    _raised("five stand still", "holds", (5, 0, 0.03), *[USUAL] * 3),
    _raised("six stand still", "silent", (6, 0, 0.05), *[USUAL] * 3),
    _raised("seen six steps ago", "silent", (0, 0, 0.03), (10, 0.03, 0.3), *[USUAL] * 5),
    _raised("seen seven steps ago", "holds", (0, 0, 0.03), (10, 0.03, 0.3), *[USUAL] * 6),
    _raised("1.45 times the most", "silent", (0, 0, 0.029), *[(10, 0.02, 0.2)] * 3),
    _raised("1.55 times the most", "holds", (0, 0, 0.031), *[(10, 0.02, 0.2)] * 3),
    _raised("large, but no evener than usual", "silent", (10, 0.06, 0.09), *[(10, 0.02, 0.04)] * 3),
    _small("dwellings by the score", "holds", 20),
    _small("fewer than twenty dwellings", "silent", 19),
    _small("twenty départements to judge by", "holds", 40, 19),
    _small("nineteen to judge by", "silent", 40, 18),
]


def test_the_factor_is_named_as_the_probable_cause() -> None:
    finding = figures_scaled(case_of(level(10_100), HISTORY))
    assert finding is not None
    assert (
        str(finding.probable_cause) == "all figures about 10.1 times: another unit or decimal sign"
    )

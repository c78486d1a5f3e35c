from acv_pipeline.contract.entries import Target
from acv_pipeline.gate.rules_attention import target_crossed, top_three_changed
from acv_pipeline_tests.gate.examples import (
    ACV,
    Example,
    case_of,
    distinct,
    level,
    with_first,
)

HISTORY = [level()]
GOAL = ACV.model_copy(update={"target": Target(value=96_960, why="announced for this test only")})


def _national(total: float, outcome: str, indicator=GOAL, before: float = 1000) -> Example:
    return Example(
        target_crossed,
        f"{total} after {before * 96} with target {indicator.target and indicator.target.value}",
        outcome,
        case_of(level(total / 96), [level(before)], indicator=indicator),
    )


RANKED = distinct()

EXAMPLES = [
    _national(96_960, "silent", indicator=ACV.model_copy(update={"target": None})),
    _national(96_864, "silent"),
    _national(96_960, "warns"),
    _national(97_056, "silent", before=1010),
    Example(top_three_changed, "first month", "silent", case_of(RANKED)),
    Example(top_three_changed, "the same three", "silent", case_of(RANKED + 10, [RANKED])),
    Example(
        top_three_changed,
        "a newcomer",
        "warns",
        case_of(with_first(RANKED + 10, 1, 5000.0), [RANKED]),
    ),
    Example(
        top_three_changed,
        "a tie for the third place",
        "silent",
        case_of(with_first(RANKED, 1, RANKED[-3]), [RANKED]),
    ),
]

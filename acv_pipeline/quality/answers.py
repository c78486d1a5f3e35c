"""Great Expectations' answers, from the process beside this one.

Loading it takes as long as receiving and judging a month; a process that has it loaded answers
itself. Here: who answers. Not here: what is asked, and answering it (``expectations``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from acv_pipeline import beside
from acv_pipeline.quality import expectations
from acv_pipeline.quality.expectations import Failure
from acv_pipeline.quality.rule import Expectation

Failures = list[list[Failure]]


def get_ready() -> None:
    """Start loading it, unless this process has; returns at once."""
    if not expectations.is_ready():
        beside.get_ready(expectations.get_ready)


def failures(frame: pd.DataFrame, asked: Sequence[Expectation]) -> Failures:
    """What ``expectations.failures`` finds."""
    with beside.asking() as ask:
        return answer(ask, frame, asked)()


def answer(
    ask: beside.Ask, frame: pd.DataFrame, asked: Sequence[Expectation]
) -> Callable[[], Failures]:
    """The same, found while this process does other work; waited for when it is called."""
    if frame.empty or expectations.is_ready():
        return lambda: expectations.failures(frame, asked)
    return ask(expectations.failures, frame, list(asked)).answer

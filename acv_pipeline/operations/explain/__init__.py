"""Where a figure comes from: ``acv explain``."""

from acv_pipeline.operations.explain.figure import (
    Figure,
    Increment,
    OutdatedCopyError,
    Rank,
    Step,
    explain,
)
from acv_pipeline.operations.explain.on_record import Judgement, Part, Value
from acv_pipeline.operations.explain.question import Question, ask, series_of, sources_of

__all__ = [
    "Figure",
    "Increment",
    "Judgement",
    "OutdatedCopyError",
    "Part",
    "Question",
    "Rank",
    "Step",
    "Value",
    "ask",
    "explain",
    "series_of",
    "sources_of",
]

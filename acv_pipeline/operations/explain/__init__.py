"""Where a figure comes from: ``acv explain``."""

from acv_pipeline.operations.explain.figure import (
    Figure,
    Increment,
    OutdatedCopyError,
    Rank,
    Step,
    explain,
)
from acv_pipeline.operations.explain.figure_key import FigureKey, figure_key, series_of, sources_of
from acv_pipeline.operations.explain.on_record import Judgement, Part, Value

__all__ = [
    "Figure",
    "FigureKey",
    "Increment",
    "Judgement",
    "OutdatedCopyError",
    "Part",
    "Rank",
    "Step",
    "Value",
    "explain",
    "figure_key",
    "series_of",
    "sources_of",
]

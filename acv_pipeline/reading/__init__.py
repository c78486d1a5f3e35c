"""Files to sheets of text cells and their kinds: formats, encodings, limits, hostile content."""

from acv_pipeline.reading.file import read_file
from acv_pipeline.reading.properties import made_at
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import DATE, DEFAULT, NUMBER, TEXT, Kinds, Limits, Sheet

__all__ = [
    "DATE",
    "DEFAULT",
    "NUMBER",
    "TEXT",
    "DeliveryRefused",
    "Kinds",
    "Limits",
    "Sheet",
    "made_at",
    "read_file",
]

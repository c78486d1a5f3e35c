"""Files to sheets of text cells: formats, encodings, limits, hostile content.

Here: everything between bytes and cells. Not here: what the cells mean (``tidying``).
"""

from acv_pipeline.reading.file import read_file
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import DEFAULT, Limits, Sheet

__all__ = ["DEFAULT", "DeliveryRefused", "Limits", "Sheet", "read_file"]

"""Checks between the layers: declared once, evaluated by the tool that does it best."""

from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.table_checks import checks

__all__ = ["Check", "CheckResult", "checks"]

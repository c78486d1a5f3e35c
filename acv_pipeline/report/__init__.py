"""The report: one self-contained HTML page on the figures in force, and small plots of the same.

Here: what callers use. Not here: the marts it shows (``models``), the open data release.
"""

from acv_pipeline.report.report import Report, write_report

__all__ = ["Report", "write_report"]

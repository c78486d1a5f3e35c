"""The report: one self-contained HTML page on the figures in force, and small plots of the same."""

from acv_pipeline.publishing.report.report import Report, write_report

__all__ = ["Report", "write_report"]

"""Layer ``publication``: what leaves the house, made from the published copy alone.

Here: what Dagster shows of the open data release, the report page, and of sending the release to
data.gouv.fr. Not here: making any of them (``release``, ``report``, ``datagouv``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from acv_pipeline.assets.shown import CODE, rows_shown, spec
from acv_pipeline.flow import Pipeline
from acv_pipeline.publication import RELEASE, REPORT

if TYPE_CHECKING:
    from acv_pipeline.release import Release
    from acv_pipeline.report import Report

GROUP = "publication"


def specs(pipeline: Pipeline, partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """The open data release and the report page; a month of theirs is one that they contain."""
    marts = list(pipeline.project.models)
    return [
        spec(
            RELEASE,
            description=(
                "The figures in force as open data: a dated folder with CSV and Parquet files, "
                "their schemas, a data package, what changed and checksums. Never rewritten; the "
                "same content makes no new one. A month is recorded when the release contains it."
            ),
            deps=marts,
            group=GROUP,
            kinds={"csv", "parquet"},
            partitions=partitions,
            code=[CODE / "release" / "tables.yml"],
        ),
        spec(
            REPORT,
            description=(
                "The page for people: one self-contained file in French and English with the "
                "national course, the map, the ranking, a section per département, revisions and "
                "held months. A month is recorded when the page contains it."
            ),
            deps=[*marts, RELEASE],
            group=GROUP,
            kinds={"html"},
            partitions=partitions,
            code=[CODE / "report" / "page.py"],
        ),
    ]


def release_details(release: Release) -> dict[str, Any]:
    """Where the release is, how to tell it from others, and what is in it."""
    return {
        "folder": dg.MetadataValue.path(str(release.path)),
        "version": release.version,
        "sha256": release.sha256,
        "made by this run": release.is_new,
        "files": rows_shown(
            [{"file": f"{name}.csv", "rows": rows} for name, rows in release.row_counts.items()]
        ),
    }


def report_details(report: Report) -> dict[str, Any]:
    """Where the page is."""
    return {
        "page": dg.MetadataValue.path(str(report.path)),
        "kilobytes": round(report.byte_size / 1000),
        "written by this run": report.is_new,
    }

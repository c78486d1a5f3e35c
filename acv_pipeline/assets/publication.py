"""Layer ``publication``: what leaves the house, made from the published copy alone.

Snapshots of the whole, without months of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from acv_pipeline.assets.resources import PublishedCopy
from acv_pipeline.assets.shown import CODE, picture_shown, rows_shown, spec
from acv_pipeline.assets.step import Event, Step, Steps
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import span
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.language import _
from acv_pipeline.publishing.published_copy import (
    COPY,
    PICTURED,
    RELEASE,
    REPORT,
    Publication,
    Published,
    describe,
    make_publication,
)
from acv_pipeline.publishing.release import latest_release, release_sha256
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    from acv_pipeline.publishing.release import Release
    from acv_pipeline.publishing.report import Report

GROUP = "publication"


def specs(pipeline: Pipeline) -> list[dg.AssetSpec]:
    """The published copy, the open data release and the report page."""
    marts = list(pipeline.project.models)
    return [
        spec(
            COPY,
            description=(
                "The read-only copy of all tables that people, the release and the report read. "
                "Replaced only when every mart is up to date and every invariant holds, of all "
                "months, whatever a run was asked for."
            ),
            deps=marts,
            group=GROUP,
            kinds={"duckdb"},
            code=[CODE / "publishing" / "published_copy.py"],
        ),
        spec(
            RELEASE,
            description=(
                "The figures in force as open data: a dated folder with CSV, Parquet and XLSX "
                "files, their schemas, a data package, what changed and checksums. Never "
                "rewritten; the same content makes no new one."
            ),
            deps=[COPY],
            group=GROUP,
            kinds={"csv", "parquet", "excel"},
            code=[CODE / "publishing" / "release" / "tables.yml"],
        ),
        spec(
            REPORT,
            description=(
                "The page for people: one self-contained file in French and English with the "
                "national trajectory, the map, the ranking, a section per département, revisions "
                "and held months."
            ),
            deps=[COPY, RELEASE],
            group=GROUP,
            kinds={"html"},
            code=[CODE / "publishing" / "report" / "page.py"],
        ),
    ]


def publish(steps: Steps) -> dg.OpDefinition:
    """The step that replaces the published copy, or says why not."""

    def work(step: Step) -> Iterator[Event]:
        if step.asked([COPY]):
            place = _place(step)
            step.turn.publish(place.published)
            copy = describe(place)
            step.context.log.info(f"published {span(copy.months)}")
            yield dg.Output(None, COPY, metadata=_copy_details(copy))

    description = "Check every invariant of all marts and months, then replace the copy."
    return steps.op("publish", description, [COPY], [], work, resources=["published"])


def release(steps: Steps) -> dg.OpDefinition:
    """The step that makes the open data release."""

    def work(step: Step) -> Iterator[Event]:
        if step.asked([RELEASE]):
            step.turn.log(_("making the open data release"))
            made = _made(step, RELEASE).release
            if made:
                step.context.log.info(
                    f"release {made.version}" + ("" if made.is_new else ": stands as it is")
                )
                yield dg.Output(None, RELEASE, metadata=_release_details(made))
            else:
                step.context.log.info("no complete month to release yet")

    description = "Make a dated open data release, unless the standing one has the same content."
    return steps.op("release", description, [RELEASE], [], work, resources=["published"])


def report(steps: Steps) -> dg.OpDefinition:
    """The step that writes the report page."""

    def work(step: Step) -> Iterator[Event]:
        if step.asked([REPORT]):
            step.turn.log(_("writing the report page"))
            made = _made(step, REPORT)
            if made.report:
                step.context.log.info(f"report page of {made.report.byte_size / 1000:.0f} kB")
                plots = {
                    PICTURED[mart]: picture_shown(svg, PICTURED[mart])
                    for mart, svg in made.pictures.items()
                }
                details = _report_details(made.report, _place(step)) | plots
                yield dg.Output(None, REPORT, metadata=details)

    description = "Write the page for people, and draw its plots."
    return steps.op("report", description, [REPORT], [], work, resources=["published"])


def _place(step: Step) -> Home:
    """Where what is published goes."""
    published: PublishedCopy = step.context.resources.published
    return published.place


def _made(step: Step, asset: str) -> Publication:
    """The release or the report page."""
    home, contract = _place(step), step.pipeline.contract
    standing = latest_release(home.releases) if RELEASE in step.run_assets else None
    of_now = release_sha256(standing) if standing and asset == REPORT else None
    return make_publication(home, contract, [asset], contract.today(), of_now)


def _copy_details(published: Published) -> dict[str, Any]:
    """Where the copy is, how to tell it from others, and what is in it."""
    return {
        "folder": dg.MetadataValue.path(str(published.path.parent)),
        "sha256": published.sha256,
        "months": span(published.months),
        "months published": len(published.months),
        "megabytes": round(published.byte_size / 1e6, 1),
    }


def _release_details(release: Release) -> dict[str, Any]:
    """Where the release is, how to tell it from others, and what is in it."""
    months = sorted({month for of in release.months.values() for month in of})
    return {
        "months": span(months),
        "months released": len(months),
        "folder": dg.MetadataValue.path(str(release.path)),
        "version": release.version,
        "sha256": release.sha256,
        "made by this run": release.is_new,
        "files": rows_shown(
            [{"file": f"{name}.csv", "rows": rows} for name, rows in release.row_counts.items()]
        ),
    }


def _report_details(report: Report, home: Home) -> dict[str, Any]:
    """Where the page is, and which months it shows."""
    published = describe(home)
    return {
        "folder": dg.MetadataValue.path(str(report.path.parent)),
        "months": span(published.months),
        "sha256": sha256(report.path),
        "page": dg.MetadataValue.path(str(report.path)),
        "kilobytes": round(report.byte_size / 1000),
        "written by this run": report.is_new,
    }

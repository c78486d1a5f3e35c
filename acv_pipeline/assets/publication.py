"""Layer ``publication``: what leaves the house, made from the published copy alone.

Snapshots of the whole, without months of their own.
"""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from acv_pipeline.assets.resources import LandingZone, PublishedCopy, Warehouse
from acv_pipeline.assets.shown import CODE, picture_shown, rows_shown, spec
from acv_pipeline.assets.step import AFTER, Event, Step, Steps, outs, plain_failures
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import span
from acv_pipeline.landing.whole_files import sha256
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
Details = tuple[str, dict[str, Any] | None]  # what the log says, what is put on record


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
            partitions=None,
            code=[CODE / "publishing" / "published_copy.py"],
        ),
        spec(
            RELEASE,
            description=(
                "The figures in force as open data: a dated folder with CSV and Parquet files, "
                "their schemas, a data package, what changed and checksums. Never rewritten; the "
                "same content makes no new one."
            ),
            deps=[COPY],
            group=GROUP,
            kinds={"csv", "parquet"},
            partitions=None,
            code=[CODE / "publishing" / "release" / "tables.yml"],
        ),
        spec(
            REPORT,
            description=(
                "The page for people: one self-contained file in French and English with the "
                "national course, the map, the ranking, a section per département, revisions and "
                "held months."
            ),
            deps=[COPY, RELEASE],
            group=GROUP,
            kinds={"html"},
            partitions=None,
            code=[CODE / "publishing" / "report" / "page.py"],
        ),
    ]


def _op(
    steps: Steps, name: str, asset: str, description: str, make: Callable[[Step, Home], Details]
) -> dg.OpDefinition:
    """A step of one asset.

    Args:
        make: makes it; nothing is put on record without details.
    """

    @dg.op(name=name, ins=AFTER, out=outs([asset], []), description=description)
    def step_of_one(
        context: dg.AssetExecutionContext,
        warehouse: Warehouse,
        landing_zone: LandingZone,
        published: PublishedCopy,
    ) -> Iterator[Event]:
        with plain_failures(warehouse):
            step = steps.begin(context, warehouse, landing_zone)
            if step.asked([asset]):
                said, details = make(step, published.place)
                context.log.info(said)
                if details:
                    yield dg.Output(None, asset, metadata=details)
            yield from step.end()

    return step_of_one


def publish(steps: Steps) -> dg.OpDefinition:
    """The step that replaces the published copy, or says why not."""

    def make(step: Step, home: Home) -> Details:
        step.turn.publish(home.published)
        copy = describe(home)
        return f"published {span(copy.months)}", _copy_details(copy)

    description = "Check every invariant of all marts and months, then replace the copy."
    return _op(steps, "publish", COPY, description, make)


def release(steps: Steps) -> dg.OpDefinition:
    """The step that makes the open data release."""

    def make(step: Step, home: Home) -> Details:
        step.turn.say("making the open data release")
        made = _made(step, home, RELEASE).release
        if not made:
            return "no complete month to release yet", None
        stands = "" if made.is_new else ": stands as it is"
        return f"release {made.version}{stands}", release_details(made)

    description = "Make a dated open data release, unless the standing one has the same content."
    return _op(steps, "release", RELEASE, description, make)


def report(steps: Steps) -> dg.OpDefinition:
    """The step that writes the report page."""

    def make(step: Step, home: Home) -> Details:
        step.turn.say("writing the report page")
        made = _made(step, home, REPORT)
        assert made.report is not None  # it was asked for
        plots = {
            PICTURED[mart]: picture_shown(svg, PICTURED[mart])
            for mart, svg in made.pictures.items()
        }
        details = report_details(made.report, home) | plots
        return f"report page of {made.report.byte_size / 1000:.0f} kB", details

    return _op(steps, "report", REPORT, "Write the page for people, and draw its plots.", make)


def _made(step: Step, home: Home, asset: str) -> Publication:
    """The release or the report page."""
    contract = step.pipeline.contract
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


def release_details(release: "Release") -> dict[str, Any]:
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


def report_details(report: "Report", home: Home) -> dict[str, Any]:
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

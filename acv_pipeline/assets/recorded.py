"""What a run puts on Dagster's record: materialisations, then what every check says of each month.

Here: from an outcome to Dagster's events, and which materialisation an evaluation is about: the UI
shows the evaluation of a month as missing unless it names that month's last materialisation.
Not here: running (``run``), and how tables and plots are shown (``shown``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)

from acv_pipeline.assets import marts, publication, validated
from acv_pipeline.assets.partitions import key_of
from acv_pipeline.assets.shown import lineage_shown, picture_shown, rows_shown
from acv_pipeline.contract import Month
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow import QUARANTINED, VALIDATED, Outcome, Pipeline, Say
from acv_pipeline.publication import PICTURED, RELEASE, REPORT, Publication
from acv_pipeline.quality.check import CheckResult

SEVERITY = {
    "error": dg.AssetCheckSeverity.ERROR,
    "warn": dg.AssetCheckSeverity.WARN,
}

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation
Targets = Mapping[tuple[str, Month], Target]
"""The last materialisation, by asset and month."""


def events(
    instance: DagsterInstance,
    pipeline: Pipeline,
    outcome: Outcome,
    publication: Callable[[], Publication],
    say: Say,
) -> Iterator[Event]:
    """One materialisation per asset and month, one evaluation per check and month.

    Args:
        publication: waits for what leaves the house: what doesn't show it is recorded meanwhile.
    """
    months = sorted(outcome.moved)
    # plots come with the report, and go with a mart's last month
    pictured = [max(n) for asset, n in outcome.row_counts.items() if n and asset in PICTURED]
    waiting = [month for month in months if pictured and month >= min(pictured)]
    ready = months[: len(months) - len(waiting)]
    yield from _months(instance, pipeline, outcome, Publication(), ready, say)
    try:
        made = publication()
    except Exception:
        # what was found is told all the same
        yield from _months(instance, pipeline, outcome, Publication(), waiting, say)
        raise
    shown = {m: n for m, n in made.row_counts.items() if m in outcome.moved - outcome.held}
    counts = outcome.row_counts | dict.fromkeys(made.assets, shown)
    whole = replace(outcome, row_counts=counts)
    yield from _materialisations(pipeline, whole, made, made.assets, ready)
    yield from _months(instance, pipeline, whole, made, waiting, say)


def _months(
    instance: DagsterInstance,
    pipeline: Pipeline,
    outcome: Outcome,
    made: Publication,
    months: Sequence[Month],
    say: Say,
) -> Iterator[Event]:
    """What is recorded of some months: evaluations name the materialisations before them."""
    yield from _materialisations(pipeline, outcome, made, outcome.row_counts, months)
    results: dict[Month, list[CheckResult]] = {month: [] for month in months}
    for result in outcome.results:
        if result.month in results:
            results[result.month].append(result)
    targets = last_materialisations(instance, [r for found in results.values() for r in found])
    checked = sorted({result.month for result in outcome.results})
    for month, found in results.items():
        if len(checked) > 1 and found:
            say(f"recording {month:%Y-%m} ({checked.index(month) + 1} of {len(checked)})")
        for result in found:
            yield evaluation(result, targets.get((result.check.asset, month)))


def _materialisations(
    pipeline: Pipeline,
    outcome: Outcome,
    made: Publication,
    assets: Iterable[str],
    months: Sequence[Month],
) -> Iterator[dg.AssetMaterialization]:
    for asset in assets:
        counts = outcome.row_counts[asset]
        for month in months:
            if month not in counts:
                continue
            metadata: dict[str, Any] = {"dagster/partition_row_count": counts[month]}
            if month == max(counts):
                # the UI shows the last one recorded as the asset's state
                metadata |= _details(pipeline, outcome, made, asset)
            yield dg.AssetMaterialization(asset, partition=key_of(month), metadata=metadata)


def evaluation(result: CheckResult, target: Target | None) -> dg.AssetCheckEvaluation:
    """What Dagster records and shows of a check result.

    Args:
        target: the month's last materialisation; None if there never was one.
    """
    # as text: the UI would plot numbers over the time of recording, which means nothing here
    metadata: dict[str, Any] = {"checked": str(result.checked)}
    if not result.passed:
        metadata |= {"failed": str(result.failed), "what to do": result.check.what_to_do}
    if result.sample:
        metadata["evidence"] = rows_shown(result.sample)
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(result.check.asset),
        check_name=result.check.name,
        passed=result.passed,
        partition=key_of(result.month),
        severity=SEVERITY[result.severity or result.check.severity],
        description=result.summary or None,
        metadata=metadata,
        target_materialization_data=target,
    )


def last_materialisations(instance: DagsterInstance, results: Sequence[CheckResult]) -> Targets:
    """What the evaluations of these results are about: nothing, for a month never materialised."""
    months: dict[str, set[str]] = defaultdict(set)
    for result in results:
        months[result.check.asset].add(key_of(result.month))
    targets: dict[tuple[str, Month], Target] = {}
    for asset, partitions in months.items():
        key = dg.AssetKey(asset)
        last = instance.get_latest_storage_id_by_partition(
            key, DagsterEventType.ASSET_MATERIALIZATION, partitions
        )
        if last:
            numbers = list(last.values())
            for record in instance.fetch_materializations(
                dg.AssetRecordsFilter(key, storage_ids=numbers), limit=len(numbers)
            ).records:
                if partition := record.partition_key:
                    targets[asset, month_of(partition)] = Target(
                        storage_id=record.storage_id,
                        run_id=record.run_id,
                        timestamp=record.timestamp,
                    )
    return targets


def _details(pipeline: Pipeline, outcome: Outcome, made: Publication, asset: str) -> dict[str, Any]:
    """What the UI shows of an asset beside its row counts."""
    details: dict[str, Any] = {}
    if shown := outcome.previews.get(asset):
        details["dagster/row_count"] = shown.total_rows
        if picture := made.pictures.get(asset):
            details["picture"] = picture_shown(picture, asset)
        if shown.common:
            details["preview of"] = ", ".join(f"{k} {v}" for k, v in shown.common.items())
        if shown.rows:
            details["preview"] = rows_shown(shown.rows)
    if asset == RELEASE and made.release:
        details |= publication.release_details(made.release)
    elif asset == REPORT and made.report:
        details |= publication.report_details(made.report)
    elif asset in pipeline.project.models:
        details |= lineage_shown(marts.column_lineage(pipeline, asset))
    elif asset in (VALIDATED, QUARANTINED):
        details |= lineage_shown(validated.column_lineage(pipeline, asset))
    return details

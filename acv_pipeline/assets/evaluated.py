"""What Dagster records of a check: an evaluation per month.

The UI shows the evaluation of a month as missing unless it names that month's last
materialisation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)

from acv_pipeline.assets.partitions import key_of
from acv_pipeline.assets.shown import rows_shown
from acv_pipeline.assets.ui import sign_off_form
from acv_pipeline.contract import Month
from acv_pipeline.contract.months import month_of
from acv_pipeline.language import _, plural
from acv_pipeline.quality.acceptance import Hold
from acv_pipeline.quality.check import Check, CheckResult

SEVERITY = {
    "error": dg.AssetCheckSeverity.ERROR,
    "warn": dg.AssetCheckSeverity.WARN,
}

Targets = Mapping[tuple[str, Month], Target]
"""The last materialisation, by asset and month."""


def evaluation(
    result: CheckResult, target: Target | None, holds: Mapping[Hold, str] | None = None
) -> dg.AssetCheckEvaluation:
    """What Dagster records and shows of a check result.

    Args:
        target: the month's last materialisation; None if there never was one.
        holds: what a person may release, if the figures are right, and by which command.
    """
    # as text: the UI would plot numbers over the time of recording, which means nothing here
    metadata: dict[str, Any] = {"checked": str(result.checked)}
    if not result.passed:
        metadata |= {"failed": str(result.failed), "what to do": str(result.check.what_to_do)}
    for hold, command in (holds := holds or {}).items():
        whose = f" ({hold.source}, {hold.indicator})" if len(holds) > 1 else ""
        form = sign_off_form(hold.delivery_id[:12], hold.indicator, f"{hold.month:%Y-%m}")
        metadata[f"sign off{whose}"] = command
        metadata[f"sign-off form{whose}"] = dg.MetadataValue.url(form)
    if result.sample:
        metadata["evidence"] = rows_shown(result.sample)
    if result.validation:
        metadata["validation result"] = dg.MetadataValue.path(str(result.validation))
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


def summary(check: Check, results: Sequence[CheckResult]) -> dg.AssetCheckEvaluation:
    """What a run without months says of a check: whether it holds of all months on record."""
    failed = [f"{result.month:%Y-%m}" for result in results if not result.passed]
    severe = any((r.severity or check.severity) == "error" for r in results if not r.passed)
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(check.asset),
        check_name=check.name,
        passed=not failed,
        severity=SEVERITY["error" if severe else "warn"],
        description=_(
            "{failed} of {all} months do not hold: {months}",
            failed=len(failed),
            all=len(results),
            months=", ".join(failed),
        )
        if failed
        else plural("{count} month holds", "{count} months hold", len(results)),
    )

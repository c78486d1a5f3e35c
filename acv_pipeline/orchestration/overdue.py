"""The lateness sensor: a month that never came makes no run, so somebody has to look for it."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import json

import dagster as dg

from acv_pipeline.assets.evaluated import evaluation, last_materialisations
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.quality.lateness_checks import evaluate_lateness_checks, lateness_checks
from acv_pipeline.warehouse import WarehouseError, read_published

INTERVAL_SECONDS = 3600


def overdue_sensor(pipeline: Pipeline) -> dg.SensorDefinition:
    """Records ``delivery_not_overdue`` for each month that became late, or came after all."""

    @dg.sensor(
        name="overdue",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for months past their deadline, once an hour.",
    )
    def overdue(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            with read_published(pipeline.home) as connection:
                late = pipeline.late(connection)
                before = {tuple(entry) for entry in json.loads(context.cursor or "[]")}
                now = {(entry.source, f"{entry.month:%Y-%m}") for entry in late}
                changed = sorted(before ^ now)
                months = sorted({month_of(month) for _, month in changed})
                results = evaluate_lateness_checks(
                    connection, pipeline.contract, lateness_checks(pipeline.contract), months
                )
        except WarehouseError as error:
            return dg.SkipReason(str(error))
        assets = {source.id: source.asset for source in pipeline.contract.sources.values()}
        wanted = {(assets[source], month_of(month)) for source, month in changed}
        told = [r for r in results if (r.check.asset, r.month) in wanted]
        targets = last_materialisations(context.instance, told)
        return dg.SensorResult(
            asset_events=[
                evaluation(result, targets.get((result.check.asset, result.month)))
                for result in told
            ],
            cursor=json.dumps(sorted(now)),
        )

    return overdue

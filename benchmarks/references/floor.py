"""Dagster's own floor: the same graph and the same events, from a step that does nothing else.

Usage: ``python -m benchmarks.references.floor GRAPH.json DAGSTER_HOME``; the graph and its events
are those of a real run (``recorded``). Here: that empty step.
Nothing of the pipeline is imported to run it, unless the Dagster home names its event storage.
"""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

STORAGE = {
    "module": "acv_pipeline.orchestration.event_storage",
    "class": "PooledSqliteEventLogStorage",
}


def prepare(home: Path, *, stock: bool) -> None:
    """An empty Dagster home: with Dagster's own event storage, or with the pipeline's."""
    home.mkdir(parents=True)
    settings: dict[str, Any] = {"telemetry": {"enabled": False}}
    if not stock:
        base = {"config": {"base_dir": str(home / "history" / "runs")}}
        settings["event_log_storage"] = STORAGE | base
    (home / "dagster.yaml").write_text(json.dumps(settings), encoding="utf-8")


def definitions(graph: dict[str, Any]) -> dg.Definitions:
    """The graph of a run, with a body that yields its events."""
    partitions = dg.MonthlyPartitionsDefinition(graph["first_month"], timezone=graph["timezone"])
    warnings.simplefilter("ignore", category=dg.PreviewWarning)

    @dg.multi_asset(
        specs=[
            dg.AssetSpec(name, deps=deps, partitions_def=partitions)
            for name, deps in graph["assets"].items()
        ],
        check_specs=[
            dg.AssetCheckSpec(name, asset=asset, partitions_def=partitions)
            for asset, name in graph["checks"]
        ],
        partitions_def=partitions,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def empty(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
        for event in graph["events"]:
            if event["kind"] == "line":
                context.log.info(event["text"])
            elif event["kind"] == "asset":
                yield dg.AssetMaterialization(
                    event["asset"], partition=event["partition"], metadata=event["metadata"]
                )
            else:
                yield dg.AssetCheckEvaluation(
                    asset_key=dg.AssetKey(event["asset"]),
                    check_name=event["check"],
                    passed=event["passed"],
                    partition=event["partition"],
                    severity=dg.AssetCheckSeverity(event["severity"]),
                    description=event["description"],
                    metadata=event["metadata"],
                )

    job = dg.define_asset_job("job", selection=dg.AssetSelection.assets(empty))
    return dg.Definitions(assets=[empty], jobs=[job], executor=dg.in_process_executor)


def main(graph_file: str, home: str) -> None:
    """One run of the empty graph."""
    graph = json.loads(Path(graph_file).read_text(encoding="utf-8"))
    with dg.DagsterInstance.from_config(home) as instance:
        result = (
            definitions(graph)
            .resolve_job_def("job")
            .execute_in_process(
                instance=instance,
                tags={
                    "dagster/asset_partition_range_start": graph["months"][0],
                    "dagster/asset_partition_range_end": graph["months"][-1],
                },
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        )
    if not result.success:
        sys.exit("the empty run failed")


if __name__ == "__main__":
    main(*sys.argv[1:])

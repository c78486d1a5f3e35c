"""Dagster's floor: the graph and the events of a real run, from a step that does nothing else.

``empty_run.py GRAPH.json DAGSTER_HOME``, on Dagster's own storage.
"""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg


def take_down(home: Path, landing: Path, target: Path) -> int:
    """Write the graph and the events of a home's last run to ``target``; how many events."""
    from acv_pipeline.definitions import build_definitions
    from acv_pipeline.flow.pipeline import Pipeline
    from acv_pipeline.orchestration.instance import instance
    from acv_pipeline.warehouse.home import Home

    pipeline = Pipeline.configured(Home(home), landing)
    with instance(pipeline.home) as opened:
        run = opened.get_runs(limit=1)[0]
        entries = opened.all_logs(run.run_id)
    specs = {
        spec.key.to_user_string() for spec in build_definitions(pipeline).resolve_all_asset_specs()
    }
    months = [run.tags[f"dagster/asset_partition_range_{edge}"] for edge in ("start", "end")]
    checks = [[check.asset, check.name] for check in pipeline.checks()]
    events = [event for entry in entries if (event := _event(entry))]
    graph = {
        "assets": sorted(specs & {asset for _, asset, *_ in events if asset}),
        "checks": checks, "months": months, "first": f"{pipeline.contract.first_month}",
        "events": events,
    }  # fmt: skip
    target.write_text(json.dumps(graph))
    return len(entries)


def _event(entry: dg.EventLogEntry) -> tuple[Any, ...] | None:
    """What a run recorded or logged: kind, asset, partition, check, passed, metadata or text."""
    if entry.dagster_event is None:
        return "line", None, None, None, None, entry.user_message
    data: Any = entry.dagster_event.event_specific_data
    if entry.dagster_event.is_step_materialization:
        said = data.materialization
        return "asset", said.asset_key.to_user_string(), said.partition, None, None, _plain(said)
    if entry.dagster_event.event_type_value == "ASSET_CHECK_EVALUATION":
        asset = data.asset_key.to_user_string()
        return "check", asset, data.partition, data.check_name, data.passed, _plain(data)
    return None


def _plain(said: Any) -> dict[str, Any]:
    values = {name: value.value for name, value in said.metadata.items()}
    return {name: value for name, value in values.items() if isinstance(value, str | int | float)}


def main(graph_file: str, home: str) -> None:
    """One run of the empty graph."""
    graph = json.loads(Path(graph_file).read_text())
    monthly = dg.MonthlyPartitionsDefinition(graph["first"], timezone="Europe/Paris")
    warnings.simplefilter("ignore", category=dg.PreviewWarning)

    @dg.multi_asset(
        specs=[dg.AssetSpec(name, partitions_def=monthly) for name in graph["assets"]],
        check_specs=[
            dg.AssetCheckSpec(name, asset=asset, partitions_def=monthly)
            for asset, name in graph["checks"]
            if asset in graph["assets"]
        ],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def empty(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
        for kind, asset, partition, check, passed, said in graph["events"]:
            if kind == "line":
                context.log.info(said)
            elif kind == "asset":
                yield dg.AssetMaterialization(asset, partition=partition, metadata=said)
            elif asset in graph["assets"]:
                yield dg.AssetCheckEvaluation(
                    asset_key=dg.AssetKey(asset), check_name=check, passed=passed,
                    partition=partition, metadata=said,
                )  # fmt: skip

    job = dg.define_asset_job("job", selection=dg.AssetSelection.assets(empty))
    definitions = dg.Definitions(assets=[empty], jobs=[job], executor=dg.in_process_executor)
    Path(home).mkdir(exist_ok=True)
    Path(home, "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    edges = zip(("start", "end"), graph["months"], strict=True)
    with dg.DagsterInstance.from_config(home) as instance:
        result = definitions.resolve_job_def("job").execute_in_process(
            instance=instance,
            tags={f"dagster/asset_partition_range_{edge}": month for edge, month in edges},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if not result.success:
        sys.exit("the empty run failed")


if __name__ == "__main__":
    main(*sys.argv[1:])

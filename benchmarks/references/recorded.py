"""A real run taken down: its graph and its events, for the empty run to repeat.

Here: reading a home's Dagster record. Not here: running (``floor``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow import Pipeline
from acv_pipeline.home import Home
from acv_pipeline.orchestration.home import instance


def take_down(home: Path, landing: Path, target: Path) -> int:
    """Write the graph and the events of the home's last run to ``target``; how many events."""
    pipeline = Pipeline.configured(Home(home), landing)
    with instance(pipeline.home) as opened:
        run = opened.get_runs(limit=1)[0]
        entries = opened.all_logs(run.run_id)
        planned = {key.to_user_string() for key in run.asset_selection or ()}
    events = [event for entry in entries if (event := _event(entry))]
    specs = build_definitions(pipeline).resolve_all_asset_specs()
    assets = {
        spec.key.to_user_string(): [dep.asset_key.to_user_string() for dep in spec.deps]
        for spec in specs
        if not planned or spec.key.to_user_string() in planned
    }
    start, end = (run.tags[f"dagster/asset_partition_range_{edge}"] for edge in ("start", "end"))
    graph = {
        "first_month": pipeline.contract.first_month.isoformat(),
        "timezone": pipeline.contract.timezone,
        "assets": assets,
        "checks": [
            [check.asset, check.name] for check in pipeline.checks() if check.asset in assets
        ],
        "months": [start, end],
        "events": events,
    }
    target.write_text(json.dumps(graph), encoding="utf-8")
    return len(entries)


def _event(entry: dg.EventLogEntry) -> dict[str, Any] | None:
    event = entry.dagster_event
    if event is None:
        return {"kind": "line", "text": entry.user_message}
    if event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
        materialization = event.step_materialization_data.materialization
        return {
            "kind": "asset",
            "asset": materialization.asset_key.to_user_string(),
            "partition": materialization.partition,
            "metadata": _plain(materialization.metadata),
        }
    if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = event.asset_check_evaluation_data
        return {
            "kind": "check",
            "asset": evaluation.asset_key.to_user_string(),
            "check": evaluation.check_name,
            "partition": evaluation.partition,
            "passed": evaluation.passed,
            "severity": evaluation.severity.value,
            "description": evaluation.description,
            "metadata": _plain(evaluation.metadata),
        }
    return None


def _plain(metadata: Any) -> dict[str, Any]:
    """Metadata by its values; tables of evidence are left out."""
    return {
        name: value.value
        for name, value in metadata.items()
        if isinstance(value.value, str | int | float)
    }

"""Thresholds that are far from what the figures in force suggest by now; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from acv_pipeline.calibration.habits import Evidence
from acv_pipeline.calibration.past import Past, past_in_force
from acv_pipeline.contract import Contract
from acv_pipeline.gate.rules_completeness import panel_department_missing
from acv_pipeline.gate.rules_revisions import large_revision
from acv_pipeline.language import _

FAR = 1.25  # a quarter more than the contract says
LOOSE = 2.0  # or less than half of what an indicator states itself


@dataclass(frozen=True)
class FarThreshold:
    """A threshold of the contract, and what history suggests in its place."""

    indicator_id: str
    rule: str
    threshold: str
    value: float
    suggested: float
    why: str


def far_thresholds(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[FarThreshold]:
    """What ``acv calibrate`` would change by much, for every indicator with figures in force."""
    return [
        far
        for indicator_id in contract.indicators
        if (past := past_in_force(connection, contract, indicator_id)) is not None and past.months
        for far in _far(contract, past)
    ]


def _far(contract: Contract, past: Past) -> Iterator[FarThreshold]:
    evidence = Evidence(past)
    if not evidence.is_enough:
        return
    learned, own = evidence.habits().learned, contract.indicators[past.indicator.id].thresholds
    for rule, names in contract.thresholds.items():
        if rule in (panel_department_missing.name, large_revision.name):
            continue  # what is in force does not show what was missing or revised on the way
        for name, common in names.items():
            value, found = own[rule][name].value, learned.get(rule, {}).get(name)
            suggested = found.value if found else common.value
            is_raised = common.up_to is not None and value > common.value
            if (found and suggested > FAR * value) or (is_raised and value > LOOSE * suggested):
                why = found.why if found else _("no month in force needs more than the common one.")
                yield FarThreshold(past.indicator.id, rule, name, value, suggested, why)

"""Automation: a layer follows the one before it, for the months that moved and no others.

Here: the condition, and the sensor that evaluates it. Not here: which asset has it (``assets``).
Runs of the whole flow leave nothing to follow; this is for somebody who materialises one asset of
some month by hand, however long past.
"""

from __future__ import annotations

import dagster as dg


def follows() -> dg.AutomationCondition[dg.AssetKey]:
    """Materialise a month when what it depends on was: any month, not the latest alone."""
    return (
        dg.AutomationCondition.eager().without(dg.AutomationCondition.in_latest_time_window())
        & dg.AutomationCondition.all_deps_blocking_checks_passed()
    )


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the conditions of all assets, running by default."""
    return dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A layer follows the one before it, for the months that moved.",
    )

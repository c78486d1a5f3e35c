"""Automation: a layer follows the one before it, for the months that moved and no others.

Here: the condition, and the sensor that evaluates it. Not here: which asset has it (``assets``).
Runs of the whole flow leave nothing to follow; this is for somebody who materialises one asset of
some month by hand, however long past.
"""

from __future__ import annotations

from typing import Any

import dagster as dg


def follows() -> dg.AutomationCondition[Any]:
    """Materialise a month when what it depends on was: any month, not the latest alone.

    Unlike ``eager``, a dependency that has nothing for the month keeps nothing waiting: a partner
    may be late, and the Baromètre publishes a few times a year.
    """
    condition = dg.AutomationCondition
    return (
        condition.any_deps_updated().since_last_handled()
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    )


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the conditions of all assets, running by default."""
    return dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A layer follows the one before it, for the months that moved.",
    )

"""The sensor that has a layer follow the one before it.

Not here: the condition, which assets have (``assets.following``).
"""

from __future__ import annotations

import dagster as dg


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the conditions of all assets, running by default."""
    return dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A layer follows the one before it, for the months that moved.",
    )

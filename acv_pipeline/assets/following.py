"""Automation: a layer follows the one before it, for the months that moved and no others."""

from __future__ import annotations

from typing import Any

import dagster as dg


def follows() -> dg.AutomationCondition[Any]:
    """Materialise a month when what it depends on was: any month, not the latest alone.

    Unlike ``eager``, a dependency that has nothing for the month keeps nothing waiting: a partner
    may be late, and the Baromètre publishes a few times a year. A month that a run could not
    materialise, because it is held, isn't asked for again for the same reason.
    """
    condition = dg.AutomationCondition
    handled = (
        condition.newly_requested()
        | condition.newly_updated()
        | condition.execution_failed().newly_true()
        | condition.initial_evaluation()
    )
    return (
        condition.any_deps_updated().since(handled)
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    )

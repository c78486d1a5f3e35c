"""Alerts that reach a person: what stands now against what was told, sent through an outbox.

Here: what callers use. Not here: finding out what is wrong (gate, quality, lateness), Dagster.
"""

from acv_pipeline.alerts.deliver import Delivered, deliver, send_digest
from acv_pipeline.alerts.facts import Fact, FailedRun, standing_facts

__all__ = ["Delivered", "Fact", "FailedRun", "deliver", "send_digest", "standing_facts"]

"""Alerts that reach a person: what stands now against what was told, sent through an outbox."""

from acv_pipeline.operations.alerts.deliver import Delivered, deliver, send_digest
from acv_pipeline.operations.alerts.fact import Fact, FailedRun
from acv_pipeline.operations.alerts.facts import standing_facts

__all__ = ["Delivered", "Fact", "FailedRun", "deliver", "send_digest", "standing_facts"]

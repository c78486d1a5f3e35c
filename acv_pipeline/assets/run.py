"""The steps of a run in their order: receive, judge, build, publish, release, report, accepted?

One graph-backed definition of all assets of the flow.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import dagster as dg

from acv_pipeline.assets import marts, publication, raw, validated
from acv_pipeline.assets.partitions import monthly
from acv_pipeline.assets.step import Event, Step, Steps, aloud
from acv_pipeline.engines.engine import Log
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.gate.rules import RULES
from acv_pipeline.language import _
from acv_pipeline.quality.acceptance import ACCEPTED
from acv_pipeline.quality.check import Check

FLOW = "monthly_figures"


class Flow(dg.AssetsDefinition):
    """A graph whose checks can be executed alone.

    Dagster takes it that no graph's can, and greys *Execute all*: it gives such checks the name of
    the whole that they need. Those of this graph need nothing but themselves.
    """

    @property
    def unique_id(self) -> str:
        """No name: there is no whole that must be executed as one."""
        return None  # type: ignore[return-value]


def build_assets(pipeline: Pipeline, listen: Log = aloud) -> dg.AssetsDefinition:
    """All assets of the flow with their checks; any of them can be chosen.

    Args:
        listen: told every line of progress; without one the run's *stdout* tab has them.
    """
    partitions = monthly(pipeline.contract)
    specs = {
        spec.key: spec
        for layer in (raw, validated, marts)
        for spec in layer.specs(pipeline, partitions)
    } | {spec.key: spec for spec in publication.specs(pipeline)}
    steps = Steps(pipeline, listen)
    order = [
        raw.receive(steps), validated.judge(steps), marts.build(steps), publication.publish(steps),
        publication.release(steps), publication.report(steps),
    ]  # fmt: skip
    last = accepted(steps)

    def flow() -> dict[str, Any]:
        given: dict[str, Any] = {}
        done = None
        for step in order:
            outputs = step(after=done) if done is not None else step()
            done = outputs.done
            given |= {name: getattr(outputs, name) for name in outputs._fields if name != "done"}
        return given | {name: last(after=done) for name in last.output_dict}

    names = [n for step in (*order, last) for n in step.output_dict if n != "done"]
    graph = dg.graph(name=FLOW, out={name: dg.GraphOut() for name in names})(flow)
    assets = dg.AssetsDefinition.from_graph(
        graph,
        keys_by_output_name={key.to_user_string(): key for key in specs},
        internal_asset_deps={
            key.to_user_string(): {dep.asset_key for dep in spec.deps}
            for key, spec in specs.items()
        },
        partitions_def=partitions,
        check_specs=[_check_spec(check, partitions) for check in pipeline.checks()],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    ).map_asset_specs(lambda spec: specs[spec.key])
    with warnings.catch_warnings():
        # one of an AssetsDefinition's own arguments is in beta
        warnings.simplefilter("ignore", category=dg.BetaWarning)
        return Flow(**assets.get_attributes_dict())


def accepted(steps: Steps) -> dg.OpDefinition:
    """The last step: red if a month that was asked for is held, after all else is done."""

    def work(step: Step) -> Iterator[Event]:
        if wanted := step.checks([ACCEPTED]):
            yield from step.tell(wanted, step.check(wanted, step.scope()))

    description = "Was every month accepted? If one is held: which rule, and what to do."
    return steps.op("accepted", description, [], [ACCEPTED], work, is_last=True)


def _check_spec(check: Check, partitions: dg.PartitionsDefinition[str]) -> dg.AssetCheckSpec:
    holding = {rule.name for rule in RULES if rule.blocking} | {ACCEPTED.name}
    with warnings.catch_warnings():
        # partitioned checks are in preview: their behaviour is pinned by a test
        warnings.simplefilter("ignore", category=dg.PreviewWarning)
        return dg.AssetCheckSpec(
            check.name,
            asset=check.asset,
            description=_(
                "{description} If it fails: {what_to_do}",
                description=check.description,
                what_to_do=check.what_to_do,
            ),
            partitions_def=partitions,
            blocking=check.name in holding,
        )

"""The step that materialises every layer: one open warehouse, one transaction, one step.

Here: from a Dagster selection to ``Pipeline.run``. Not here: its outcome as events (``recorded``).
One step, as dbt projects are usually run: a step that materialises only some of a range's months
must not yield outputs (Dagster would record the others too), and without outputs Dagster skips the
steps behind it. Within one step the good months reach the rankings in the same run.
"""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

import warnings
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from acv_pipeline.assets import marts, publication, raw, validated
from acv_pipeline.assets.partitions import monthly, to_months
from acv_pipeline.assets.recorded import Event, events
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow import Outcome, Pipeline, Say
from acv_pipeline.landing import LandingError
from acv_pipeline.ledger.corrections import CorrectionsError
from acv_pipeline.models import SqlProjectError
from acv_pipeline.quality.check import Check
from acv_pipeline.release import ReleaseError
from acv_pipeline.warehouse import WarehouseError

STEP = "monthly_figures"


class RunConfig(dg.Config):
    """What may be set for a run.

    Attributes:
        months: report on these months only (``2021-03``); all of the run's months by default.
    """

    months: list[str] = Field(default_factory=list)


def build_assets(pipeline: Pipeline, listen: Say | None = None) -> dg.AssetsDefinition:
    """All monthly assets with their checks, materialised by one subsettable step.

    Args:
        listen: told every line of progress too, for a run that somebody watches in a terminal.
    """
    partitions = monthly(pipeline.contract)
    checks = pipeline.checks()

    @dg.multi_asset(
        name=STEP,
        specs=[
            spec
            for layer in (raw, validated, marts, publication)
            for spec in layer.specs(pipeline, partitions)
        ],
        check_specs=[_check_spec(check, partitions) for check in checks],
        partitions_def=partitions,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def monthly_figures(context: dg.AssetExecutionContext, config: RunConfig) -> Iterator[Event]:
        months = to_months(context.partition_keys)
        assets = [key.to_user_string() for key in context.selected_asset_keys]
        only = {month_of(month) for month in config.months} or None

        def say(line: str) -> None:
            context.log.info(line)
            if listen:
                listen(line)

        with pipeline.home.at_work(f"run {context.run.run_id[:8]}", say):
            try:
                outcome = pipeline.run(
                    months,
                    assets,
                    [
                        (key.asset_key.to_user_string(), key.name)
                        for key in context.selected_asset_check_keys
                    ],
                    only=only,
                    say=say,
                )
                _log(context, outcome)
                with pipeline.publication(assets, outcome, say) as publication:
                    yield from events(context.instance, pipeline, outcome, publication, say)
            except (
                CorrectionsError, LandingError, ReleaseError, SqlProjectError, WarehouseError,
            ) as error:  # fmt: skip
                # bad surroundings, not a bug: one line for people, no traceback
                raise dg.Failure(description=str(error), allow_retries=False) from None
            if outcome.broken:
                raise dg.Failure(
                    description=f"not published, readers keep the last copy: "
                    f"{', '.join(sorted(set(outcome.broken)))} must hold and does not",
                    allow_retries=False,
                )
            # loading the definitions goes without SQLAlchemy
            from acv_pipeline.orchestration.event_storage import settle

            # only what can't be lost any more counts as recorded
            settle(context.instance, context.run.run_id)
            pipeline.recorded(assets, [m for m in months if only is None or m in only])

    return monthly_figures


def _check_spec(check: Check, partitions: dg.PartitionsDefinition[str]) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # partitioned checks are in preview: their behaviour is pinned by a test
        warnings.simplefilter("ignore", category=dg.PreviewWarning)
        return dg.AssetCheckSpec(
            check.name,
            asset=check.asset,
            description=f"{check.description} If it fails: {check.what_to_do}",
            partitions_def=partitions,
        )


def _log(context: dg.AssetExecutionContext, outcome: Outcome) -> None:
    if outcome.load:
        for line in outcome.load.misplaced:
            context.log.warning(line)
        for line in outcome.load.unread:
            context.log.error(line)
        for file, reason in outcome.load.refused:
            context.log.error(f"refused {file}: {reason}")
    for month in sorted(outcome.held):
        context.log.error(f"{month:%Y-%m} is held: see the failed checks of validated_dwellings")
    months = {month for counts in outcome.row_counts.values() for month in counts}
    context.log.info(f"{len(months)} months materialised")

"""What the steps of a run have in common: what they were asked for, and what they record.

A run's months are its partitions; a run without partitions (*Execute all* on a Checks tab) means
all months on record. A month that isn't recorded, because it is held or nothing came, makes an
asset record the others one by one: an output would record them all. Where every month of the run
is there, the output itself is yielded, so that whatever hangs behind it runs.
"""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterInstance
from dagster._core.events import AssetMaterializationPlannedData

from acv_pipeline.assets.evaluated import evaluation, last_materialisations, summary
from acv_pipeline.assets.lineage_told import lineage_told
from acv_pipeline.assets.partitions import key_of, monthly, to_months
from acv_pipeline.assets.resources import LandingZone, TableEngine, Warehouse, located
from acv_pipeline.assets.shown import lineage_shown, preview_shown
from acv_pipeline.contract import Month
from acv_pipeline.engines.engine import Log
from acv_pipeline.environment import logs
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn, span
from acv_pipeline.landing import LandingError
from acv_pipeline.language import _, both, together
from acv_pipeline.ledger.corrections import CorrectionsError
from acv_pipeline.models import SqlProjectError
from acv_pipeline.publishing.dsfr import DsfrError
from acv_pipeline.publishing.published_copy import COPY, NotPublishedError
from acv_pipeline.publishing.release import ReleaseError
from acv_pipeline.quality.acceptance import ACCEPTED, holds
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.warehouse import WarehouseError, in_plain_words

log = logging.getLogger("acv_pipeline.progress")

GO = "done"
# a run that held a month needs a person: Dagster doesn't try it again by itself
HELD = {"acv/held": "true", "dagster/retry_on_asset_or_op_failure": "false"}
NO_RUN = ""
PARTITION = "dagster/partition"
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.Output[None]
Lineage = Callable[[Pipeline, str], dg.TableColumnLineage]


def output_of(check: Check) -> str:
    """The output by which Dagster knows a check."""
    return f"{check.asset}_{check.name}"


@contextmanager
def plain_failures(warehouse: Warehouse) -> Iterator[None]:
    """Bad surroundings aren't a bug: one line for people, no traceback, no second try."""
    try:
        with in_plain_words(Path(warehouse.home)):
            yield
    except (
        CorrectionsError, DsfrError, LandingError, NotPublishedError, ReleaseError, SqlProjectError,
        WarehouseError,
    ) as error:  # fmt: skip
        raise dg.Failure(description=str(error), allow_retries=False) from None


@dataclass
class Step:
    """One step of a run.

    Attributes:
        months: those the run is for, in order; none where it was started without partitions.
    """

    context: dg.AssetExecutionContext
    warehouse: Warehouse
    turn: Turn
    months: list[Month]

    @property
    def pipeline(self) -> Pipeline:
        """At the place that the resources say."""
        return self.turn.pipeline

    @property
    def run_assets(self) -> set[str]:
        """The assets that the run materialises, in whichever step."""
        return {key.to_user_string() for key in self.context.selected_asset_keys}

    def asked(self, assets: Iterable[str]) -> list[str]:
        """Those that this run materialises."""
        return [asset for asset in assets if asset in self._outputs & self.run_assets]

    def checks(self, checks: Iterable[Check]) -> list[Check]:
        """Those that this run evaluates."""
        return [check for check in checks if output_of(check) in self._outputs]

    @property
    def _outputs(self) -> set[str]:
        return set(self.context.op_execution_context.selected_output_names)

    def record(self, assets: Sequence[str], lineage: Lineage | None = None) -> Iterator[Event]:
        """What was materialised of each asset: the run's months, and what moved beside them."""
        for asset in assets:
            moved = self.turn.moved.get(asset, frozenset())
            counts = {
                month: rows
                for month, rows in sorted(self.turn.row_counts(asset).items())
                if month in moved or month in self.months
            }
            numbers = self.turn.numbers(asset)
            told: dict[Month, dict[str, Any]] = {
                month: {"dagster/partition_row_count": rows, **numbers.get(month, {})}
                for month, rows in counts.items()
            }
            if told:
                # the UI shows the last one recorded as the asset's state
                told[max(told)] |= preview_shown(self.turn.preview(asset, max(told)))
                if lineage:
                    told[max(told)] |= lineage_shown(lineage(self.pipeline, asset))
            whole = set(self.months) if set(self.months) <= told.keys() else set()
            for month, metadata in told.items():
                if month not in whole:
                    yield dg.AssetMaterialization(asset, partition=key_of(month), metadata=metadata)
                    continue
                self.context.add_asset_metadata(
                    metadata, asset_key=asset, partition_key=key_of(month)
                )
                if month == max(whole):
                    yield dg.Output(None, asset)

    def tell(self, checks: Sequence[Check], results: Sequence[CheckResult]) -> Iterator[Event]:
        """What the checks say, of each month; evaluations name the materialisation they are of."""
        targets = last_materialisations(self.context.instance, results)
        stopped = {r.month for r in results if not r.passed and r.check.asset == ACCEPTED.asset}
        held = holds(self.turn.connection, self.pipeline.contract, stopped) if stopped else []
        said: dict[str, list[CheckResult]] = {output_of(check): [] for check in checks}
        for result in results:
            said[output_of(result.check)].append(result)
            target = targets.get((result.check.asset, result.month))
            own = {h: h.command(self.pipeline.home) for h in held if h.concerns(result)}
            yield evaluation(result, target, own)
        for check in checks:
            found = said[output_of(check)]
            if not self.months and found:
                # planned without a partition: left like that it would count as failed
                yield summary(check, found)
            yield dg.Output(None, output_of(check))

    def scope(self) -> Collection[Month]:
        """The months that checks are about."""
        return self.months or self.turn.on_record()

    def check(self, checks: Sequence[Check], months: Iterable[Month]) -> list[CheckResult]:
        """What the checks say; the log has how many of them fail."""
        wanted = {(check.asset, check.name) for check in checks}
        results = self.turn.check(wanted, months, publishes=COPY in self.run_assets)
        failed = sorted({result.check.name for result in results if not result.passed})
        said = f"{len(checks)} checks of {span(sorted({result.month for result in results}))}"
        self.context.log.info(f"{said}: " + (f"{', '.join(failed)} fail" if failed else "all hold"))
        return results

    def end(self) -> Iterator[Event]:
        """Hand on to the step that follows; without one, the run ends here.

        Raises:
            dagster.Failure: a month that the run was asked for is held.
        """
        if GO in self._outputs:
            yield dg.Output(None, GO)
        else:
            self.end_run()

    def end_run(self) -> None:
        """Put right what Dagster's record says of the months, and end the turn.

        Raises:
            dagster.Failure: a month that the run was asked for is held.
        """
        monthly_assets = self.pipeline.monthly_assets()
        if self.run_assets.issuperset(monthly_assets):
            # only what can't be lost any more counts as recorded
            settle(self.context.instance, self.context.run.run_id)
            self.turn.recorded(self.months)
        judged = self.run_assets.intersection(monthly_assets) - {*self.pipeline.extracts()}
        found = holds(self.turn.connection, self.pipeline.contract, self.months) if judged else []
        if found:
            held = {hold.month for hold in found}
            for asset in self.run_assets.intersection(monthly_assets):
                expected = held if asset in judged else set()
                self._take_back(asset, {*self.months} - expected - {*self.turn.row_counts(asset)})
            self.context.instance.add_run_tags(self.context.run.run_id, HELD)
        self.warehouse.end_turn()
        if found:
            raise dg.Failure(
                description=_(
                    "held, everything else is recorded: {holds}. If the figures are right: "
                    "{commands}",
                    holds=together(
                        both("{hold}. Ask {contact}", hold=hold.named, contact=hold.contact)
                        for hold in found
                    ),
                    commands="; ".join(hold.command(self.pipeline.home) for hold in found),
                ),
                allow_retries=False,
            )

    def _take_back(self, asset: str, months: Collection[Month]) -> None:
        """Let months that nothing came for not look as if this run, which ends red, failed them.

        Dagster holds a month to be failed if the last that it knows of it is the plan of a run that
        failed. The plan of a run that doesn't exist, after that, says nothing.
        """
        for month in sorted(months):
            self.context.instance.report_dagster_event(
                dg.DagsterEvent.build_asset_materialization_planned_event(
                    self.context.job_name,
                    "",
                    AssetMaterializationPlannedData(dg.AssetKey(asset), partition=key_of(month)),
                ),
                run_id=NO_RUN,
            )


def held_a_month(run: dg.DagsterRun) -> bool:
    """Whether a run ended red for nothing else than a month that is held."""
    return HELD.items() <= run.tags.items()


def settle(instance: DagsterInstance, run_id: str) -> None:
    """Make what a run has recorded so far durable, where the storage puts that off."""
    if settle_run := getattr(instance.event_log_storage, "settle", None):
        settle_run(run_id)


def aloud(line: str) -> None:
    """Say it at once, for whoever watches the run."""
    if logs.are_json():
        log.info(line)
    else:
        print(line, flush=True)


@dataclass(frozen=True)
class Steps:
    """How the steps of a pipeline begin and end.

    Attributes:
        listen: told of progress; the run's log has the outcome alone.
    """

    pipeline: Pipeline
    listen: Log = aloud

    def op(
        self,
        name: str,
        description: str,
        assets: Iterable[str],
        checks: Iterable[Check],
        work: Callable[[Step], Iterator[Event]],
        *,
        is_first: bool = False,
        is_last: bool = False,
        resources: Iterable[str] = (),
    ) -> dg.OpDefinition:
        """A step of a run: ``work``, with the run's turn at the warehouse, then the next step.

        Args:
            assets, checks: its outputs, beside the one that hands on.
            resources: those that it needs besides warehouse and landing zone.
        """
        assets = list(assets)
        names = [*assets, *map(output_of, checks), *([] if is_last else [GO])]

        @dg.op(
            name=name,
            description=description,
            ins={} if is_first else {"after": dg.In(dg.Nothing)},
            out={name: dg.Out(dg.Nothing, is_required=False) for name in names},
            required_resource_keys={"warehouse", "landing_zone", "engine", *resources},
        )
        def step_op(context: dg.AssetExecutionContext) -> Iterator[Event]:
            given = context.resources
            warehouse, zone, engine = given.warehouse, given.landing_zone, given.engine
            selected = set(context.op_execution_context.selected_output_names)
            made = {key.to_user_string() for key in context.selected_asset_keys} & selected
            with (
                lineage_told(
                    context.op_execution_context,
                    name,
                    lambda: located(self.pipeline, warehouse, zone, engine),
                    [asset for asset in assets if asset in made],
                    is_first=is_first,
                    is_last=GO not in selected,
                ),
                plain_failures(warehouse),
            ):
                turn = self.turn(context.op_execution_context, warehouse, zone, engine)
                step = Step(context, warehouse, turn, months_of(context.run.tags, turn.pipeline))
                yield from work(step)
                yield from step.end()

        return step_op

    def turn(
        self,
        context: dg.OpExecutionContext,
        warehouse: Warehouse,
        zone: LandingZone,
        engine: TableEngine,
    ) -> Turn:
        """The run's turn at the warehouse."""

        def insist(line: str) -> None:
            context.log.info(line)
            self.listen(line)

        pipeline = located(self.pipeline, warehouse, zone, engine)
        return warehouse.turn(pipeline, f"run {context.run.run_id[:8]}", self.listen, insist)


def tags_of(months: Sequence[Month]) -> dict[str, str]:
    """The tags of a run for adjoining months."""
    return {FIRST: key_of(months[0]), LAST: key_of(months[-1])} if months else {}


def months_of(tags: Mapping[str, str], pipeline: Pipeline) -> list[Month]:
    """The months that a run is for."""
    if key := tags.get(PARTITION):
        return to_months([key])
    if first := tags.get(FIRST):
        keys = dg.PartitionKeyRange(first, tags[LAST])
        return to_months(monthly(pipeline.contract).get_partition_keys_in_range(keys))
    return []

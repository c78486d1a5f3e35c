"""The steps of a run as people meet them: months held, checks alone, assets of their own."""

# no "from __future__ import annotations" here: Dagster reads the assets' annotations as classes

import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest
import yaml
from dagster import DagsterInstance
from dagster._core.storage.partition_status_cache import (
    get_and_update_asset_status_cache_value,
)

from acv_pipeline.assets.partitions import monthly
from acv_pipeline.assets.resources import PublishedCopy
from acv_pipeline.assets.ui import SIGN_OFF, SIGNATURE, SIGNED_IN
from acv_pipeline.cli.running import run_landing
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.models.freshness import outdated
from acv_pipeline.orchestration.alerting import failed_runs
from acv_pipeline.orchestration.failures import last_failed
from acv_pipeline.warehouse import read_published
from acv_pipeline_tests.assets.conftest import MONTHS, Run
from acv_pipeline_tests.assets.test_run import evaluations, recorded
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
RANGE = {
    "dagster/asset_partition_range_start": "2018-09-01",
    "dagster/asset_partition_range_end": "2018-12-01",
}
STEPS = ["receive", "judge", "build", "publish", "release", "report", "accepted"]


def failed_months(instance: DagsterInstance, pipeline: Pipeline, asset: str) -> list[str]:
    """What the partition bar shows red."""
    months = monthly(pipeline.contract)
    value = get_and_update_asset_status_cache_value(instance, dg.AssetKey(asset), months)
    assert value is not None
    failed = value.deserialize_failed_partition_subsets(months)
    return sorted(key[:7] for key in failed.get_partition_keys())


def test_a_run_has_a_step_for_each_layer_and_says_a_line_of_each(
    ran: dg.ExecuteInProcessResult, instance: DagsterInstance
) -> None:
    steps = [e.step_key for e in ran.all_events if e.is_step_success]
    assert steps == [f"monthly_figures.{step}" for step in STEPS]
    lines = [e for e in instance.all_logs(ran.run_id) if e.dagster_event is None]
    assert all(len(entry.user_message) < 200 for entry in lines), "no dumps"
    of_step = {
        step: [e for e in lines if e.step_key == f"monthly_figures.{step}"] for step in STEPS
    }
    assert all(of_step.values())
    assert len(of_step["receive"]) == 2, "a line per source"
    assert len(lines) <= 12


def test_a_run_with_a_held_month_ends_red_after_everything_good(
    ran_held: dg.ExecuteInProcessResult, pipeline: Pipeline, instance: DagsterInstance
) -> None:
    (failure,) = [event for event in ran_held.all_events if event.is_step_failure]
    assert failure.step_key == "monthly_figures.accepted"
    data = failure.step_failure_data.user_failure_data
    assert data and data.description
    for said in ("2018-11", "panel_department_missing", "Action Logement", "acv signoff "):
        assert said in data.description
    assert re.search(r" --home /\S+/home$", data.description), "whoever reads it may be anywhere"
    with read_published(pipeline.home) as copy:
        months = copy.execute("select distinct month from marts.series order by 1").fetchall()
    assert month_of("2018-12") in {month for (month,) in months}, "published"
    # red is what is held; what never came is grey, of marts and extracts alike
    for asset in ("validated_dwellings", "department_rankings", "series"):
        assert failed_months(instance, pipeline, asset) == ["2018-11"], asset
        assert recorded(instance, asset) == ["2018-09", "2018-12"], asset
    for asset in pipeline.extracts():
        assert failed_months(instance, pipeline, asset) == [], asset
    # a person has to look: nothing tries it again, or tells of it as if something had broken
    assert pipeline.receive_due()[0] == []
    ended = instance.get_run_by_id(ran_held.run_id)
    assert ended and last_failed(instance) is None
    assert failed_runs(instance, "") == []
    assert ended.tags["dagster/retry_on_asset_or_op_failure"] == "false"


def test_a_failing_check_leads_to_the_sign_off_and_the_sign_off_to_the_rankings(
    ran_held: dg.ExecuteInProcessResult, pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    for name in ("panel_department_missing", "month_accepted"):
        (failed,) = [e for e in evaluations(ran_held) if e.check_name == name and not e.passed]
        command = str(failed.metadata["sign off"].value)
        link = urlsplit(str(failed.metadata["sign-off form"].value))
        form = yaml.safe_load(parse_qs(link.query)["config"][0])["ops"][SIGNATURE]["config"]
        assert f"acv signoff {form['delivery']} ACV 2018-11 " in command
        assert re.search(r" --home /\S+/home$", command)
        assert link.path.endswith(f"/jobs/{SIGN_OFF}/playground/setup")
        assert not [e for e in evaluations(ran_held) if e.passed and "sign off" in e.metadata]
    job = build_definitions(pipeline).resolve_job_def(SIGN_OFF)

    def sign(session: str = "", **filled_in: str) -> dg.ExecuteInProcessResult:
        config = {"ops": {SIGNATURE: {"config": form | filled_in}}}
        return job.execute_in_process(
            instance=instance, run_config=config | QUIET, raise_on_error=False,
            tags={SIGNED_IN: session} if session else None,
        )  # fmt: skip

    def refused(ended: dg.ExecuteInProcessResult) -> str:
        (failure,) = [event for event in ended.all_events if event.is_step_failure]
        said = failure.step_failure_data.user_failure_data
        return str(said and said.description)

    assert "needs a reason and a name" in refused(sign())
    assert "needs a reason and a name" in refused(sign(session="stella@example.org"))
    by_another = sign(session="stella@example.org", reason="by telephone", by="the head of unit")
    assert "you are signed in as stella@example.org" in refused(by_another)
    assert sign(reason="confirmed by telephone", by="the head of unit").success
    assert pipeline.receive_due()[0] == [month_of("2018-11")], "the sensor's next look finds it"
    assert run("2018-11").success
    assert recorded(instance, "department_rankings") == ["2018-09", "2018-11", "2018-12"]


def test_checks_that_hold_a_month_are_blocking_and_no_others(pipeline: Pipeline) -> None:
    graph = build_definitions(pipeline).resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    assert {"panel_department_missing", "month_accepted"} <= blocking
    assert not {"department_decreases", "ranks_start_at_1", "rows_conserved"} & blocking


def test_the_ui_lets_checks_be_executed_without_the_rest(pipeline: Pipeline) -> None:
    """Of a graph it wouldn't, if that had the name by which Dagster knows what needs the rest."""
    repository = build_definitions(pipeline).get_repository_def()
    for key in repository.asset_graph.asset_check_keys:
        assert repository.asset_graph.get_execution_set_identifier(key) is None, key


@pytest.mark.usefixtures("ran_held")
def test_checks_alone_without_a_partition_mean_all_months_on_record(
    pipeline: Pipeline, instance: DagsterInstance
) -> None:
    """*Execute all* on a Checks tab."""
    checks = [c for c in pipeline.checks() if c.asset == "validated_dwellings"]
    definitions = build_definitions(pipeline)
    selection = dg.AssetSelection.checks(
        *(dg.AssetCheckKey(dg.AssetKey(c.asset), c.name) for c in checks)
    )
    alone = dg.define_asset_job("alone", selection=selection)
    job = dg.Definitions.merge(definitions, dg.Definitions(jobs=[alone])).resolve_job_def("alone")
    result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=QUIET)
    assert result.success
    said = {(e.check_name, e.partition and e.partition[:7]): e.passed for e in evaluations(result)}
    for check in checks:
        assert {month for name, month in said if name == check.name} == {
            "2018-09", "2018-11", "2018-12", None,
        }  # fmt: skip
    assert said["month_accepted", "2018-11"] is False
    assert said["month_accepted", None] is False and said["month_accepted", "2018-12"] is True
    keys = [dg.AssetCheckKey(dg.AssetKey(c.asset), c.name) for c in checks]
    last = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    assert {record.status.value for record in last.values()} <= {"SUCCEEDED", "FAILED"}


class Own:
    """Assets and checks of a user's own, behind ours, in the same run."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.seen: list[str] = []
        months = monthly(pipeline.contract)
        seen = self.seen

        @dg.asset(
            deps=["department_rankings"],
            partitions_def=months,
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def per_month(context: dg.AssetExecutionContext) -> None:
            seen.append(f"months {len(context.partition_keys)}")

        @dg.asset(deps=["published_copy"])
        def of_all(published: PublishedCopy) -> None:
            with published.connect() as copy:
                ((rows,),) = copy.execute("select count(*) from marts.series").fetchall()
            seen.append(f"rows {rows > 0}")

        @dg.asset_check(asset="barometre_release")
        def of_mine() -> dg.AssetCheckResult:
            seen.append("check")
            return dg.AssetCheckResult(passed=True)

        ours = build_definitions(pipeline)
        theirs = dg.Definitions(
            assets=[per_month, of_all],
            asset_checks=[of_mine],
            jobs=[dg.define_asset_job("everything", selection=dg.AssetSelection.all())],
        )
        self.job = dg.Definitions.merge(ours, theirs).resolve_job_def("everything")


@pytest.mark.usefixtures("good_months")
def test_what_a_user_hangs_behind_our_assets_runs_with_them(
    pipeline: Pipeline, instance: DagsterInstance
) -> None:
    own = Own(pipeline)
    assert own.job.execute_in_process(instance=instance, tags=RANGE, run_config=QUIET).success
    assert sorted(own.seen) == ["check", "months 4", "rows True"]
    assert recorded(instance, "per_month") == MONTHS


@pytest.mark.usefixtures("one_held")
def test_where_a_month_is_held_what_needs_all_of_them_waits_and_the_run_says_so(
    pipeline: Pipeline, instance: DagsterInstance
) -> None:
    own = Own(pipeline)
    result = own.job.execute_in_process(
        instance=instance, tags=RANGE, run_config=QUIET, raise_on_error=False
    )
    assert not result.success
    assert own.seen == ["rows True"], "what is published is whole"


def consistent(pipeline: Pipeline) -> None:
    """What readers have says one thing: marts follow from the figures beside them."""
    if not pipeline.home.published.exists():
        return
    with read_published(pipeline.home) as copy:
        assert outdated(copy, pipeline.project) == []
        ((series, rankings, dwellings),) = copy.execute(
            """
            select
                (select sum(cumulative_dwellings) from marts.series where series = 'anah'),
                (select sum(cumulative_dwellings) from marts.department_rankings
                    where series = 'anah'),
                (select sum(cumulative_dwellings) from validated.dwellings where source = 'anah')
            """
        ).fetchall()
    assert series == rankings == dwellings


def selections(pipeline: Pipeline) -> Iterator[list[str]]:
    """The selection that was once published half, and others by chance."""
    yield ["validated_dwellings", "series"]
    yield ["validated_dwellings", "series", "published_copy"]
    chance = random.Random(19)
    for size in itertools.cycle((1, 2, 4, 7)):
        yield chance.sample(pipeline.assets(), size)


def test_no_selection_of_assets_and_checks_publishes_what_contradicts_itself(
    pipeline: Pipeline, instance: DagsterInstance, landing: Path, contract: Contract
) -> None:
    """With new figures before each run, and with and without the checks of what is selected."""
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS[:2])
    definitions = build_definitions(pipeline)
    whole = definitions.resolve_job_def(JOB)
    tags = RANGE | {"dagster/asset_partition_range_end": "2018-10-01"}
    assert whole.execute_in_process(instance=instance, tags=tags, run_config=QUIET).success
    refused = 0
    for number, chosen in enumerate(itertools.islice(selections(pipeline), 12)):
        october = steady_figures(contract, month_of("2018-10"))
        october["62"] += number + 1
        deliver(landing, "anah", f"2018-11-{number + 1:02}", {"2018-10": october})
        selection = dg.AssetSelection.assets(*chosen)
        if number % 2:
            selection = selection.without_checks()
        job = dg.define_asset_job("some", selection=selection)
        of_months = {"dagster/partition": "2018-10-01"}
        has_months = {*chosen} & {*pipeline.monthly_assets()}
        result = (
            dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
            .resolve_job_def("some")
            .execute_in_process(
                instance=instance,
                tags=of_months if has_months else {},
                run_config=QUIET,
                raise_on_error=False,
            )
        )
        refused += any(
            "older than the figures" in str(e.step_failure_data.user_failure_data)
            for e in result.all_events
            if e.is_step_failure
        )
        consistent(pipeline)
    assert refused, "some of them asked for what may not be"


@pytest.mark.usefixtures("good_months")
def test_what_was_built_by_hand_is_published_by_the_next_run(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    assert run("2018-09", "2018-12", assets=pipeline.monthly_assets()).success
    assert not pipeline.is_published()
    for _ in range(2):
        assert run_landing(pipeline.home, pipeline.landing) == 0
        assert pipeline.is_published()
    runs = instance.get_runs()
    assert len(runs) == 2, "the second found nothing to do"
    origin = runs[0].remote_job_origin
    assert origin and origin.repository_origin.get_label() == "__repository__@acv_pipeline"


@pytest.mark.usefixtures("ran")
def test_numbers_that_people_plot_are_numbers(instance: DagsterInstance) -> None:
    def numbers(asset: str) -> dict[str, object]:
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event and event.asset_materialization
        metadata = event.asset_materialization.metadata
        return {k: v.value for k, v in metadata.items() if isinstance(v, dg.IntMetadataValue)}

    with_totals = numbers("department_rankings")
    assert with_totals["ACV national total"] > with_totals["ACV increment"] > 0  # type: ignore[operator]
    for asset in ("anah_extract", "validated_dwellings", "quarantined_rows"):
        assert {"rows quarantined", "rows held"} <= numbers(asset).keys(), asset

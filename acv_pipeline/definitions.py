"""Start reading here: everything Dagster loads, in one object.

The flow: ``landing`` → ``reading`` → ``tidying`` → ``gate``/``ledger`` → ``models`` (the SQL of
``dbt_like_sql``) → ``quality`` → ``publishing``. ``flow`` puts the steps in order, ``assets`` shows
them to Dagster, ``contract`` says what is true of the data.
"""

from __future__ import annotations

import warnings

import dagster as dg

import acv_pipeline.defs
from acv_pipeline.assets.datagouv import build_data_gouv
from acv_pipeline.assets.resources import resources
from acv_pipeline.assets.run import build_assets
from acv_pipeline.assets.step import aloud
from acv_pipeline.assets.ui import FIGURES
from acv_pipeline.engines.engine import Log
from acv_pipeline.environment import logs
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.alerting import alert_sensor
from acv_pipeline.orchestration.arrivals import arrival_sensor
from acv_pipeline.orchestration.overdue import overdue_sensor
from acv_pipeline.orchestration.retention import retention_sensor
from acv_pipeline.orchestration.run_log import console
from acv_pipeline.orchestration.schedule import monthly_schedule
from acv_pipeline.orchestration.signing import sign_off_job
from acv_pipeline.publishing.datagouv.settings import is_on

JOB = FIGURES
# a file touched more recently than this may still be being written
SETTLE_SECONDS = 10


def build_definitions(pipeline: Pipeline, listen: Log = aloud) -> dg.Definitions:
    """Definitions for one home and landing zone; ``listen`` is told what runs say."""
    assets = build_assets(pipeline, listen)
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(assets),
        description="Receive, judge and publish the figures of one month or a range of months.",
    )
    return dg.Definitions(
        # what is switched off isn't in the graph
        assets=[assets, *([build_data_gouv()] if is_on() else [])],
        resources=resources(pipeline),
        jobs=[job, sign_off_job(pipeline)],
        schedules=[monthly_schedule(pipeline.contract, job)],
        sensors=[
            arrival_sensor(pipeline, JOB),
            overdue_sensor(pipeline),
            alert_sensor(pipeline),
            dg.AutomationConditionSensorDefinition(
                "automation",
                target=dg.AssetSelection.all(),
                default_status=dg.DefaultSensorStatus.RUNNING,
                description="A layer follows the one before it, for the months that moved.",
            ),
            retention_sensor(pipeline.home),
        ],
        # steps take seconds: a process for each would take most of the time
        executor=dg.in_process_executor,
        loggers=console(),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """For the webserver, the daemon and ``dg``: home and landing zone of the environment.

    What people put into ``defs`` is there too.
    """
    logs.set_up()
    ours = build_definitions(Pipeline.configured(settle_seconds=SETTLE_SECONDS))
    with warnings.catch_warnings():
        # in preview; load_from_defs_folder isn't, but needs a pyproject.toml, which no wheel has
        warnings.simplefilter("ignore", category=dg.PreviewWarning)
        own = dg.load_definitions_from_package_module(acv_pipeline.defs)
    return dg.Definitions.merge(ours, own)

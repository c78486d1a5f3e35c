"""The sign-off as a job: a person releases a held month by a form in the UI."""

# no "from __future__ import annotations" here: Dagster reads the form's annotations as classes

import dagster as dg
from pydantic import Field

from acv_pipeline.assets.resources import LandingZone, TableEngine, Warehouse
from acv_pipeline.assets.step import Steps, plain_failures
from acv_pipeline.assets.ui import SIGN_OFF, SIGNATURE, SIGNED_IN
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.language import _


class SignOffForm(dg.Config):
    """What a sign-off needs."""

    delivery: str = Field(description="The delivery's sha256 or its first characters.")
    indicator: str = Field(description="The indicator's id or short name, such as ACV.")
    month: str = Field(description="The held month, such as 2022-12.", pattern=r"^\d{4}-\d{2}$")
    reason: str = Field(description="Why the figures are right; kept on record.")
    by: str = Field(
        default="", description="Who signs; leave it empty where you are signed in: it is you."
    )


def _signer(signed_in: str, written: str) -> str:
    """Who signs: whoever is signed in, which a name on the form can't change; else that name."""
    if signed_in and written not in ("", signed_in):
        raise ValueError(
            _(
                "you are signed in as {signed_in}, and the form says {written}: nobody signs for "
                "somebody else, leave 'by' empty",
                signed_in=signed_in,
                written=written,
            )
        )
    return signed_in or written


def sign_off_job(pipeline: Pipeline) -> dg.JobDefinition:
    """The job, whose launchpad is the form."""
    steps = Steps(pipeline)

    @dg.op(name=SIGNATURE)
    def signature_step(
        context: dg.OpExecutionContext,
        config: SignOffForm,
        warehouse: Warehouse,
        landing_zone: LandingZone,
        engine: TableEngine,
    ) -> None:
        from acv_pipeline.ledger.signoff import SignOffError, sign_off  # brings pandas

        with plain_failures(warehouse):
            turn = steps.turn(context, warehouse, landing_zone, engine)
            try:
                signed_by = _signer(context.run.tags.get(SIGNED_IN, ""), config.by.strip())
                signed = sign_off(
                    turn.connection,
                    pipeline.contract,
                    config.delivery,
                    config.indicator,
                    month_of(config.month),
                    reason=config.reason,
                    signed_by=signed_by,
                )
            except (SignOffError, ValueError) as error:
                raise dg.Failure(description=str(error), allow_retries=False) from None
            context.log.info(
                _(
                    "signed off: {indicator} {month} of delivery {delivery}, by {by}; the next "
                    "run brings it into force",
                    indicator=signed.indicator_id,
                    month=config.month,
                    delivery=signed.delivery_id[:12],
                    by=signed_by,
                )
            )

    @dg.job(
        name=SIGN_OFF,
        description="Release a held month, on record: open the launchpad and fill in the form.",
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        signature_step()

    return job

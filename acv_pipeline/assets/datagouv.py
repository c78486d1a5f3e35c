"""The last asset of the layer ``publication``: the last release on data.gouv.fr, if it is on."""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from acv_pipeline.assets.publication import GROUP
from acv_pipeline.assets.resources import DataGouv, PublishedCopy
from acv_pipeline.assets.shown import CODE, rows_shown, spec
from acv_pipeline.language import _
from acv_pipeline.publishing.datagouv.settings import MODE, OFF, PassingError, PublishError
from acv_pipeline.publishing.published_copy import RELEASE
from acv_pipeline.publishing.release import latest_release, release_sha256
from acv_pipeline.publishing.release.describing import covered

ASSET = "data_gouv_resources"


class SendingConfig(dg.Config):
    """What may be set for sending.

    Attributes:
        force: replace a release on the portal even if that one is newer.
        retries: how often to try again while the portal is away. A waiting run keeps a place in
            the queue, so not for longer than an hour unless somebody asks for it.
        seconds_between: how long to wait before each.
    """

    force: bool = Field(default=False)
    retries: int = Field(default=6, ge=0)
    seconds_between: float = Field(default=600, ge=0)


def build_data_gouv() -> dg.AssetsDefinition:
    """The release's files as resources of a data set; in the graph where the setting says so."""
    shown = spec(
        ASSET,
        description=(
            "The standing release on data.gouv.fr, each file at an address that stays. Here "
            f"because `{MODE}` is set (dry-run, demo or live): it follows every new release."
        ),
        deps=[RELEASE],
        group=GROUP,
        kinds={"csv"},
        code=[CODE / "publishing" / "datagouv" / "publish.py"],
    )

    @dg.multi_asset(
        name=ASSET,
        specs=[
            # without an output a run that sends nothing records nothing
            shown.replace_attributes(skippable=True)
        ],
    )
    def data_gouv_resources(
        context: dg.AssetExecutionContext,
        config: SendingConfig,
        published: PublishedCopy,
        data_gouv: DataGouv,
    ) -> Iterator[dg.AssetMaterialization]:
        from acv_pipeline.publishing.datagouv.publish import publish  # brings requests

        try:
            settings = data_gouv.settings()
            if settings.mode == OFF:
                context.log.warning(
                    _("publishing is off, nothing was sent: set {setting}", setting=MODE)
                )
                return
            release = latest_release(published.place.releases)
            if release is None:
                raise PublishError(
                    _("there is no release yet: materialise {asset} first", asset=RELEASE)
                )
            sent = publish(
                release,
                settings,
                published.place.root / "datagouv.json",
                force=config.force,
                log=context.log.info,
            )
        except PassingError as error:
            context.log.warning(str(error))
            raise dg.RetryRequested(
                max_retries=config.retries, seconds_to_wait=config.seconds_between
            ) from error
        except PublishError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None
        context.log.info(sent.summary)
        if sent.is_dry:
            return
        yield dg.AssetMaterialization(
            ASSET,
            metadata={
                "folder": dg.MetadataValue.path(str(release)),
                "months": covered(release),
                "sha256": release_sha256(release),
                "release": sent.version,
                "data set": sent.where,
                "files": rows_shown(
                    [{"file": f.name, "done": f.done, "address": f.url} for f in sent.files]
                ),
            },
        )

    return data_gouv_resources

"""What people may ask of a run where they sign in: what its steps ask for, and nothing else.

Where a run reads and writes, with which key it publishes and what executes it are the machine's
settings. Dagster takes all of that from whoever launches a run: as ``resources`` in its launchpad,
and as tags that launchers heed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from dagster import DagsterInstance
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.instance.ref import InstanceRef
from dagster._core.instance.runs.run_domain import RunDomain
from dagster._core.storage.dagster_run import DagsterRun
from dagster._serdes import ConfigurableClassData
from dagster_graphql.implementation.utils import UserFacingGraphQLError
from dagster_graphql.schema.errors import GraphenePythonError
from dagster_shared.error import SerializableErrorInfo

from acv_pipeline.assets.step import HELD
from acv_pipeline.language import _

# the section of a run's configuration that is a form for people
FORMS = "ops"
# by these tags a launcher chooses image, command and rights of what it starts
LAUNCHERS = ("dagster-k8s/", "docker/")


class PeoplesRuns(RunDomain):
    """Where each launch and each re-execution, single or several, becomes a run."""

    def create_run(self, **given: Any) -> DagsterRun:
        """Make it, or refuse what isn't for people to say before it is one.

        Raises:
            UserFacingGraphQLError: as the UI shows it.
        """
        config, tags = given["run_config"] or {}, given["tags"] or {}
        if parent := given["parent_run_id"]:
            # that run may be the program's own, and how it ended says nothing of this one
            tags = {key: value for key, value in tags.items() if key not in HELD}
            before = self._instance.get_run_by_id(parent)
            if before is not None and config == before.run_config:
                config = {key: value for key, value in config.items() if key == FORMS}
        _refuse(config, tags)
        return super().create_run(**given | {"run_config": config, "tags": tags})


class PeoplesRecord(DagsterInstance):
    """Dagster's record as people get to write it."""

    @classmethod
    def of(cls, ref: InstanceRef) -> DagsterInstance:
        """That record."""
        this = ConfigurableClassData(__name__, cls.__name__, "{}\n")
        return DagsterInstance.from_ref(ref._replace(custom_instance_class_data=this))

    def get_ref(self) -> InstanceRef:
        """What code servers get: they are the program, and know no people."""
        return super().get_ref()._replace(custom_instance_class_data=None)

    @cached_property
    def run_domain(self) -> RunDomain:
        """Where runs are made."""
        return PeoplesRuns(self)

    def add_backfill(self, partition_backfill: PartitionBackfill) -> None:
        """Which the daemon turns into runs, by when nobody knows any more who asked for it.

        Raises:
            UserFacingGraphQLError: it asks for what isn't for people to say.
        """
        _refuse(partition_backfill.run_config or {}, partition_backfill.tags or {})
        super().add_backfill(partition_backfill)


def _refuse(config: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    sections = sorted(name for name, said in config.items() if said and name != FORMS)
    own = sorted(tag for tag in tags if tag in HELD or tag.startswith(LAUNCHERS))
    if sections:
        line = _(
            "not launched: {sections} in a run's configuration is for the machine's settings to "
            "say; who signs in fills in 'ops' alone",
            sections=", ".join(f"'{name}'" for name in sections),
        )
    elif own:
        line = _(
            "not launched: people cannot give a run the tag {tags}",
            tags=", ".join(f"'{tag}'" for tag in own),
        )
    else:
        return
    raise told(line)


def told(line: str) -> UserFacingGraphQLError:
    """A refusal with words: of Dagster's own the UI says that the configuration is at fault."""
    shown = GraphenePythonError(SerializableErrorInfo(line, [], None))  # type: ignore[no-untyped-call]
    return UserFacingGraphQLError(shown)

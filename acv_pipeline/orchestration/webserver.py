"""Dagster's webserver for several people, behind a proxy that signs them in.

``acv-webserver`` in place of ``dagster-webserver``. The proxy says with every request who asks and
which groups they are in, and lets nobody else say it. Who reaches this port past the proxy can
claim to be anybody: it belongs on 127.0.0.1, or in a network that only the proxy shares.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import uvicorn
from dagster import DagsterInstance
from dagster import __version__ as dagster_version
from dagster._core.definitions.selector import JobSelector
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.storage.tags import REPORTING_USER_TAG
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._core.workspace.permissions import Permissions
from dagster._serdes import ConfigurableClassData
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.cli import (
    DEFAULT_DB_STATEMENT_TIMEOUT,
    DEFAULT_POOL_MAX_OVERFLOW,
    DEFAULT_POOL_RECYCLE,
)
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from acv_pipeline.assets.ui import SIGN_OFF, SIGNED_IN, ui_address
from acv_pipeline.environment import SecretError, logs
from acv_pipeline.language import _
from acv_pipeline.orchestration.peoples_runs import PeoplesRecord, told
from acv_pipeline.warehouse import WarehouseError

# what the proxy says; it must replace whatever the browser sent under these names
USER, GROUPS = "X-Forwarded-User", "X-Forwarded-Groups"
# whose members may do more than look, by names of the proxy's
OPERATORS, STATISTICIANS = "ACV_OPERATORS", "ACV_STATISTICIANS"
USUALLY = {OPERATORS: "acv-operators", STATISTICIANS: "acv-statisticians"}
# between groups, in what the proxy says and in the two settings
DELIMITER = "ACV_GROUPS_DELIMITER"
# the answer to whoever asks whether it runs tells versions only
OPEN = "/server_info"
LAUNCH = {Permissions.LAUNCH_PIPELINE_EXECUTION, Permissions.LAUNCH_PIPELINE_REEXECUTION}


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    name: str
    groups: frozenset[str]

    @classmethod
    def asking(cls, headers: Mapping[str, str]) -> Person | None:
        """Who the proxy says is asking; nobody where it says nothing."""
        name = _decoded(headers.get(USER, "")).strip()
        groups = _decoded(headers.get(GROUPS, "")).split(_delimiter())
        # as they are: a name that only begins with a space is another one
        return cls(name, frozenset(groups)) if name else None

    @property
    def may_launch(self) -> bool:
        """Operators may do all that the UI offers, but sign off; statisticians that too."""
        return self.may_sign_off or self._is_one_of(OPERATORS)

    @property
    def may_sign_off(self) -> bool:
        """Statisticians answer for the figures."""
        return self._is_one_of(STATISTICIANS)

    def _is_one_of(self, setting: str) -> bool:
        wanted = (os.environ.get(setting) or USUALLY[setting]).split(_delimiter())
        return any(group.strip() in self.groups for group in wanted if group.strip())


def _delimiter() -> str:
    return os.environ.get(DELIMITER) or ","


def _split_names() -> str | None:
    """What is wrong with groups that are named as a directory does, ``CN=acv,OU=Groups``."""
    for setting in USUALLY:
        if _delimiter() == "," and "=" in os.environ.get(setting, ""):
            return _(
                "{setting} names a group with '=', as directories do with commas in between, and "
                "groups are separated by commas: set {delimiter} to another character, such as |, "
                "by which the proxy has to join groups too",
                setting=setting,
                delimiter=DELIMITER,
            )
    return None


def _decoded(header: str) -> str:
    """A name with its accents: servers hand on bytes as Latin-1, people are written in UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


class SignedInRequest(WorkspaceRequestContext):
    """What one person asks for; what they may do is Dagster's to refuse and to show."""

    def __init__(self, person: Person, **given: Any) -> None:
        super().__init__(read_only=not person.may_launch, **given)
        self.person = person

    def has_permission_for_selector(self, permission: str, selector: Any) -> bool:
        """As Dagster says, but signing off is for statisticians, once more or again.

        Raises:
            UserFacingGraphQLError: somebody else launches it, for which the UI leaves the button.
        """
        signs_off = isinstance(selector, JobSelector) and selector.job_name == SIGN_OFF
        allowed = super().has_permission_for_selector(permission, selector)
        if not (allowed and signs_off and permission in LAUNCH) or self.person.may_sign_off:
            return allowed
        if permission == Permissions.LAUNCH_PIPELINE_EXECUTION:
            groups = os.environ.get(STATISTICIANS) or USUALLY[STATISTICIANS]
            raise told(
                _(
                    "not launched: only statisticians sign off a held month, and {name} is in no "
                    "group of theirs ({groups})",
                    name=self.person.name,
                    groups=groups,
                )
            )
        return False

    def get_viewer_tags(self) -> dict[str, str]:
        """Of backfills, which the daemon turns into runs."""
        return {SIGNED_IN: self.person.name}

    def get_reporting_user_tags(self) -> dict[str, str]:
        """Of events that a person reports by hand."""
        return {REPORTING_USER_TAG: self.person.name}


class SignedInProcess(WorkspaceProcessContext):
    """Dagster's process, in which a request is somebody's."""

    def create_request_context(self, source: object | None = None) -> WorkspaceRequestContext:
        """Of the person whom the proxy names; ``source`` is the request.

        Where it names nobody, as when Dagster asks itself something, nothing can be changed.
        """
        person = Person.asking(source.headers) if isinstance(source, HTTPConnection) else None
        if person is None:
            return super().create_request_context(source)
        return SignedInRequest(
            person,
            instance=self.instance,
            current_workspace=self.get_current_workspace(),
            process_context=self,
            version=self.version,
            source=source,
        )


class SignedInQueue(QueuedRunCoordinator):
    """Dagster's queue; a run carries the name of who launched it, whatever tags they gave it."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue it, with its name on it."""
        if isinstance(context.workspace, SignedInRequest):
            name = context.workspace.person.name
            self._instance.add_run_tags(context.dagster_run.run_id, {SIGNED_IN: name})
        return super().submit_run(context)


class Door:
    """Lets in who is signed in, from pages of this UI alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        refused = None if scope["type"] == "lifespan" else _refusal(HTTPConnection(scope))
        if refused is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008)(scope, receive, send)
        else:
            status, why = refused
            await PlainTextResponse(why + "\n", status)(scope, receive, send)


def _refusal(asked: HTTPConnection) -> tuple[int, str] | None:
    scope = asked.scope
    if scope["path"] == OPEN and scope["type"] == "http":
        return None
    # said twice, by a proxy that adds what it should replace, it is nobody's word
    said_twice = any(len(asked.headers.getlist(name)) > 1 for name in (USER, GROUPS))
    if said_twice or Person.asking(asked.headers) is None:
        return 401, _("nobody is signed in: the proxy in front of this page has to say who asks")
    # a page of somebody else's, open in the browser of somebody who is signed in here
    origin = asked.headers.get("origin")
    if origin is not None and urlsplit(origin)[:2] != urlsplit(ui_address())[:2]:
        return 403, _("this request comes from a page of another site than ACV_UI_URL says")
    # Dagster takes a mutation from an address, which any page could hold as a link
    if scope["type"] == "http" and "graphql" in scope["path"].lower() and scope["method"] != "POST":
        return 405, _("questions to Dagster are sent by POST")
    return None


def _instance() -> DagsterInstance:
    """That of ``$DAGSTER_HOME``, whose queue and record know people."""
    with DagsterInstance.get() as usual:
        ref = usual.get_ref()
    queue = ConfigurableClassData(
        __name__,
        SignedInQueue.__name__,
        ref.run_coordinator_data.config_yaml if ref.run_coordinator_data else "{}\n",
    )
    return PeoplesRecord.of(ref._replace(run_coordinator_data=queue))


@click.command()
@click.option("-h", "--host", default="127.0.0.1")
@click.option("-p", "--port", default=3000, type=int)
@click.option("-w", "--workspace", required=True, type=click.Path(path_type=Path, dir_okay=False))
def main(host: str, port: int, workspace: Path) -> None:
    """Dagster's UI behind a proxy that signs people in."""
    logs.set_up()
    try:
        if wrong := _split_names():
            raise SecretError(wrong)
        _serve(host, port, WorkspaceFileTarget([str(workspace.resolve())]))
    except (SecretError, WarehouseError) as error:
        click.echo(_("acv-webserver: {message}", message=error), err=True)
        sys.exit(2)


def _serve(host: str, port: int, target: WorkspaceFileTarget) -> None:
    with (
        _instance() as instance,
        SignedInProcess(instance, target, version=dagster_version, read_only=True) as process,
    ):
        instance.optimize_for_webserver(
            DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
        )
        app = create_app_from_workspace_process_context(process)
        # what the headers say of the connection is the proxy's business, and no log line's
        uvicorn.run(
            Door(app), host=host, port=port, log_config=None, log_level="warning",
            proxy_headers=False,
        )  # fmt: skip

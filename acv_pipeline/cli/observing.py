"""``acv health`` and ``acv observe``: whether the pipeline works, once or for who watches it."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click
from prometheus_client import CollectorRegistry, make_wsgi_app

from acv_pipeline.cli import DATA_HELD, FINE
from acv_pipeline.cli.common import home_of, home_option, plain_errors, wrong_use
from acv_pipeline.cli.terminal_status import said
from acv_pipeline.language import _, marked
from acv_pipeline.operations.health import Health, Record
from acv_pipeline.operations.health import health as how_it_is
from acv_pipeline.operations.metrics import Observed
from acv_pipeline.warehouse.home import Home

HOST, PORT = "127.0.0.1", 3002
NAMES = {
    "landing_zone": marked("landing zone"),
    "runs": marked("runs"),
    "held_months": marked("held months"),
    "space": marked("space"),
    "record": marked("record"),
    "backup": marked("backup"),
    "alerts": marked("alerts"),
    "daemon": marked("daemon"),
}
Look = Callable[[], tuple[Health, Record]]

daemon_option = click.option(
    "--without-daemon",
    is_flag=True,
    help=_("No daemon belongs to this home: somebody calls 'acv run'."),
)


def looker(home: Home, without_daemon: bool) -> Look:
    """What looks at a home, again and again."""
    from acv_pipeline.orchestration.pulse import Pulse  # Dagster takes a while to load

    pulse = Pulse(home)

    def look() -> tuple[Health, Record]:
        record = pulse.take()
        now = dt.datetime.now(dt.UTC)
        return how_it_is(home, record, now, with_daemon=not without_daemon), record

    return look


@click.command(
    help=_(
        "Whether the pipeline works: landing zone, runs, space, record, backup, alerts, daemon. "
        "Exit 1 if not."
    )
)
@home_option
@daemon_option
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
def health(home: Path | None, without_daemon: bool, as_json: bool) -> None:
    """Whether the pipeline works."""
    with plain_errors():
        found, _record = looker(home_of(home), without_daemon)()
    if as_json:
        click.echo(found.to_json())
    else:
        for name, aspect in found.aspects.items():
            click.echo(f"{'✓' if aspect.is_fine else '✗'} {said(_(NAMES[name]), aspect.says)}")
    sys.exit(FINE if found.is_fine else DATA_HELD)


@click.command(help=_("Serve /health, and /metrics for Prometheus, over HTTP; it changes nothing."))
@home_option
@daemon_option
@click.option(
    "--host",
    default=HOST,
    show_default=True,
    help=_("The address it listens on; else only this machine can ask."),
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help=_("Where it listens; 0 is any that is free."))  # fmt: skip
def observe(home: Path | None, without_daemon: bool, host: str, port: int) -> None:
    """Serve /health and /metrics until interrupted."""
    with plain_errors():
        where = home_of(home)
        look = looker(where, without_daemon)
        try:
            server = make_server(host, port, pages(where, look), _Server, _Quiet)
        except OSError as error:
            wrong_use(
                _("port {port} of {host} cannot be used ({why})", port=port, host=host,
                  why=os.strerror(error.errno or 0))
            )  # fmt: skip
        with server:
            at = f"http://{host}:{server.server_port}"
            click.echo(_("{at}/health and {at}/metrics, until Ctrl-C", at=at))
            server.serve_forever()


def pages(home: Home, look: Look) -> Callable[..., Iterable[bytes]]:
    """The two addresses, as a WSGI application."""
    registry = CollectorRegistry()
    registry.register(Observed(home, look))
    metrics = make_wsgi_app(registry)

    def page(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _answer(start, "405 Method Not Allowed", "GET\n")
        if environ["PATH_INFO"] == "/metrics":
            answer: Iterable[bytes] = metrics(environ, start)
            return answer
        if environ["PATH_INFO"] != "/health":
            return _answer(start, "404 Not Found", "/health /metrics\n")
        found, _record = look()
        status = "200 OK" if found.is_fine else "503 Service Unavailable"
        return _answer(start, status, found.to_json() + "\n", "application/json")

    return page


def _answer(
    start: Callable[..., Any], status: str, text: str, kind: str = "text/plain"
) -> Iterable[bytes]:
    start(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Cache-Control", "no-store")])
    return [text.encode()]


class _Server(ThreadingMixIn, WSGIServer):
    """A slow look keeps no other waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

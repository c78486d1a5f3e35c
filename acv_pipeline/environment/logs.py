"""The log as JSON, one object to a line, where ``ACV_LOG_FORMAT=json`` asks for it.

With the names that Dagster's own processes use for theirs: ``event``, ``level``, ``logger``,
``timestamp``.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from collections.abc import Mapping

FORMAT = "ACV_LOG_FORMAT"
JSON = "json"
# what Dagster says of a record, as far as it helps to find it again
_OF_A_RUN = ("run_id", "job_name", "step_key")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without an end."""
        told = {
            "timestamp": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        of_run = getattr(record, "dagster_meta", None)
        if isinstance(of_run, Mapping):
            told |= {name: of_run[name] for name in _OF_A_RUN if of_run.get(name)}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def are_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether logs are asked for as JSON."""
    return environment.get(FORMAT, "").strip().lower() == JSON


def handler() -> logging.Handler:
    """Writes lines of JSON to standard error."""
    writing = logging.StreamHandler()
    writing.setFormatter(JsonLines())
    return writing


def set_up() -> None:
    """Have all that this process logs written as JSON, if that is asked for."""
    if not are_json():
        return
    root = logging.getLogger()
    root.handlers = [handler()]
    root.setLevel(logging.WARNING)
    logging.getLogger("acv_pipeline").setLevel(logging.INFO)
    # a code server of Dagster's has given these a form of their own
    for name in ("dagster", "dagit", "dagster-webserver"):
        logging.getLogger(name).handlers = []
    logging.captureWarnings(True)

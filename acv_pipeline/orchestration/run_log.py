"""The log of runs on the console as JSON; Dagster's own processes take ``--log-format json``."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import logging

import dagster as dg
import dagster._loggers

from acv_pipeline.environment import logs


@dg.logger(
    {
        "name": dg.Field(str, default_value="dagster", is_required=False),
        "log_level": dg.Field(str, default_value="INFO", is_required=False),
    },
    description="The log of a run, a line of JSON for each entry.",
)
def json_lines(context: dg.InitLoggerContext) -> logging.Logger:
    """As Dagster's console loggers are made: one for each run."""
    settings = context.logger_config
    made = logging.getLoggerClass()(settings["name"], level=settings["log_level"].upper())
    made.addHandler(logs.handler())
    return made


def console() -> dict[str, dg.LoggerDefinition]:
    """The console of runs, where it is asked for as JSON.

    Runs whose configuration names no logger, and that is nearly all, don't ask the definitions:
    they take Dagster's coloured one, which nothing but this can replace.
    """
    if not logs.are_json():
        return {}
    dagster._loggers.colored_console_logger = json_lines
    return {"console": json_lines}

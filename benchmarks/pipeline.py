"""The pipeline as ``acv run`` runs it, without release and report: ``pipeline.py LANDING HOME``."""

from __future__ import annotations

import sys
from pathlib import Path


def main(landing: str, home: str) -> None:
    """Receive, judge, build, check and record whatever is new in the landing zone."""
    from acv_pipeline.flow.pipeline import Pipeline
    from acv_pipeline.orchestration.instance import instance
    from acv_pipeline.publishing.published_copy import RELEASE, REPORT
    from acv_pipeline.quality import validator
    from acv_pipeline.warehouse.home import Home

    pipeline = Pipeline.configured(Home(Path(home)), Path(landing))
    assets = [name for name in pipeline.assets() if name not in (RELEASE, REPORT)]
    due, report = pipeline.receive_due(run_follows=True)
    validator.started()
    from acv_pipeline.cli.launching import run_months

    with instance(pipeline.home) as dagster:
        result = run_months(pipeline, dagster, due, assets=assets, listen=print)
    if result.failure or report.refused:
        sys.exit(f"{result.failure or report.refused}")


if __name__ == "__main__":
    main(*sys.argv[1:])

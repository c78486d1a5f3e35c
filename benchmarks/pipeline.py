"""The pipeline itself, as ``acv run`` runs it, without what publishes releases and reports.

Usage: ``python -m benchmarks.pipeline LANDING HOME``. Here: that process, and making one.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(landing: str, home: str) -> None:
    """Receive, judge, build, check and record whatever is new in the landing zone."""
    from acv_pipeline.flow import Pipeline
    from acv_pipeline.home import Home
    from acv_pipeline.publication import RELEASE, REPORT

    pipeline = Pipeline.configured(Home(Path(home)), Path(landing))
    assets = [name for name in pipeline.assets() if name not in (RELEASE, REPORT)]
    due, report = pipeline.pending(run_follows=True)
    from acv_pipeline.launching import run_months
    from acv_pipeline.orchestration.home import instance

    with instance(pipeline.home) as dagster:
        result = run_months(pipeline, dagster, due, assets=assets, listen=print)
    if result.failure or report.refused:
        sys.exit(f"{result.failure or report.refused}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Published copies at three stages of one history: all good, a bad month, the correction."""

from __future__ import annotations

import shutil
from pathlib import Path

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

MONTHS = [f"2021-{month:02}" for month in range(1, 7)]
NEXT = "2021-07"
HELD = "July 2021 from Action Logement (Action cœur de ville) held back"
FALL = "A département has fewer dwellings than in the previous accepted month, July 2021"
UNEXPLAINED = "failing check “decreases explained” of decreases, July 2021"


def build(folder: Path, contract: Contract) -> dict[str, Path]:
    """The published copy by stage.

    ``good``: six months of both partners. ``bad``: July comes, Anah's with one département that
    falls (two warnings), Action Logement's ten times too high (held). ``corrected``: Action
    Logement's again, right this time.
    """
    home, landing = Home(folder / "home"), folder / "landing"
    landing.mkdir(parents=True)
    pipeline = Pipeline.configured(home, landing)
    stages: dict[str, Path] = {}

    def run(stage: str) -> None:
        months, _ = pipeline.receive_due()
        warehouses.run(pipeline, months, checks=pipeline.checks())
        stages[stage] = folder / f"{stage}.duckdb"
        shutil.copy(home.published, stages[stage])

    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)
    run("good")

    anah = steady_figures(contract, month_of(NEXT), source="anah")
    anah["59"] = steady_figures(contract, month_of(MONTHS[-1]), source="anah")["59"] - 3
    deliver(landing, "anah", "2021-08-10", {NEXT: anah}, name="ACV_anah_2021-07.csv")
    right = steady_figures(contract, month_of(NEXT), source="action_logement")
    wrong = {code: value * 10 for code, value in right.items()}
    deliver(landing, "action_logement", "2021-08-11", {NEXT: wrong}, name="ACV_AL_2021-07.csv")
    run("bad")

    deliver(landing, "action_logement", "2021-08-13", {NEXT: right}, name="ACV_AL_2021-07_v2.csv")
    run("corrected")
    return stages


def show(home: Home, stage: Path) -> None:
    """Publish a stage as the flow does: swapped in whole."""
    home.published.parent.mkdir(parents=True, exist_ok=True)
    fresh = home.published.with_suffix(".fresh")
    shutil.copy(stage, fresh)
    fresh.replace(home.published)

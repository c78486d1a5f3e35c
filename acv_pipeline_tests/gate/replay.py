"""Months for the gate's tests: real releases and the sample data, through the ledger."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract, Indicator
from acv_pipeline.contract.months import first_day, month_end
from acv_pipeline.gate.case import Finding, MonthCase
from acv_pipeline.gate.rules import RULES_BY_NAME, judge
from acv_pipeline.ledger.blocks import Block, DeliveryFigures
from acv_pipeline.ledger.fold import fold
from acv_pipeline.ledger.verdicts import Verdict
from acv_pipeline.sample_data.trajectories import draw_trajectories

FRANCE_SERVICES = "nb-labellisations-france-services"
FIBRE = "taux-deploiement-fibre"


def _rows(folder: Path, level: str, indicators: Iterable[str]) -> pd.DataFrame:
    [file] = folder.glob(f"*-{level}.csv")
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    rows = rows[rows["id_indicateur"].isin(list(indicators))]
    return rows.assign(
        month=[first_day(dt.date.fromisoformat(text)) for text in rows["date"]],
        value=pd.to_numeric(rows["valeur"], errors="coerce"),
    ).dropna(subset="value")


def block(figures: pd.Series, contract: Contract) -> Block:
    """Figures by département code as the ledger's block."""
    codes = list(contract.territories.departments)
    values = figures.reindex(codes).to_numpy(dtype=np.float64)
    return Block(values, np.arange(len(codes)), *np.zeros((2, len(codes)), dtype=bool))


def releases(folder: Path, contract: Contract) -> list[DeliveryFigures]:
    """The releases below ``folder``, one dated folder each."""
    result = []
    for release in sorted(folder.iterdir()):
        blocks, published = {}, {}
        departments = _rows(release, "departemental", contract.indicators)
        for (indicator, month), rows in departments.groupby(["id_indicateur", "month"]):
            expected = rows["code_departement"].isin(contract.panel(indicator))
            figures = rows[expected | (rows["value"] > 0)]
            by_code = figures.drop_duplicates("code_departement").set_index("code_departement")
            if month >= contract.indicators[indicator].first_month and len(by_code):
                blocks[indicator, month] = block(by_code["value"], contract)
        for level, column in (("national", "maille_geographique"), ("regional", "code_region")):
            name = "region" if level == "regional" else level
            rows = _rows(release, level, contract.indicators)
            for indicator, month, code, value in zip(
                rows["id_indicateur"], rows["month"], rows[column], rows["value"], strict=True
            ):
                if month >= contract.indicators[indicator].first_month:
                    published[indicator, month, name, code] = value
        day = dt.date.fromisoformat(release.name)
        result.append(
            DeliveryFigures(release.name, "barometre", day, release.name, blocks, published)
        )
    return result


def sample_deliveries(contract: Contract, seed: int) -> list[DeliveryFigures]:
    """The sample data's invented trajectories, one clean delivery per month and partner."""
    return [
        DeliveryFigures(
            delivery_id=f"{trajectory.source}-{trajectory.indicator_id}-{month:%Y-%m}",
            source=trajectory.source,
            delivered_on=month_end(month) + dt.timedelta(days=10),
            file_name=f"{trajectory.indicator_id}.csv",
            blocks={(trajectory.indicator_id, month): block(figures, contract)},
        )
        for trajectory in draw_trajectories(contract, seed)
        for month, figures in trajectory.figures.iterrows()
    ]


def verdicts(deliveries: list[DeliveryFigures], contract: Contract) -> list[Verdict]:
    """What the ledger made of ``deliveries``."""
    return fold(deliveries, [], contract).verdicts


def with_other_indicators(contract: Contract) -> Contract:
    """The contract with the two other growing indicators the releases carry by département.

    They take the common thresholds as they are; nothing was ever fitted to them.
    """
    any_indicator = next(iter(contract.indicators.values()))
    everywhere = {"panel_excludes": [], "sister": None, "first_month": dt.date(2017, 1, 1)}
    # Fibre has no figure for Mayotte.
    others = {FRANCE_SERVICES: everywhere, FIBRE: everywhere | {"panel_excludes": ["976"]}}
    return contract.model_copy(
        update={
            "indicators": {
                key: any_indicator.model_copy(
                    update={"id": key, "thresholds": contract.thresholds, **entry}
                )
                for key, entry in others.items()
            }
        }
    )


def with_scaled_thresholds(contract: Contract, factor: float) -> Contract:
    """The contract with all thresholds of the blocking rules multiplied by ``factor``."""

    def scaled(indicator: Indicator) -> Indicator:
        thresholds = {
            rule: {
                name: entry.model_copy(update={"value": entry.value * factor})
                if RULES_BY_NAME[rule].blocking
                else entry
                for name, entry in names.items()
            }
            for rule, names in indicator.thresholds.items()
        }
        return indicator.model_copy(update={"thresholds": thresholds})

    indicators = {key: scaled(entry) for key, entry in contract.indicators.items()}
    return contract.model_copy(update={"indicators": indicators})


def without_totals(delivery: DeliveryFigures) -> DeliveryFigures:
    """The départements alone (shares in per cent have no sum to compare with)."""
    return dataclasses.replace(delivery, published={})


def clean_cases(
    deliveries: list[DeliveryFigures], contract: Contract, earlier_paces: int
) -> list[MonthCase]:
    """The accepted first deliveries of a month with enough earlier movement to judge by."""
    seen: list[MonthCase] = []

    def spy(case: MonthCase) -> list[Finding]:
        findings = judge(case)
        held = any(finding.blocking for finding in findings)
        if not held and case.in_force is None and case.trajectory is not None:
            seen.append(case)
        return findings

    fold(deliveries, [], contract, judge=spy)
    return [
        dataclasses.replace(
            case, totals=dataclasses.replace(case.totals, national=None, regions={})
        )
        for case in seen
        if len(case.trajectory.paces) >= earlier_paces and case.trajectory.increment > 0
    ]

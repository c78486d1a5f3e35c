"""Homes of many families, filled by real deliveries and run by whichever engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline.contract.months import elapsed, month_end, month_of
from acv_pipeline.engines.engine import Engine
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.models import Project
from acv_pipeline.warehouse.home import Home

FIRST = month_of("2021-01")
HEADER = "indicateur;code_departement;mois;logements_cumules"
BOOKKEEPING = {"raw.commits", "raw.fingerprints", "raw.schema_version", "raw.lately_received"}
LEFT_OUT = {
    "raw.deliveries": "exclude (received_at)",
    "validated.check_results": "exclude (evaluated_at)",
}


def many_families(folder: Path, count: int) -> Contract:
    """The contract with so many indicators more; each third is the sister of the one before."""
    said = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    for number in range(1, count + 1):
        name = f"programme-{number:03}"
        said["indicators"][name] = {
            "short_name": f"P{number:03}",
            "label": f"Programme {number:03} : logements",
            "label_en": f"Programme {number:03}: dwellings",
            "names": [f"Programme numéro {number:03}"],
            "unit": {"fr": "logements", "en": "dwellings"},
            "first_month": "2021-01",
            "panel_excludes": ["75", "92", "93", "94"],
        }
        if number % 3 == 2:
            said["indicators"][name]["sister"] = f"programme-{number - 1:03}"
        said["dataset"]["official_names"][name] = {
            "measure": "Redynamiser les cœurs de ville",
            "label": f"Programme {number:03}",
            "unit": "logements",
        }
        for source in ("anah", "action_logement"):
            said["sources"][source]["contributes"].append({"indicator": name})
    file = folder / "contract.yml"
    file.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    return load_contract(file)


def programmes(contract: Contract) -> list[str]:
    """The indicators that ``many_families`` added."""
    return [name for name in contract.indicators if name.startswith("programme-")]


def figures(contract: Contract, indicator: str, source: str, month: Month) -> dict[str, int]:
    """Plausible cumulative figures of a panel."""
    number = list(contract.indicators).index(indicator)
    age = elapsed(FIRST, month) + 3
    factor = {"anah": 37, "action_logement": 29}[source] + number
    return {
        code: (11 + (factor * position) % 53) * age + position
        for position, code in enumerate(contract.panel(indicator))
    }


def send(
    landing: Path,
    contract: Contract,
    source: str,
    months: Sequence[Month],
    indicators: Iterable[str],
    *,
    day: dt.date | None = None,
    name: str = "programmes.csv",
    states: tuple[int, int] | None = None,
    changed: dict[tuple[str, Month, str], str] | None = None,
    extra: Sequence[str] = (),
) -> Path:
    """A file with all indicators; ``changed`` cells, ``extra`` lines, and what a sidecar states.

    Args:
        states: added to the true number of rows and the true sum, in a sidecar; None: no sidecar.
    """
    day = day or month_end(months[-1]) + dt.timedelta(days=10)
    lines, total = [HEADER], 0
    for month in months:
        for indicator in indicators:
            label = contract.indicators[indicator].names[0]
            for code, value in figures(contract, indicator, source, month).items():
                cell = (changed or {}).get((indicator, month, code), str(value))
                total += int(cell) if cell.isdecimal() else 0
                lines.append(f"{label};{code};{month_end(month)};{cell}")
    lines += extra
    path = landing / source / day.isoformat() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if states:
        rows = len(lines) - 1 + states[0]
        path.with_name(path.name + ".control.csv").write_text(
            f"row_count,total\n{rows},{total + states[1]}\n", encoding="utf-8"
        )
    return path


@dataclass
class Said:
    """What a run left and what its checks said."""

    tables: dict[str, list[tuple[Any, ...]]]
    checks: list[tuple[Any, ...]]
    lines: list[str]
    judged: int


def run(
    home: Home, landing: Path, contract: Contract, engine: Engine, *, publishes: bool = True
) -> Said:
    """What a run of all layers does, for the months that are due."""
    lines: list[str] = []
    project = Project.load()
    pipeline = Pipeline(home, landing, contract, project, engine=engine.at(home))
    months, _ = pipeline.receive_due(log=lines.append, run_follows=True)
    with pipeline.warehouse() as connection:
        turn = Turn(pipeline, connection, lines.append)
        turn.receive([*contract.sources])
        judged = turn.judge(months)
        turn.build([*project.models])
        wanted = {(check.asset, check.name) for check in pipeline.checks()}
        results = turn.check(wanted, months, publishes=True)
        if publishes:
            turn.publish(home.published)
        turn.recorded(months)
        checks = sorted(
            (r.check.asset, r.check.name, r.month, r.passed, r.checked, r.failed, r.summary,
             str(r.sample))
            for r in results
        )  # fmt: skip
        return Said(contents(connection), checks, lines, len(judged.changed))


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every table and view of the layers, sorted, whatever it is made of."""
    named = connection.execute(
        """
        select schema_name || '.' || table_name from duckdb_tables()
        where schema_name in ('raw', 'validated', 'marts', 'reference', 'contract')
        union all
        select schema_name || '.' || view_name from duckdb_views()
        where schema_name in ('raw', 'validated', 'marts') and not internal
        order by 1
        """
    ).fetchall()
    return {
        name: connection.execute(
            f"select * {LEFT_OUT.get(name, '')} from {name} order by all"
        ).fetchall()
        for (name,) in named
        if name not in BOOKKEEPING
    }


def differences(one: Said, other: Said) -> list[str]:
    """In a few words, what two runs left otherwise."""
    found = [f"only one has {name}" for name in sorted(one.tables.keys() ^ other.tables.keys())]
    for name in sorted(one.tables.keys() & other.tables.keys()):
        rows, others = one.tables[name], other.tables[name]
        if rows != others:
            first = next(
                (pair for pair in zip(rows, others, strict=False) if pair[0] != pair[1]), ""
            )
            found.append(f"{name}: {len(rows)} and {len(others)} rows, such as {first}")
    if one.checks != other.checks:
        pairs = zip(one.checks, other.checks, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), "")
        found.append(f"checks: {len(one.checks)} and {len(other.checks)}, such as {first}")
    return found

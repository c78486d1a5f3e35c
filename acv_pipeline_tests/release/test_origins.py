"""A release says whose figures it holds, and whether they are real."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.publishing.release import make_release
from acv_pipeline.publishing.release.origins import is_synthetic
from acv_pipeline_tests.deliveries import deliver, steady_figures
from acv_pipeline_tests.warehouses import process

TODAY = dt.date(2020, 5, 1)
PUBLISHER = "Baromètre des résultats de l'action publique"


def texts(folder: Path) -> tuple[str, dict[str, object]]:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return (folder / "README.md").read_text(encoding="utf-8"), package


def test_only_the_barometre_real_then_synthetic(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, landing: Path, tmp_path: Path
) -> None:
    def published(*months: str) -> dict[str, dict[str, int]]:
        return {m: steady_figures(contract, month_of(m), source="barometre") for m in months}

    deliver(landing, "barometre", "2020-04-10", published("2020-01", "2020-02", "2020-03"))
    process(warehouse, contract, landing)
    real = make_release(warehouse, contract, tmp_path / "releases", today=TODAY)
    assert real is not None
    readme, package = texts(real.path)
    assert f"| Producteurs | {PUBLISHER} |" in readme and f"| Producers | {PUBLISHER} |" in readme
    assert "Producteurs | Anah" not in readme
    assert package["sources"] == [{"title": PUBLISHER}]
    assert package["synthetic"] is False and "SYNTH" not in readme.upper()
    assert package["licenses"] and "(etalab-2.0) |" in readme
    assert not is_synthetic(real.path)

    # a synthetic file differs from a real one in its name only
    warehouse.execute("update raw.deliveries set file_name = file_name || ?", [FILE_MARK])
    made = make_release(warehouse, contract, tmp_path / "releases", today=TODAY)
    assert made is not None and made.is_new
    readme, package = texts(made.path)
    assert is_synthetic(made.path) and package["synthetic"] is True
    assert "\n> **DONNÉES SYNTHÉTIQUES : " in readme and "\n> **SYNTHETIC DATA: " in readme
    assert readme.startswith("# [DONNÉES SYNTHÉTIQUES] ")
    assert str(package["title"]).startswith("[DONNÉES SYNTHÉTIQUES] ")
    assert str(package["title_en"]).startswith("[SYNTHETIC DATA] ")
    assert str(package["description"]).startswith("DONNÉES SYNTHÉTIQUES : ")
    assert "licenses" not in package and "etalab" not in readme
    assert "| Licence | aucune : données synthétiques |" in readme
    assert "| Licence | none: synthetic data |" in readme

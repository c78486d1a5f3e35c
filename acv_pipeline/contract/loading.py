"""Reading the contract: the user's or the package's own, and where that lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from acv_pipeline.contract.model import Contract, ContractError
from acv_pipeline.contract.territories import Territories
from acv_pipeline.contract.yaml_file import read_yaml

CONTRACT_FILE = Path(__file__).with_name("contract.yml")


def beside_package(name: str) -> Path:
    """A file or folder beside the package: in a checkout it is there, in a wheel inside."""
    package = Path(__file__).resolve().parents[1]
    inside = package / name
    return inside if inside.exists() else package.parent / name


SQL_PROJECT = beside_package("dbt_like_sql")

READING_WORDS = (
    "other_dates",
    "state_words",
    "header_abbreviations",
    "stock_dates",
    "value_types",
    "part_names",
    "part_sets",
    "level_words",
    "whole_names",
    "department_parts",
    "other_quantities",
    "figure_words",
    "correction_words",
    "discarded_sheets",
    "other_programmes",
    "other_states",
    "foreign_identifiers",
    "provisional_marks",
    "standing_words",
)


def _with_our_words(data: dict[str, Any]) -> dict[str, Any]:
    """A contract of an earlier version, with the words for reading that it doesn't know yet."""
    ours = read_yaml(CONTRACT_FILE)
    data = {**{key: ours[key] for key in READING_WORDS if key in ours}, **data}
    for key in ("other_dates", "value_types"):  # a contract may state some of their kinds only
        data[key] = {**ours[key], **(data[key] or {})}
    if isinstance(headers := data.get("headers"), dict):
        data["headers"] = {**ours["headers"], **headers}
    if isinstance(thresholds := data.get("thresholds"), dict):
        data["thresholds"] = {
            rule: {name: {**entry, **theirs.get(name, {})} for name, entry in names.items()}
            for rule, names in ours["thresholds"].items()
            for theirs in [thresholds.get(rule) or {}]
        }
    own = data.pop("sending_words", None)  # they are one kind of ``other_dates`` now
    if isinstance(own, list):
        data["other_dates"]["sending"] = [*data["other_dates"].get("sending", []), *own]
    return data


def load_contract(path: Path | None = None, seeds: Path | None = None) -> Contract:
    """Read and check the contract.

    Args:
        path: the contract; ``$ACV_CONTRACT``, else the package's own ``contract.yml``.
        seeds: the folder of territories; ``$ACV_SEEDS``, else ``dbt_like_sql/seeds``.

    Raises:
        ContractError: the file is missing, is no YAML, or an entry is wrong.
    """
    path = path or Path(os.environ.get("ACV_CONTRACT") or CONTRACT_FILE)
    seeds = seeds or Path(os.environ.get("ACV_SEEDS") or SQL_PROJECT / "seeds")
    try:
        data = read_yaml(path)
        if not isinstance(data, dict):
            raise ContractError(f"{path}: expected a mapping at the top level")
        if path != CONTRACT_FILE:
            data = _with_our_words(data)
        return Contract(**data, territories=Territories.from_seeds(seeds))
    except OSError as error:
        raise ContractError(f"cannot read {error.filename}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{path} is not valid YAML: {error}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ContractError(f"{path}: " + "; ".join(lines)) from error

"""Reading the contract: the user's or the package's own, and where that lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from acv_pipeline.contract.model import Contract, ContractError
from acv_pipeline.contract.territories import Territories
from acv_pipeline.contract.yaml_file import read_yaml
from acv_pipeline.language import _, marked, of_file

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
    "remark_words",
)


def _with_our_words(data: dict[str, Any]) -> dict[str, Any]:
    """A contract of an earlier version, with the words for reading that it doesn't know yet."""
    ours = read_yaml(CONTRACT_FILE)
    data = {**{key: ours[key] for key in READING_WORDS if key in ours}, **data}
    for key in (
        "other_dates",
        "value_types",
        "remark_words",
    ):  # a contract may state some of their kinds only
        data[key] = {**ours[key], **(data[key] or {})}
    if isinstance(headers := data.get("headers"), dict):
        data["headers"] = {**ours["headers"], **headers}
    if isinstance(thresholds := data.get("thresholds"), dict):
        data["thresholds"] = {
            rule: {name: {**entry, **theirs.get(name, {})} for name, entry in names.items()}
            for rule, names in ours["thresholds"].items()
            for theirs in [thresholds.get(rule) or {}]
        }
    for entry in (data.get("indicators") or {}).values():
        # months of breaks without a reason were those that are called unusual now
        plain = [each for each in entry.get("breaks") or [] if not isinstance(each, dict)]
        if plain:
            entry["breaks"] = [each for each in entry["breaks"] if isinstance(each, dict)]
            entry["unusual_months"] = [*(entry.get("unusual_months") or []), *plain]
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
            raise ContractError(_("{file}: expected a mapping at the top level", file=path))
        if path != CONTRACT_FILE:
            data = _with_our_words(data)
        return Contract(**data, territories=Territories.from_seeds(seeds))
    except OSError as error:
        raise ContractError(
            _("cannot read {file}: {error}", file=error.filename, error=error.strerror)
        ) from error
    except yaml.YAMLError as error:
        raise ContractError(
            _("{file} is not valid YAML: {error}", file=path, error=error)
        ) from error
    except ValidationError as error:
        raise ContractError(
            _("{file}: {problem}", file=path, problem="; ".join(map(_said, error.errors())))
        ) from error


# what pydantic says of the commonest mistakes; of others it is told in English
_COMMONEST = (
    marked("Field required"),
    marked("Extra inputs are not permitted"),
    marked("Input should be a valid string"),
    marked("Input should be a valid number"),
    marked("Input should be a valid integer"),
    marked("Input should be a valid list"),
    marked("Input should be a valid dictionary"),
    marked("Input should be a valid boolean"),
    marked("Input should be greater than 0"),
    marked("Input should be 'partner' or 'reference'"),
    marked("String should have at least 20 characters"),
)


def _said(problem: ErrorDetails) -> str:
    """Which entry is wrong, and why."""
    own = problem.get("ctx", {}).get("error")  # of a check of the contract's own
    return _(
        "{place}: {problem}",
        place=".".join(map(str, problem["loc"])),
        problem=_("Value error, {error}", error=own) if own else of_file(problem["msg"]),
    )

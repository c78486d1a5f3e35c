"""All checks that look at tables between the layers; the gate's rules and SQL tests are others."""

from __future__ import annotations

from functools import lru_cache

from acv_pipeline.contract import Contract
from acv_pipeline.models import Project
from acv_pipeline.quality.check import Check, Rule
from acv_pipeline.quality.extract_checks import extract_rules
from acv_pipeline.quality.mart_checks import mart_rules
from acv_pipeline.quality.validated_checks import validated_rules


def rules(contract: Contract) -> list[Rule]:
    """Every check with how it is evaluated, in the order of the flow."""
    return [
        *extract_rules(contract),
        *validated_rules(contract),
        *mart_rules(contract, sql_project()),
    ]


def checks(contract: Contract) -> list[Check]:
    """Every check of a table between the layers, by asset in the order of the flow."""
    found = [check for rule in rules(contract) for check in rule.checks]
    assets = list(dict.fromkeys(check.asset for check in found))
    return sorted(found, key=lambda check: assets.index(check.asset))


@lru_cache(maxsize=1)
def sql_project() -> Project:
    """The SQL project, whose models are the marts."""
    return Project.load()

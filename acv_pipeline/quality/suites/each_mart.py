"""The marts: one suite for each, which follows from the columns it has."""

from __future__ import annotations

from collections.abc import Collection

import great_expectations as gx
import great_expectations.expectations as gxe

from acv_pipeline.contract import Contract
from acv_pipeline.models import Model
from acv_pipeline.quality.mart_checks import LOOKED_UP, ranges
from acv_pipeline.quality.suites.codes import known_codes


def suite(model: Model, contract: Contract) -> gx.ExpectationSuite:
    """What holds of a column wherever it occurs."""
    columns = [column.name for column in model.columns]
    looked_up = [column for column in LOOKED_UP if column in columns]
    codes = {name: values for name, values in _codes(contract).items() if name in columns}
    return gx.ExpectationSuite(
        name=model.name,
        expectations=[
            gxe.ExpectTableColumnsToMatchOrderedList(
                column_list=[*(f"{column}_is_known" for column in looked_up), *columns],
                severity="critical",
                meta={
                    "check": "columns_as_documented",
                    "problem": "columns differ from the documented ones",
                },
            ),
            *known_codes(codes, looked_up),
            *(
                gxe.ExpectColumnValuesToBeBetween(
                    column=column,
                    min_value=low,
                    max_value=high,
                    severity="critical",
                    meta={"check": check, "problem": f"{column} {{}}"},
                )
                for check, (_, bounds) in ranges(contract).items()
                for column, (low, high) in bounds.items()
                if column in columns
            ),
        ],
    )


def _codes(contract: Contract) -> dict[str, Collection[str]]:
    """The codes a column may hold, by its name; territories are looked up."""
    return {
        "indicator_id": contract.indicators,
        "series": ["total", *(source.series for source in contract.sources.values())],
        "source": contract.sources,
        "region_code": contract.territories.regions,
        "level": ["department", "region", "national"],
    }

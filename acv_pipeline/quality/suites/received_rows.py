"""The rows of all deliveries, whatever their source."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

from acv_pipeline.contract import Contract
from acv_pipeline.quality.extract_checks import REASONS


def suite(contract: Contract) -> gx.ExpectationSuite:
    """What holds of a row, or else why it was quarantined."""
    return gx.ExpectationSuite(
        name="received_rows",
        expectations=[
            *(
                gxe.ExpectColumnValuesToNotBeInSet(
                    column="reason_code",
                    value_set=list(REASONS[check]),
                    severity="warning",
                    meta={"check": check, "problem": "{}"},
                )
                for check in (
                    "departments_recognised",
                    "months_recognised",
                    "indicators_recognised",
                    "figures_are_whole_numbers",
                )
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="territory_code_is_known",
                value_set=[True],
                severity="warning",
                meta={
                    "check": "departments_recognised",
                    "problem": "unknown territory {}",
                    "shows": "territory_code",
                },
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="value",
                min_value=0,
                max_value=contract.max_plausible_value,
                severity="warning",
                meta={"check": "figures_are_whole_numbers", "problem": "value {}"},
            ),
        ],
    )

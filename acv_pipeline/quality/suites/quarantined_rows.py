"""The rows that were not understood or not believable."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

from acv_pipeline.contract import Contract


def suite(contract: Contract) -> gx.ExpectationSuite:
    """Every row says why, to programs and in both languages."""
    return gx.ExpectationSuite(
        name="quarantined_rows",
        expectations=[
            gxe.ExpectColumnValuesToNotBeNull(
                column=column,
                severity="critical",
                meta={"check": "every_row_says_why", "problem": f"no {column}"},
            )
            for column in ("reason_code", "reason", "reason_fr")
        ],
    )

"""The suites of Great Expectations: what holds of each table's columns, one module per table.

The ``meta`` of an expectation names the ``check`` it decides, and the ``problem`` of a row that
fails it, with ``{}`` for the value of its column, or of the one it ``shows``. Importing this takes
seconds: only ``validation`` does, and only where there are rows to validate.
"""

from __future__ import annotations

import great_expectations as gx

from acv_pipeline.contract import Contract
from acv_pipeline.quality.suites import (
    each_mart,
    quarantined_rows,
    received_rows,
    validated_dwellings,
)
from acv_pipeline.quality.table_checks import sql_project

_OF_TABLES = {
    "received_rows": received_rows.suite,
    "validated_dwellings": validated_dwellings.suite,
    "quarantined_rows": quarantined_rows.suite,
}


def suite(name: str, contract: Contract) -> gx.ExpectationSuite:
    """The suite of a table; of a mart it follows from the mart's columns."""
    if name in _OF_TABLES:
        return _OF_TABLES[name](contract)
    return each_mart.suite(sql_project().models[name], contract)

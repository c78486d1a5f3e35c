"""Checks of the figures in force and of the rows that were quarantined.

Here: what must hold after the gate, whatever it decided. Not here: whether figures are
believable (that is the gate's), rows as received (``extracts``), the SQL (``validated_sql``).
"""

from __future__ import annotations

from acv_pipeline.contract import Contract
from acv_pipeline.quality import validated_sql as sql
from acv_pipeline.quality.check import Check
from acv_pipeline.quality.rule import (
    ColumnRule,
    Expectation,
    Rule,
    SqlRule,
    between,
    filled,
    known,
)

DWELLINGS = "validated_dwellings"
QUARANTINED = "quarantined_rows"


def validated_rules(contract: Contract) -> list[Rule]:
    """The checks of ``validated_dwellings`` and ``quarantined_rows``."""
    ask = contract.data_contact
    fault = (
        "A fault of the pipeline or a change made by hand: don't publish; make the warehouse anew "
        f"from the landing zone and tell {ask} which delivery and row are shown."
    )

    def dwellings(name: str, description: str, *expectations: Expectation) -> ColumnRule:
        check = Check(DWELLINGS, name, "error", description, fault)
        return ColumnRule((check,), sql.DWELLINGS, expectations)

    return [
        dwellings(
            "known_codes",
            "Indicators and sources are the contract's, départements the Code officiel "
            "géographique's.",
            known("indicator_id", contract.indicators),
            known("source", contract.sources),
            known("department_code", contract.territories.departments),
        ),
        dwellings(
            "figures_not_negative_integers",
            "Every figure is a whole number of dwellings, zero or more, and plausible.",
            filled("cumulative_dwellings"),
            Expectation(
                "ColumnValuesToBeOfType",
                {"column": "cumulative_dwellings", "type_": "int64"},
                "cumulative_dwellings holds no whole numbers",
            ),
            between("cumulative_dwellings", 0, contract.max_plausible_value),
        ),
        SqlRule(
            (
                Check(
                    DWELLINGS,
                    "unique_key",
                    "error",
                    "One figure per indicator, source, month and département.",
                    fault,
                ),
            ),
            sql.UNIQUE_KEY,
            looked_at=sql.IN_FORCE,
        ),
        dwellings(
            "month_in_range",
            "No figure lies before its indicator's first month or after its reception.",
            _not_before("month", "first_month", "before its indicator's first month:"),
            _not_before("delivered_on", "month", "received before the month began, on"),
        ),
        SqlRule(
            (
                Check(
                    DWELLINGS,
                    "panel_complete",
                    "warn",
                    "Each source that has figures for a month has one for every expected "
                    "département.",
                    "Ask the source for the départements shown; until they come, the month's "
                    "national total is not complete.",
                ),
            ),
            sql.PANEL_COMPLETE,
            looked_at=sql.EXPECTED,
        ),
        SqlRule(
            (
                Check(
                    DWELLINGS,
                    "every_partner_present",
                    "warn",
                    "When one partner of an indicator has figures for a month, all of them do.",
                    "Look whether the partner's month is held (sign it off or ask for a "
                    "correction) or has not come (ask the partner); until then there is no total.",
                ),
            ),
            sql.EVERY_PARTNER_PRESENT,
        ),
        SqlRule(
            (
                Check(
                    DWELLINGS,
                    "every_figure_has_provenance",
                    "error",
                    "Every figure is what the row of the delivery it names says, or what the "
                    "corrections register says in its place.",
                    fault,
                ),
            ),
            sql.EVERY_FIGURE_HAS_PROVENANCE,
            looked_at=sql.IN_FORCE,
        ),
        SqlRule(
            (
                Check(
                    DWELLINGS,
                    "corrections_still_match",
                    "error",
                    "Every entry of the corrections register guards the figure that its source "
                    "delivered last.",
                    "The entry shown has no effect on that figure: take it out of corrections.yml "
                    "if the source has corrected it, else write the figure as delivered now into "
                    "it, or mend what the gate does not believe.",
                ),
            ),
            sql.CORRECTIONS_STILL_MATCH,
        ),
        ColumnRule(
            (
                Check(
                    QUARANTINED,
                    "every_row_says_why",
                    "error",
                    "Every quarantined row has its reason, as a code and in both languages.",
                    fault,
                ),
            ),
            sql.QUARANTINED,
            (filled("reason_code"), filled("reason"), filled("reason_fr")),
        ),
        SqlRule(
            (
                Check(
                    QUARANTINED,
                    "no_open_quarantine",
                    "warn",
                    "No received row is still waiting to be understood.",
                    "Ask the source for the figures of the rows shown, by file, sheet and row; a "
                    "later delivery with them settles this.",
                ),
            ),
            sql.NO_OPEN_QUARANTINE,
        ),
    ]


def _not_before(later: str, earlier: str, problem: str) -> Expectation:
    return Expectation(
        "ColumnPairValuesAToBeGreaterThanB",
        {"column_A": later, "column_B": earlier, "or_equal": True},
        problem,
    )

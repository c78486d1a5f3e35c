"""Checks of the figures in force and of the rows that were quarantined.

What must hold after the gate, whatever it decided; whether figures are believable is the gate's.
"""

from __future__ import annotations

from acv_pipeline.contract import Contract
from acv_pipeline.language import Both, both
from acv_pipeline.ledger.corrections import mismatch_in_words
from acv_pipeline.quality.attribution import CHECKED_MONTHS, CHECKED_QUARANTINE, DEPARTMENTS
from acv_pipeline.quality.check import (
    Check,
    Rule,
    Severity,
    SqlRule,
    SuiteRule,
)
from acv_pipeline.warehouse.in_words import sql_reason, sql_text

DWELLINGS = "validated_dwellings"
QUARANTINED = "quarantined_rows"

_IN_FORCE = f"""
select dwellings.* from validated.dwellings as dwellings join {CHECKED_MONTHS} using (month)
"""

_COUNTED = f"select month, count(*) as checked from ({_IN_FORCE}) group by month"

_WITH_DATES = f"""
select dwellings.*, indicators.first_month, deliveries.delivered_on
from ({_IN_FORCE}) as dwellings
left join contract.indicators as indicators using (indicator_id)
left join raw.deliveries as deliveries using (delivery_id)
"""


def _unique_key() -> str:
    repeated = sql_text(
        "{source}: {department} more than once", source="source", department="department_code"
    )
    return f"""
select
    month, {repeated} as problem,
    delivery_id, row_number, indicator_id, source, department_code, cumulative_dwellings
from validated.dwellings
join (
    select indicator_id, source, month, department_code
    from ({_IN_FORCE})
    group by all
    having count(*) > 1
) as repeated using (indicator_id, source, month, department_code)
"""


_PRESENT = f"select distinct indicator_id, source, month from ({_IN_FORCE})"

_EXPECTED = f"""
select month, checked
from ({_PRESENT})
join (select indicator_id, count(*) as checked from contract.panel group by all)
    using (indicator_id)
"""


def _panel_complete() -> str:
    quarantined = sql_text("row quarantined: {reason}", reason="reason_code")
    absent = sql_text("no row in force")
    return f"""
with missing as (
    select month, source, indicator_id, department_code
    from ({_PRESENT})
    join contract.panel using (indicator_id)
    anti join validated.dwellings using (indicator_id, source, month, department_code)
),
unresolved as (
    select
        indicator_id, source, stated_month as month, territory_code as department_code,
        max(reason_code) as reason_code
    from {CHECKED_QUARANTINE}
    where level = 'department' and not is_settled
    group by all
)
select
    month, coalesce(short_name, indicator_id) || ' ' || source as problem,
    indicator_id, source, department_code,
    coalesce({quarantined}, {absent}) as why
from missing
left join contract.indicators using (indicator_id)
left join unresolved using (indicator_id, source, month, department_code)
"""


_EVERY_PARTNER_PRESENT = f"""
with present as (
    select distinct indicator_id, month, source
    from ({_IN_FORCE})
    join contract.components using (indicator_id, source)
),
expected as (
    select begun.indicator_id, begun.month, components.source
    from (select distinct indicator_id, month from present) as begun
    join contract.components as components
        on components.indicator_id = begun.indicator_id
        and components.first_month <= begun.month
)
select
    expected.month,
    case
        when present.source is null
            then coalesce(indicators.short_name, expected.indicator_id) || ' ' || expected.source
    end as problem,
    expected.indicator_id, expected.source
from expected
left join contract.indicators as indicators using (indicator_id)
left join present using (indicator_id, month, source)
"""


def _every_figure_has_provenance() -> str:
    unrecorded = sql_text("row not on record")
    other = sql_text("row says something else")
    corrected_otherwise = sql_text("corrected otherwise than the register says")
    return f"""
select
    dwellings.month,
    case
        when rows.row_number is null then {unrecorded}
        when dwellings.is_corrected
            and (corrections.delivered, corrections.corrected)
                is distinct from (understood.value, dwellings.cumulative_dwellings)
            then {corrected_otherwise}
        when (understood.indicator_id, understood.month, understood.territory_code,
            case when dwellings.is_corrected then corrections.corrected else understood.value end)
            is distinct from (dwellings.indicator_id, dwellings.month,
            dwellings.department_code, dwellings.cumulative_dwellings)
            then {other}
    end as problem,
    dwellings.delivery_id, dwellings.row_number, dwellings.indicator_id, dwellings.source,
    dwellings.department_code, dwellings.cumulative_dwellings
from ({_IN_FORCE}) as dwellings
left join raw.extract_rows as rows
    on rows.delivery_id = dwellings.delivery_id and rows.row_number = dwellings.row_number
left join raw.tidy_rows as understood
    on understood.delivery_id = dwellings.delivery_id
    and understood.row_number = dwellings.row_number
left join validated.corrections as corrections
    on corrections.delivery_id = dwellings.delivery_id
    and corrections.row_number = dwellings.row_number
    and corrections.held_by is null
"""


def _corrections_still_match() -> str:
    said = sql_text(
        "entry {entry} ({source} {department}): {problem}",
        entry="entry",
        source="source",
        department="department_code",
        problem=mismatch_in_words(),
    )
    return f"""
select
    month,
    case when problem is not null then {said} end as problem,
    entry, source, indicator_id, department_code, delivered, corrected, found, reason,
    corrected_by, corrected_on, delivery_id, row_number
from validated.correction_matches
"""


# A quarantined row counts for the month the extract's checks show it under.
_WAITING = f"""
select
    rows.month,
    quarantined.* exclude (month, cells, sheet, sheet_row),
    rows.is_settled
from validated.quarantined_rows as quarantined
join {CHECKED_QUARANTINE} as rows
    on rows.delivery_id = quarantined.delivery_id and rows.row_number = quarantined.row_number
"""


def _no_open_quarantine() -> str:
    return f"""
select
    month,
    case when released_by is null and not is_settled then reason_code end as problem,
    delivery_id, row_number, indicator_id, source, department_code,
    {sql_reason("waiting")} as reason
from ({_WAITING}) as waiting
"""


def validated_rules(contract: Contract) -> list[Rule]:
    """The checks of ``validated_dwellings`` and ``quarantined_rows``."""
    fault = both(
        "A fault of the pipeline or a change made by hand: don't publish; make the warehouse anew "
        "from the landing zone and tell {contact} which delivery and row are shown.",
        contact=contract.data_contact,
    )

    def dwellings(
        name: str, description: Both, what_to_do: Both = fault, severity: Severity = "error"
    ) -> Check:
        return Check(DWELLINGS, name, severity, description, what_to_do)

    says_why = Check(
        QUARANTINED,
        "every_row_says_why",
        "error",
        both("Every quarantined row has its reason, as a code and in both languages."),
        fault,
    )
    no_open_quarantine = Check(
        QUARANTINED,
        "no_open_quarantine",
        "warn",
        both("No received row is still waiting to be understood."),
        both(
            "Ask the source for the figures of the rows shown, by file, sheet and row; a later "
            "delivery with them settles this."
        ),
    )
    of_columns = (
        dwellings(
            "known_codes",
            both(
                "Indicators and sources are the contract's, départements the Code officiel "
                "géographique's."
            ),
        ),
        dwellings(
            "figures_not_negative_integers",
            both("Every figure is a whole number of dwellings, zero or more, and plausible."),
        ),
        dwellings(
            "month_in_range",
            both("No figure lies before its indicator's first month or after its reception."),
        ),
    )
    unique_key = dwellings(
        "unique_key", both("One figure per indicator, source, month and département.")
    )
    panel_complete = dwellings(
        "panel_complete",
        both("Each source that has figures for a month has one for every expected département."),
        both(
            "Ask the source for the départements shown; until they come, the month's national "
            "total is not complete."
        ),
        "warn",
    )
    every_partner = dwellings(
        "every_partner_present",
        both("When one partner of an indicator has figures for a month, all of them do."),
        both(
            "Look whether the partner's month is held (sign it off or ask for a correction) or has "
            "not come (ask the partner); until then there is no total."
        ),
        "warn",
    )
    provenance = dwellings(
        "every_figure_has_provenance",
        both(
            "Every figure is what the row of the delivery it names says, or what the corrections "
            "register says in its place."
        ),
    )
    corrections = dwellings(
        "corrections_still_match",
        both(
            "Every entry of the corrections register guards the figure that its source delivered "
            "last."
        ),
        both(
            "The entry shown has no effect on that figure: take it out of corrections.yml if the "
            "source has corrected it, else write the figure as delivered now into it, or mend what "
            "the gate does not believe."
        ),
    )
    return [
        SuiteRule(DWELLINGS, of_columns, _WITH_DATES, {"department_code": DEPARTMENTS}),
        SqlRule((unique_key,), _unique_key(), looked_at=_COUNTED),
        SqlRule((panel_complete,), _panel_complete(), looked_at=_EXPECTED),
        SqlRule((every_partner,), _EVERY_PARTNER_PRESENT),
        SqlRule((provenance,), _every_figure_has_provenance(), looked_at=_COUNTED),
        SqlRule((corrections,), _corrections_still_match()),
        SuiteRule(QUARANTINED, (says_why,), _WAITING),
        SqlRule((no_open_quarantine,), _no_open_quarantine()),
    ]

"""Checks of what was received: one extract asset per source, the same checks on each."""

from __future__ import annotations

from acv_pipeline.contract import Contract
from acv_pipeline.language import both, marked
from acv_pipeline.quality.attribution import (
    CHECKED_DELIVERIES,
    CHECKED_EXTRACT,
    CHECKED_MONTHS,
    CHECKED_QUARANTINE,
    CHECKED_ROWS,
    CHECKED_SOURCES,
    CHECKED_TIDY,
    TERRITORIES,
)
from acv_pipeline.quality.check import (
    Check,
    Rule,
    Severity,
    SqlRule,
    SuiteRule,
)
from acv_pipeline.warehouse.in_words import sql_reason, sql_text

REASONS: dict[str, tuple[str, ...]] = {
    "departments_recognised": (
        "no_department",
        "unknown_department",
        "unknown_region",
        "label_contradicts_code",
    ),
    "months_recognised": (
        "no_month_in_row",
        "month_not_understood",
        "impossible_date",
        "mid_month_date",
        "ambiguous_date",
        "dragged_date",
        "future_month",
        "month_not_over",
        "taken_too_early",
        "first_day_of_stock",
        "year_contradiction",
    ),
    "indicators_recognised": ("no_indicator", "indicator_contradiction"),
    "figures_are_whole_numbers": (
        "no_figure_empty",
        "no_figure_not_available",
        "no_figure_secret",
        "no_figure_to_fill",
        "no_figure_error",
        "not_a_number",
        "ambiguous_number",
        "non_integer",
        "negative",
        "implausible",
        "merged_value",
        "misaligned_row",
        "value_type_not_understood",
        "part_alone",
        "something_else",
    ),
    "keys_are_unique": ("conflicting_values", "unexplained_repeat"),
}
"""Reasons for quarantine, by the check that shows them. Every reason is shown by one."""

_ROWS = f"""
select
    asset, month, delivery_id, row_number, indicator_id, territory_code, stated_month, value,
    reason_code, reason
from {CHECKED_ROWS}
where not is_settled
"""


def _delivery_readable() -> str:
    return f"""
with arrived as (
    select source, month, max(delivered_on) as last_figure_on
    from {CHECKED_ROWS}
    where fate = 'figure'
    group by all
)
select
    refused.asset,
    refused.month,
    case
        when refused.status = 'refused'
            and coalesce(arrived.last_figure_on < refused.delivered_on, true)
            then coalesce(refused.reason_code, 'refused')
    end as problem,
    refused.file_name as file, refused.delivered_on, refused.delivery_id,
    {sql_reason("refused")} as reason
from {CHECKED_DELIVERIES} as refused
left join arrived using (source, month)
"""


def _delivered_by_one_source() -> str:
    counts_for = sql_text("counts for {source}", source="shared.counts_for")
    return f"""
select asset, month, null as problem, file_name as file, delivered_on, delivery_id
from {CHECKED_DELIVERIES}
union all
select
    sources.asset,
    coalesce(shared.month, deliveries.month) as month,
    case when not shared.is_settled then {counts_for} end as problem,
    shared.file_name as file, shared.delivered_on, shared.delivery_id
from raw.shared_deliveries as shared
join {CHECKED_SOURCES} as sources on sources.source = shared.source
join {CHECKED_DELIVERIES} as deliveries on deliveries.delivery_id = shared.delivery_id
"""


def _rows_conserved() -> str:
    lost = sql_text(
        "{received} rows received but {recorded} on record",
        received="row_count",
        recorded="extract_rows",
    )
    numbered_twice = sql_text("{count} row numbers given twice", count="row_numbers_twice")
    two_fates = sql_text("{count} rows with two fates", count="fates_too_many")
    no_fate = sql_text("{count} rows without a fate", count="rows_without_fate")
    unaccounted = sql_text(
        "{received} rows received but {accounted} accounted for",
        received="row_count",
        accounted="coalesce(accounted, 0)",
    )
    return f"""
with asked as (
    select deliveries.*
    from {CHECKED_DELIVERIES} as deliveries
    join {CHECKED_MONTHS} as months on months.month = deliveries.month
),
extracted as (
    select delivery_id, count(*) as n, count(distinct row_number) as row_numbers
    from {CHECKED_EXTRACT} semi join asked using (delivery_id)
    group by delivery_id
),
understood as (
    select delivery_id, count(*) as n, count(distinct row_number) as row_numbers
    from {CHECKED_TIDY} semi join asked using (delivery_id)
    group by delivery_id
),
unmatched as (
    select delivery_id, count(*) as n
    from (from {CHECKED_EXTRACT} semi join asked using (delivery_id))
    anti join (from {CHECKED_TIDY} semi join asked using (delivery_id))
        using (delivery_id, row_number)
    group by delivery_id
),
counted as (
    select
        deliveries.*,
        coalesce(extracted.n, 0) as extract_rows,
        coalesce(understood.n, 0) as fates,
        coalesce(understood.n - understood.row_numbers, 0) as fates_too_many,
        coalesce(extracted.n - extracted.row_numbers, 0) as row_numbers_twice,
        coalesce(unmatched.n, 0) as rows_without_fate,
        accounts.validated, accounts.quarantined, accounts.held, accounts.control,
        accounts.set_aside,
        accounts.validated + accounts.quarantined + accounts.held + accounts.control
            + accounts.set_aside + accounts.waiting as accounted
    from asked as deliveries
    join (from validated.row_accounts semi join asked using (delivery_id)) as accounts
        on accounts.delivery_id = deliveries.delivery_id
    left join extracted on extracted.delivery_id = deliveries.delivery_id
    left join understood on understood.delivery_id = deliveries.delivery_id
    left join unmatched on unmatched.delivery_id = deliveries.delivery_id
)
select
    asset,
    month,
    case
        when extract_rows <> row_count
            then {lost}
        when row_numbers_twice > 0 then {numbered_twice}
        when fates_too_many > 0 then {two_fates}
        when rows_without_fate > 0 then {no_fate}
        when accounted is distinct from row_count then {unaccounted}
    end as problem,
    file_name as file, delivered_on, delivery_id,
    row_count as received, extract_rows as on_record, fates,
    validated, quarantined, held, control, set_aside
from counted
"""


_NOT_SETTLED = f"""
select asset, month, count(*) as checked from {CHECKED_ROWS} where not is_settled group by all
"""


def _keys_are_unique() -> str:
    given_twice = sql_text("key given twice")
    return f"""
with given_twice as (
    select delivery_id, indicator_id, level, stated_month, territory_code
    from {CHECKED_ROWS}
    where fate = 'figure'
    group by all
    having count(*) > 1
),
problems as (
    select *, reason_code as problem
    from {CHECKED_QUARANTINE}
    where not is_settled
        and reason_code in ({", ".join(f"'{code}'" for code in REASONS["keys_are_unique"])})
    union all
    select rows.*, {given_twice} as problem
    from {CHECKED_ROWS} as rows
    join given_twice
        on given_twice.delivery_id = rows.delivery_id
        and given_twice.indicator_id is not distinct from rows.indicator_id
        and given_twice.level is not distinct from rows.level
        and given_twice.stated_month is not distinct from rows.stated_month
        and given_twice.territory_code is not distinct from rows.territory_code
    where rows.fate = 'figure'
)
select
    asset, month, problem, delivery_id, row_number, indicator_id, territory_code, stated_month,
    value, reason
from problems
"""


def extract_rules(contract: Contract) -> list[Rule]:
    """The checks of every source's extract."""

    def each(name: str, severity: Severity, description: str, what_to_do: str) -> tuple[Check, ...]:
        return tuple(
            Check(
                source.asset,
                name,
                severity,
                both(description),
                both(what_to_do, contact=source.contact),
            )
            for source in contract.sources.values()
        )

    return [
        SqlRule(
            each(
                "delivery_readable",
                "error",
                marked("Every delivery's columns are recognised and it can be used."),
                marked(
                    "Read the reason beside the file, ask {contact} for a corrected file, and put "
                    "it in the folder of the day it arrives."
                ),
            ),
            _delivery_readable(),
        ),
        SqlRule(
            each(
                "delivered_by_one_source",
                "warn",
                marked("No file holds the same bytes as a file of another source."),
                marked(
                    "The file counts for the source shown only. Ask {contact} whose figures they "
                    "are and for their own; if they are theirs, take the copy out of the other's "
                    "folder and make the warehouse anew from the landing zone."
                ),
            ),
            _delivered_by_one_source(),
        ),
        SuiteRule(
            "received_rows",
            (
                *each(
                    "departments_recognised",
                    "warn",
                    marked("Every row names a territory of the Code officiel géographique."),
                    marked(
                        "Ask {contact} which département is meant and for a corrected file; if the "
                        "spelling is legitimate, add it to the contract's variants."
                    ),
                ),
                *each(
                    "months_recognised",
                    "warn",
                    marked(
                        "Every row says which month it is about, and that month was over when it "
                        "came."
                    ),
                    marked("Ask {contact} which month is meant and for a corrected file."),
                ),
                *each(
                    "indicators_recognised",
                    "warn",
                    marked("Every row names an indicator, and only one."),
                    marked("Ask {contact} which indicator is meant and for a corrected file."),
                ),
                *each(
                    "figures_are_whole_numbers",
                    "warn",
                    marked(
                        "Every row carries a figure, not a part of one: a whole, plausible number "
                        "of dwellings that is not negative."
                    ),
                    marked(
                        "Ask {contact} for the figures of the cells shown; until then those "
                        "départements have none for the month."
                    ),
                ),
            ),
            _ROWS,
            looked_up={"territory_code": TERRITORIES},
        ),
        SqlRule(
            each(
                "keys_are_unique",
                "warn",
                marked("No delivery gives one territory and month two different figures."),
                marked(
                    "Ask {contact} which of the figures is right and for a corrected file; until "
                    "then none of them counts."
                ),
            ),
            _keys_are_unique(),
            looked_at=_NOT_SETTLED,
        ),
        SqlRule(
            each(
                "rows_conserved",
                "error",
                marked("Every row of every delivery is on record and has exactly one fate."),
                marked(
                    "A fault of the pipeline or of the warehouse, not of {contact}: don't "
                    "publish; make the warehouse anew from the landing zone and report the "
                    "delivery shown."
                ),
            ),
            _rows_conserved(),
        ),
    ]

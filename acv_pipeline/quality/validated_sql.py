"""The SELECTs behind the checks of the figures in force and of the rows in quarantine.

Here: what is looked at, and what is wrong with it. Not here: what the checks are called and say
(``validated``), and the temporary tables that are read (``attribution``).
"""

from __future__ import annotations

from acv_pipeline.quality.attribution import (
    CHECKED_FIGURES,
    CHECKED_MONTHS,
    CHECKED_QUARANTINE,
    CHECKED_TERRITORIES,
)
from acv_pipeline.quality.marks import block, is_marked, marks

DWELLINGS = f"""
select dwellings.*, indicators.first_month, deliveries.delivered_on
from validated.dwellings as dwellings
join {CHECKED_MONTHS} using (month)
left join contract.indicators as indicators
    on indicators.indicator_id = dwellings.indicator_id
left join raw.deliveries as deliveries on deliveries.delivery_id = dwellings.delivery_id
"""

IN_FORCE = f"""
select month, cast(sum(figures) as bigint) as checked from {CHECKED_FIGURES} group by month
"""

# Only months with more figures than territories are looked at row by row.
UNIQUE_KEY = f"""
with crowded as (
    select distinct indicator_id, source, month
    from {CHECKED_FIGURES}
    where figures > bit_count(marks)
),
repeated as (
    select dwellings.indicator_id, dwellings.source, dwellings.month, dwellings.department_code
    from validated.dwellings as dwellings
    join crowded
        on crowded.month = dwellings.month
        and crowded.indicator_id is not distinct from dwellings.indicator_id
        and crowded.source is not distinct from dwellings.source
    group by all
    having count(*) > 1
)
select
    dwellings.month,
    dwellings.source || ': ' || dwellings.department_code || ' more than once' as problem,
    dwellings.delivery_id,
    dwellings.row_number,
    dwellings.indicator_id,
    dwellings.source,
    dwellings.department_code,
    dwellings.cumulative_dwellings
from validated.dwellings as dwellings
join repeated
    on repeated.month = dwellings.month
    and repeated.indicator_id is not distinct from dwellings.indicator_id
    and repeated.source is not distinct from dwellings.source
    and repeated.department_code is not distinct from dwellings.department_code
"""

EXPECTED = f"""
select present.month, expected.checked
from (select distinct indicator_id, source, month from {CHECKED_FIGURES}) as present
join (select indicator_id, count(*) as checked from contract.panel group by all) as expected
    on expected.indicator_id = present.indicator_id
"""

PANEL_COMPLETE = f"""
with panel as (
    select panel.indicator_id, panel.department_code, territories.place
    from contract.panel as panel
    join {CHECKED_TERRITORIES} as territories
        on territories.territory_code = panel.department_code
),
expected as (
    select indicator_id, {block("place")} as block, {marks("place")} as marks
    from panel
    group by all
),
missing as (
    select
        present.indicator_id,
        present.source,
        present.month,
        expected.block,
        expected.marks & ~coalesce(figures.marks, 0) as marks
    from (select distinct indicator_id, source, month from {CHECKED_FIGURES}) as present
    join expected on expected.indicator_id = present.indicator_id
    left join {CHECKED_FIGURES} as figures
        on figures.indicator_id = present.indicator_id
        and figures.source = present.source
        and figures.month = present.month
        and figures.block = expected.block
    where expected.marks & ~coalesce(figures.marks, 0) <> 0
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
    missing.month,
    coalesce(indicators.short_name, missing.indicator_id) || ' ' || missing.source as problem,
    missing.indicator_id,
    missing.source,
    panel.department_code,
    case
        when unresolved.reason_code is not null then 'row quarantined: ' || unresolved.reason_code
        else 'no row in force'
    end as why
from missing
join panel
    on panel.indicator_id = missing.indicator_id
    and {block("panel.place")} = missing.block
left join contract.indicators as indicators
    on indicators.indicator_id = missing.indicator_id
left join unresolved
    on unresolved.indicator_id = missing.indicator_id
    and unresolved.source = missing.source
    and unresolved.month = missing.month
    and unresolved.department_code = panel.department_code
where {is_marked("missing.marks", "panel.place")}
"""

EVERY_PARTNER_PRESENT = f"""
with present as (
    select distinct figures.indicator_id, figures.month, figures.source
    from {CHECKED_FIGURES} as figures
    join contract.components as components
        on components.indicator_id = figures.indicator_id
        and components.source = figures.source
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
            then coalesce(indicators.short_name, expected.indicator_id) || ' '
                || expected.source
    end as problem,
    expected.indicator_id,
    expected.source
from expected
left join contract.indicators as indicators
    on indicators.indicator_id = expected.indicator_id
left join present
    on present.indicator_id = expected.indicator_id
    and present.month = expected.month
    and present.source = expected.source
"""

# Where all figures that a delivery has of a month are in force, one number for all of them tells
# whether its rows say the same. The others are compared row by row, and those whose row says
# otherwise are asked why.
# Deliveries and indicators by number: as texts they take most of the memory.
EVERY_FIGURE_HAS_PROVENANCE = f"""
with in_force as not materialized (
    select dwellings.* from validated.dwellings as dwellings join {CHECKED_MONTHS} using (month)
),
sound as materialized (
    select stated.delivery_id, stated.indicator_id, stated.month
    from (
        select
            delivery_id, indicator_id, month,
            count(*) as figures,
            sum(hash(row_number, department_code, cumulative_dwellings)) as fingerprint
        from in_force
        group by all
    ) as stated
    join (
        select
            delivery_id, indicator_id, month,
            count(*) as figures,
            sum(hash(row_number, territory_code, value)) as fingerprint
        from raw.tidy_rows
        where level = 'department' and fate = 'figure'
        group by all
    ) as understood using (delivery_id, indicator_id, month, figures, fingerprint)
),
unproven as not materialized (
    select * from in_force anti join sound using (delivery_id, indicator_id, month)
),
deliveries as materialized (
    select delivery_id, row_number() over () as delivery from raw.deliveries
),
indicators as materialized (
    select indicator_id, row_number() over () as indicator from contract.indicators
),
stated as (
    select
        unproven.delivery_id, delivery, unproven.row_number, indicator, unproven.month,
        unproven.department_code, unproven.cumulative_dwellings
    from unproven
    left join deliveries using (delivery_id)
    left join indicators using (indicator_id)
),
understood as (
    select
        delivery, rows.row_number, indicator, rows.month, rows.territory_code, rows.value
    from raw.tidy_rows as rows
    semi join (select distinct delivery_id from unproven) as asked using (delivery_id)
    join deliveries using (delivery_id)
    join indicators using (indicator_id)
),
on_record as (
    select delivery_id, {block("row_number")} as block, {marks("row_number")} as marks
    from raw.extract_rows
    group by all
),
doubtful as materialized (
    select stated.delivery_id, stated.row_number
    from stated
    anti join understood
        on understood.delivery = stated.delivery
        and understood.row_number = stated.row_number
        and understood.indicator = stated.indicator
        and understood.month = stated.month
        and understood.territory_code = stated.department_code
        and understood.value = stated.cumulative_dwellings
    union
    select delivery_id, row_number
    from in_force
    where is_corrected
    union
    select in_force.delivery_id, in_force.row_number
    from in_force
    left join on_record
        on on_record.delivery_id = in_force.delivery_id
        and on_record.block = {block("in_force.row_number")}
    where not coalesce({is_marked("on_record.marks", "in_force.row_number")}, false)
)
select
    dwellings.month,
    case
        when rows.row_number is null then 'row not on record'
        when dwellings.is_corrected
            and (corrections.delivered, corrections.corrected)
                is distinct from (understood.value, dwellings.cumulative_dwellings)
            then 'corrected otherwise than the register says'
        when (understood.indicator_id, understood.month, understood.territory_code,
            case when dwellings.is_corrected then corrections.corrected else understood.value end)
            is distinct from (dwellings.indicator_id, dwellings.month,
            dwellings.department_code, dwellings.cumulative_dwellings)
            then 'row says something else'
    end as problem,
    dwellings.delivery_id,
    dwellings.row_number,
    dwellings.indicator_id,
    dwellings.source,
    dwellings.department_code,
    dwellings.cumulative_dwellings
from (select * from in_force semi join doubtful using (delivery_id, row_number)) as dwellings
left join (
    select delivery_id, row_number from raw.extract_rows
    semi join doubtful using (delivery_id, row_number)
) as rows
    on rows.delivery_id = dwellings.delivery_id and rows.row_number = dwellings.row_number
left join (
    select * from raw.tidy_rows semi join doubtful using (delivery_id, row_number)
) as understood
    on understood.delivery_id = dwellings.delivery_id
    and understood.row_number = dwellings.row_number
left join validated.corrections as corrections
    on corrections.delivery_id = dwellings.delivery_id
    and corrections.row_number = dwellings.row_number
    and corrections.held_by is null
"""

CORRECTIONS_STILL_MATCH = """
select
    month,
    case
        when problem is not null
            then 'entry ' || entry || ' (' || source || ' ' || department_code || '): ' || problem
    end as problem,
    entry,
    source,
    indicator_id,
    department_code,
    delivered,
    corrected,
    found,
    reason,
    corrected_by,
    corrected_on,
    delivery_id,
    row_number
from validated.correction_matches
"""

# A quarantined row counts for the month the extract's checks show it under.
QUARANTINED = f"""
select
    rows.month,
    quarantined.* exclude (month, cells, sheet, sheet_row),
    rows.is_settled
from validated.quarantined_rows as quarantined
join {CHECKED_QUARANTINE} as rows
    on rows.delivery_id = quarantined.delivery_id and rows.row_number = quarantined.row_number
"""

NO_OPEN_QUARANTINE = f"""
select
    month,
    case when released_by is null and not is_settled then reason_code end as problem,
    delivery_id,
    row_number,
    indicator_id,
    source,
    department_code,
    reason
from ({QUARANTINED})
"""

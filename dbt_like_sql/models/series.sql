-- Whose figures: each source's own, and `total`, the sum of the partners the contract counts in
-- a month, for the départements where all of them have a figure.

-- An indicator by a number: sums by its text take half as long again, and twice the memory.
with indicators as (

    select
        indicator_id,
        row_number() over (order by indicator_id) as indicator
    from {{ source('contract', 'indicators') }}

),

component_figures as (

    select
        indicators.indicator,
        dwellings.month,
        dwellings.department_code,
        dwellings.cumulative_dwellings,
        dwellings.is_corrected
    from {{ source('validated', 'dwellings') }} as dwellings
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = dwellings.indicator_id
        and components.source = dwellings.source
        and components.first_month <= dwellings.month
    inner join indicators
        on indicators.indicator_id = dwellings.indicator_id

),

months as (

    select distinct indicator, month
    from component_figures

),

counted as (

    select
        indicators.indicator_id,
        months.indicator,
        months.month,
        count(*) as partners
    from months
    inner join indicators
        on indicators.indicator = months.indicator
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = indicators.indicator_id
        and components.first_month <= months.month
    group by indicators.indicator_id, months.indicator, months.month

),

totals as (

    select
        indicator,
        month,
        department_code,
        sum(cumulative_dwellings) as cumulative_dwellings,
        count(*) as partners,
        max(case when is_corrected then 1 else 0 end) = 1 as is_corrected
    from component_figures
    group by indicator, month, department_code

)

select
    dwellings.indicator_id,
    sources.series,
    dwellings.month,
    dwellings.department_code,
    dwellings.cumulative_dwellings,
    dwellings.is_corrected
from {{ source('validated', 'dwellings') }} as dwellings
inner join {{ source('contract', 'sources') }} as sources
    on sources.source = dwellings.source
-- figures of an indicator that the contract no longer has stay on record, and count for nothing
inner join {{ source('contract', 'indicators') }} as indicators
    on indicators.indicator_id = dwellings.indicator_id

union all

select
    counted.indicator_id,
    'total' as series,
    totals.month,
    totals.department_code,
    cast(totals.cumulative_dwellings as bigint) as cumulative_dwellings,
    totals.is_corrected
from totals
inner join counted
    on counted.indicator = totals.indicator
    and counted.month = totals.month
    and counted.partners = totals.partners

-- Whose figures: each source's own, and `total`, the sum of the partners the contract counts in
-- a month, for the départements where all of them have a figure.
with component_figures as (

    select
        dwellings.indicator_id,
        dwellings.month,
        dwellings.department_code,
        dwellings.cumulative_dwellings,
        dwellings.is_corrected
    from {{ source('validated', 'dwellings') }} as dwellings
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = dwellings.indicator_id
        and components.source = dwellings.source
        and components.first_month <= dwellings.month

),

months as (

    select distinct indicator_id, month
    from component_figures

),

counted as (

    select
        months.indicator_id,
        months.month,
        count(*) as partners
    from months
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = months.indicator_id
        and components.first_month <= months.month
    group by months.indicator_id, months.month

),

totals as (

    select
        component_figures.indicator_id,
        component_figures.month,
        component_figures.department_code,
        sum(component_figures.cumulative_dwellings) as cumulative_dwellings,
        max(case when component_figures.is_corrected then 1 else 0 end) = 1 as is_corrected
    from component_figures
    inner join counted
        on counted.indicator_id = component_figures.indicator_id
        and counted.month = component_figures.month
    group by
        component_figures.indicator_id,
        component_figures.month,
        component_figures.department_code,
        counted.partners
    having count(*) = counted.partners

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
    indicator_id,
    'total' as series,
    month,
    department_code,
    cast(cumulative_dwellings as bigint) as cumulative_dwellings,
    is_corrected
from totals

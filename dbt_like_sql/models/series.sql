-- Whose figures: each source's own, and `total`, the sum of the partners the contract counts in
-- a month, for the départements where all of them have a figure. What is counted changes at a break of
-- the indicator, and in a total where a partner joins: only months with the same `comparable_since`
-- compare.
with figures as (

    select
        made_of.indicator_id,
        made_of.series,
        dwellings.month,
        dwellings.department_code,
        dwellings.cumulative_dwellings,
        dwellings.is_corrected
    from {{ source('validated', 'dwellings') }} as dwellings
    inner join {{ ref('int_series_sources') }} as made_of
        on made_of.indicator_id = dwellings.indicator_id
        and made_of.source = dwellings.source
        and (made_of.first_month is null or made_of.first_month <= dwellings.month)

),

changes as (

    select indicator_id, first_month as month, 1 as partners
    from {{ source('contract', 'components') }}
    union all
    select indicator_id, month, 0 as partners
    from {{ source('contract', 'breaks') }}

),

months as (

    select
        counted.indicator_id,
        counted.month,
        sum(changes.partners) as partners,
        max(changes.month) as total_comparable_since,
        max(case when changes.partners = 0 then changes.month end) as comparable_since
    from (select distinct indicator_id, month from figures) as counted
    left join changes
        on changes.indicator_id = counted.indicator_id
        and changes.month <= counted.month
    group by counted.indicator_id, counted.month

),

totals as (

    select
        indicator_id,
        month,
        department_code,
        cast(sum(cumulative_dwellings) as bigint) as cumulative_dwellings,
        max(case when is_corrected then 1 else 0 end) = 1 as is_corrected,
        count(*) as partners
    from figures
    where series = 'total'
    group by indicator_id, month, department_code

)

select
    figures.indicator_id,
    figures.series,
    figures.month,
    figures.department_code,
    figures.cumulative_dwellings,
    figures.is_corrected,
    months.comparable_since
from figures
inner join months
    on months.indicator_id = figures.indicator_id
    and months.month = figures.month
where figures.series <> 'total'

union all

select
    totals.indicator_id,
    'total' as series,
    totals.month,
    totals.department_code,
    totals.cumulative_dwellings,
    totals.is_corrected,
    months.total_comparable_since as comparable_since
from totals
inner join months
    on months.indicator_id = totals.indicator_id
    and months.month = totals.month
    and months.partners = totals.partners

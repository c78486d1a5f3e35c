-- Whose figures: each source's own, and `total`, the sum of the partners the contract counts in
-- a month, for the départements where all of them have a figure. What a total counts changes where a
-- partner joins: only months with the same `comparable_since` compare.
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

partners as (

    select
        months.indicator_id,
        months.month,
        count(*) as expected,
        max(components.first_month) as comparable_since
    from (select distinct indicator_id, month from figures where series = 'total') as months
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = months.indicator_id
        and components.first_month <= months.month
    group by months.indicator_id, months.month

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
    indicator_id,
    series,
    month,
    department_code,
    cumulative_dwellings,
    is_corrected,
    cast(null as date) as comparable_since
from figures
where series <> 'total'

union all

select
    totals.indicator_id,
    'total' as series,
    totals.month,
    totals.department_code,
    totals.cumulative_dwellings,
    totals.is_corrected,
    partners.comparable_since
from totals
inner join partners
    on partners.indicator_id = totals.indicator_id
    and partners.month = totals.month
    and partners.expected = totals.partners

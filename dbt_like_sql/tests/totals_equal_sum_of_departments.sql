-- Every figure is in a region and in the country: the territories of either level add up to all
-- départements.
with summed as (

    select
        indicator_id,
        series,
        month,
        level,
        sum(cumulative_dwellings) as total
    from {{ ref('territory_totals') }}
    group by indicator_id, series, month, level

),

figures as (

    select
        indicator_id,
        series,
        month,
        sum(cumulative_dwellings) as sum_of_departments
    from {{ ref('series') }}
    group by indicator_id, series, month

),

levels as (

    select 'region' as level
    union all
    select 'national' as level

)

select
    figures.month,
    figures.indicator_id,
    figures.series,
    levels.level,
    summed.total,
    figures.sum_of_departments
from figures
cross join levels
left join summed
    on summed.indicator_id = figures.indicator_id
    and summed.series = figures.series
    and summed.month = figures.month
    and summed.level = levels.level
where summed.total is distinct from figures.sum_of_departments

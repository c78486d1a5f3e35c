-- A territory's total is the sum of its départements, and every figure is in a region and in the
-- country.
with summed as (

    select
        figures.indicator_id,
        figures.series,
        'region' as level,
        departments.region_code as territory_code,
        figures.month,
        sum(figures.cumulative_dwellings) as dwellings
    from {{ ref('series') }} as figures
    left join {{ ref('departments') }} as departments
        on departments.department_code = figures.department_code
    group by figures.indicator_id, figures.series, departments.region_code, figures.month

    union all

    select
        indicator_id,
        series,
        'national' as level,
        'FR' as territory_code,
        month,
        sum(cumulative_dwellings) as dwellings
    from {{ ref('series') }}
    group by indicator_id, series, month

)

select
    coalesce(totals.month, summed.month) as month,
    coalesce(totals.indicator_id, summed.indicator_id) as indicator_id,
    coalesce(totals.series, summed.series) as series,
    coalesce(totals.level, summed.level) as level,
    coalesce(totals.territory_code, summed.territory_code) as territory_code,
    totals.cumulative_dwellings as total,
    summed.dwellings as sum_of_departments
from {{ ref('territory_totals') }} as totals
full outer join summed
    on summed.indicator_id = totals.indicator_id
    and summed.series = totals.series
    and summed.level = totals.level
    and summed.territory_code = totals.territory_code
    and summed.month = totals.month
where totals.cumulative_dwellings is null
    or summed.dwellings is null
    or totals.cumulative_dwellings <> summed.dwellings

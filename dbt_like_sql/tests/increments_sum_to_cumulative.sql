-- From the first month its series counts anything, a département's first figure plus the
-- increments since is its cumulative.
with started as (

    select indicator_id, series, min(month) as first_month
    from {{ ref('series') }}
    where cumulative_dwellings > 0
    group by indicator_id, series

),

summed as (

    select
        figures.indicator_id,
        figures.series,
        figures.month,
        figures.department_code,
        figures.cumulative_dwellings,
        first_value(figures.cumulative_dwellings) over (
            partition by figures.indicator_id, figures.series, figures.department_code
            order by figures.month
        ) as first_figure,
        sum(coalesce(increments.increment, 0)) over (
            partition by figures.indicator_id, figures.series, figures.department_code
            order by figures.month
        ) as increments
    from {{ ref('series') }} as figures
    inner join started
        on started.indicator_id = figures.indicator_id
        and started.series = figures.series
        and started.first_month <= figures.month
    left join {{ ref('monthly_increments') }} as increments
        on increments.indicator_id = figures.indicator_id
        and increments.series = figures.series
        and increments.month = figures.month
        and increments.department_code = figures.department_code

)

select *
from summed
where cumulative_dwellings <> first_figure + increments

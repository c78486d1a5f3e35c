-- From the first month its series counts anything, and again from each break, a département's first
-- figure plus the increments since is its cumulative.
with starts as (

    select
        indicator_id,
        series,
        min(month) as first_month
    from {{ ref('monthly_increments') }}
    where cumulative_dwellings > 0
    group by indicator_id, series

),

stretches as (

    select
        increments.*,
        sum(case when increments.is_break then 1 else 0 end) over (
            partition by increments.indicator_id, increments.series, increments.department_code
            order by increments.month
        ) as breaks
    from {{ ref('monthly_increments') }} as increments

),

summed as (

    select
        increments.indicator_id,
        increments.series,
        increments.month,
        increments.department_code,
        increments.cumulative_dwellings,
        first_value(increments.cumulative_dwellings) over months as first_figure,
        sum(coalesce(increments.increment, 0)) over months as increments
    from stretches as increments
    inner join starts
        on starts.indicator_id = increments.indicator_id
        and starts.series = increments.series
        and starts.first_month <= increments.month
    window months as (
        partition by
            increments.indicator_id,
            increments.series,
            increments.department_code,
            increments.breaks
        order by increments.month
    )

)

select *
from summed
where cumulative_dwellings <> first_figure + increments

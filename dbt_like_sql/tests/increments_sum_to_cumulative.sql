-- From the first month its series counts anything, a département's first figure plus the
-- increments since is its cumulative.
with starts as (

    select
        indicator_id,
        series,
        min(case when cumulative_dwellings > 0 then month end) as first_month
    from {{ ref('monthly_increments') }}
    group by indicator_id, series

),

followed as (

    select
        increments.indicator_id,
        increments.series,
        increments.department_code,
        increments.cumulative_dwellings,
        coalesce(increments.increment, 0) as increment,
        lag(increments.cumulative_dwellings) over (
            partition by increments.indicator_id, increments.series, increments.department_code
            order by increments.month
        ) as previous_dwellings
    from {{ ref('monthly_increments') }} as increments
    inner join starts
        on starts.indicator_id = increments.indicator_id
        and starts.series = increments.series
        and starts.first_month <= increments.month

),

-- where each step is right, so are their sums: only the others are summed
doubtful as (

    select distinct indicator_id, series, department_code
    from followed
    where cumulative_dwellings
        <> coalesce(previous_dwellings, cumulative_dwellings) + increment

),

summed as (

    select
        increments.indicator_id,
        increments.series,
        increments.month,
        increments.department_code,
        increments.cumulative_dwellings,
        first_value(increments.cumulative_dwellings) over course as first_figure,
        sum(coalesce(increments.increment, 0)) over course as increments
    from {{ ref('monthly_increments') }} as increments
    inner join starts
        on starts.indicator_id = increments.indicator_id
        and starts.series = increments.series
        and starts.first_month <= increments.month
    inner join doubtful
        on doubtful.indicator_id = increments.indicator_id
        and doubtful.series = increments.series
        and doubtful.department_code = increments.department_code
    window course as (
        partition by increments.indicator_id, increments.series, increments.department_code
        order by increments.month
    )

)

select
    indicator_id,
    series,
    month,
    department_code,
    cumulative_dwellings,
    first_figure,
    increments
from summed
where cumulative_dwellings <> first_figure + increments

-- What each month adds: the cumulative minus that of the same département's previous month that
-- has a figure. While a series is zero everywhere nothing has been counted yet: such a month is
-- a starting line, so it has no increment and no increment starts from it. A break, where
-- something else is counted than before, is a starting line too.
with starts as (

    select
        indicator_id,
        series,
        min(case when cumulative_dwellings > 0 then month end) as first_month
    from {{ ref('series') }}
    group by indicator_id, series

),

compared as (

    select
        figures.indicator_id,
        figures.series,
        figures.month,
        figures.department_code,
        figures.cumulative_dwellings,
        figures.is_corrected,
        lag(case when figures.month >= starts.first_month then figures.month end)
            over comparable as previous_month,
        lag(case when figures.month >= starts.first_month then figures.cumulative_dwellings end)
            over comparable as previous_dwellings,
        lag(case when figures.month >= starts.first_month then figures.month end)
            over months is not null
            and coalesce(lag(figures.comparable_since) over months <> figures.comparable_since, true)
            and figures.comparable_since is not null as is_break
    from {{ ref('series') }} as figures
    inner join starts
        on starts.indicator_id = figures.indicator_id
        and starts.series = figures.series
    window
        months as (
            partition by figures.indicator_id, figures.series, figures.department_code
            order by figures.month
        ),
        comparable as (
            partition by
                figures.indicator_id,
                figures.series,
                figures.department_code,
                figures.comparable_since
            order by figures.month
        )

),

timed as (

    select
        *,
        cast(
            (extract(year from month) - extract(year from previous_month)) * 12
            + extract(month from month) - extract(month from previous_month)
            as bigint
        ) as months_elapsed,
        cumulative_dwellings - previous_dwellings as increment
    from compared

)

select
    indicator_id,
    series,
    month,
    department_code,
    cumulative_dwellings,
    previous_month,
    months_elapsed,
    increment,
    cast(increment as double) / months_elapsed as increment_per_month,
    increment < 0 as is_decrease,
    is_corrected,
    is_break
from timed

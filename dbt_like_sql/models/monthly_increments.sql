-- What each month adds: the cumulative minus that of the same département's previous month that
-- has a figure. While a series is zero everywhere nothing has been counted yet: such a month is
-- a starting line, so it has no increment and no increment starts from it.
with starts as (

    select
        indicator_id,
        series,
        min(case when cumulative_dwellings > 0 then month end) as started_in
    from {{ ref('series') }}
    group by indicator_id, series

),

figures as (

    select
        series.indicator_id,
        series.series,
        series.month,
        series.department_code,
        series.cumulative_dwellings,
        series.is_corrected,
        coalesce(series.month >= starts.started_in, false) as has_started
    from {{ ref('series') }} as series
    inner join starts
        on starts.indicator_id = series.indicator_id
        and starts.series = series.series

),

compared as (

    select
        indicator_id,
        series,
        month,
        department_code,
        cumulative_dwellings,
        case when has_started then lag(month) over course end as previous_month,
        case when has_started then cumulative_dwellings - lag(cumulative_dwellings) over course end
            as increment,
        is_corrected
    from figures
    window course as (
        partition by indicator_id, series, department_code, has_started order by month
    )

),

timed as (

    select
        indicator_id,
        series,
        month,
        department_code,
        cumulative_dwellings,
        previous_month,
        date_diff('month', previous_month, month) as months_elapsed,
        increment,
        is_corrected
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
    is_corrected
from timed

-- What each month adds: the cumulative minus that of the same département's previous month that
-- has a figure. While a series is zero everywhere nothing has been counted yet: such a month is
-- a starting line, so it has no increment and no increment starts from it.
with started as (

    select
        indicator_id,
        series,
        month,
        department_code,
        cumulative_dwellings,
        is_corrected,
        coalesce(
            month >= min(case when cumulative_dwellings > 0 then month end)
                over (partition by indicator_id, series),
            false
        ) as has_started
    from {{ ref('series') }}

),

compared as (

    select
        indicator_id,
        series,
        month,
        department_code,
        cumulative_dwellings,
        is_corrected,
        case when has_started then lag(month) over (
            partition by indicator_id, series, department_code, has_started order by month
        ) end as previous_month,
        case when has_started then cumulative_dwellings - lag(cumulative_dwellings) over (
            partition by indicator_id, series, department_code, has_started order by month
        ) end as increment
    from started

),

timed as (

    select
        *,
        date_diff('month', previous_month, month) as months_elapsed
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

-- What each month adds: the cumulative minus that of the same département's previous month that
-- has a figure. While a series is zero everywhere nothing has been counted yet: such a month is
-- a starting line, so it has no increment and no increment starts from it.

-- A series by a number: several times as fast to sort by as two texts.
with courses as (

    select
        indicators.indicator_id,
        named.series,
        row_number() over (order by indicators.indicator_id, named.series) as course
    from {{ source('contract', 'indicators') }} as indicators
    cross join (
        select series from {{ source('contract', 'sources') }}
        union
        select 'total' as series
    ) as named

),

starts as (

    select
        indicator_id,
        series,
        min(case when cumulative_dwellings > 0 then month end) as started_in
    from {{ ref('series') }}
    group by indicator_id, series

),

figures as (

    select
        courses.course,
        series.month,
        series.department_code,
        series.cumulative_dwellings,
        series.is_corrected,
        coalesce(series.month >= starts.started_in, false) as has_started
    from {{ ref('series') }} as series
    inner join courses
        on courses.indicator_id = series.indicator_id
        and courses.series = series.series
    inner join starts
        on starts.indicator_id = courses.indicator_id
        and starts.series = courses.series

),

compared as (

    select
        course,
        month,
        department_code,
        cumulative_dwellings,
        is_corrected,
        case when has_started then lag(month) over (
            partition by course, department_code, has_started order by month
        ) end as previous_month,
        case when has_started then cumulative_dwellings - lag(cumulative_dwellings) over (
            partition by course, department_code, has_started order by month
        ) end as increment
    from figures

),

timed as (

    select
        courses.indicator_id,
        courses.series,
        compared.month,
        compared.department_code,
        compared.cumulative_dwellings,
        compared.previous_month,
        date_diff('month', compared.previous_month, compared.month) as months_elapsed,
        compared.increment,
        compared.is_corrected
    from compared
    inner join courses
        on courses.course = compared.course

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

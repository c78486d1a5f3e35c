-- Only départements with a figure are ranked, all of them are, with that figure, and only
-- increments have a rank among increments.

-- Series and départements by number: as texts they take three times as long to find each other, once
-- there are too many for the memory.
with courses as (

    select
        indicator_id,
        series,
        row_number() over (order by indicator_id, series) as course
    from (
        select indicator_id, series from {{ ref('series') }}
        union
        select indicator_id, series from {{ ref('department_rankings') }}
    ) as known

),

departments as (

    select
        department_code,
        row_number() over (order by department_code) as place
    from (
        select department_code from {{ ref('series') }}
        union
        select department_code from {{ ref('department_rankings') }}
    ) as known

),

figures as (

    select
        courses.course,
        series.month,
        departments.place,
        series.cumulative_dwellings
    from {{ ref('series') }} as series
    inner join courses
        on courses.indicator_id is not distinct from series.indicator_id
        and courses.series is not distinct from series.series
    inner join departments
        on departments.department_code is not distinct from series.department_code

),

rankings as (

    select
        courses.course,
        ranked.month,
        departments.place,
        ranked.cumulative_dwellings,
        ranked.rank_cumulative,
        ranked.increment,
        ranked.rank_increment
    from {{ ref('department_rankings') }} as ranked
    inner join courses
        on courses.indicator_id is not distinct from ranked.indicator_id
        and courses.series is not distinct from ranked.series
    inner join departments
        on departments.department_code is not distinct from ranked.department_code

),

offending as (

    select
        coalesce(figures.course, rankings.course) as course,
        coalesce(figures.month, rankings.month) as month,
        coalesce(figures.place, rankings.place) as place,
        figures.cumulative_dwellings,
        rankings.rank_cumulative,
        rankings.increment,
        rankings.rank_increment
    from figures
    full outer join rankings
        on rankings.course = figures.course
        and rankings.month = figures.month
        and rankings.place = figures.place
    where figures.cumulative_dwellings is null
        or rankings.rank_cumulative is null
        or rankings.cumulative_dwellings <> figures.cumulative_dwellings
        or (rankings.increment is null) <> (rankings.rank_increment is null)

)

select
    offending.month,
    courses.indicator_id,
    courses.series,
    departments.department_code,
    offending.cumulative_dwellings,
    offending.rank_cumulative,
    offending.increment,
    offending.rank_increment
from offending
inner join courses
    on courses.course = offending.course
inner join departments
    on departments.place = offending.place

-- From the first month its series counts anything, a département's first figure plus the
-- increments since is its cumulative.
with courses as (

    select
        indicator_id,
        series,
        row_number() over (order by indicator_id, series) as course,
        min(case when cumulative_dwellings > 0 then month end) as first_month
    from {{ ref('monthly_increments') }}
    group by indicator_id, series

),

followed as (

    select
        courses.course,
        increments.department_code,
        increments.cumulative_dwellings,
        coalesce(increments.increment, 0) as increment,
        lag(increments.cumulative_dwellings) over (
            partition by courses.course, increments.department_code order by increments.month
        ) as previous_dwellings
    from {{ ref('monthly_increments') }} as increments
    inner join courses
        on courses.indicator_id = increments.indicator_id
        and courses.series = increments.series
        and courses.first_month <= increments.month

),

-- where each step is right, so are their sums: only the others are summed
doubtful as (

    select distinct course, department_code
    from followed
    where cumulative_dwellings
        <> coalesce(previous_dwellings, cumulative_dwellings) + increment

),

figures as (

    select
        doubtful.course,
        increments.month,
        doubtful.department_code,
        increments.cumulative_dwellings,
        coalesce(increments.increment, 0) as increment
    from {{ ref('monthly_increments') }} as increments
    inner join courses
        on courses.indicator_id = increments.indicator_id
        and courses.series = increments.series
        and courses.first_month <= increments.month
    inner join doubtful
        on doubtful.course = courses.course
        and doubtful.department_code = increments.department_code

),

summed as (

    select
        course,
        month,
        department_code,
        cumulative_dwellings,
        first_value(cumulative_dwellings) over (
            partition by course, department_code order by month
        ) as first_figure,
        sum(increment) over (
            partition by course, department_code order by month
        ) as increments
    from figures

)

select
    courses.indicator_id,
    courses.series,
    summed.month,
    summed.department_code,
    summed.cumulative_dwellings,
    summed.first_figure,
    summed.increments
from summed
inner join courses
    on courses.course = summed.course
where summed.cumulative_dwellings <> summed.first_figure + summed.increments

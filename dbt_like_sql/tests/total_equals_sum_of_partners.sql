-- The total is the sum of the partners counted that month, there and only there where each of
-- them has a figure.
with counted as (

    select
        months.indicator_id,
        months.month,
        count(*) as partners
    from (select distinct indicator_id, month from {{ ref('series') }}) as months
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = months.indicator_id
        and components.first_month <= months.month
    group by months.indicator_id, months.month

),

named as (

    select source, series from {{ source('contract', 'sources') }}
    union all
    select cast(null as varchar) as source, 'total' as series

),

-- Indicators by number: as texts they take twice as long to add up by, once there are too many
-- figures for the memory.
courses as (

    select
        indicators.indicator_id,
        dense_rank() over (order by indicators.indicator_id) as indicator,
        named.series,
        components.first_month as counted_from
    from {{ source('contract', 'indicators') }} as indicators
    cross join named
    left join {{ source('contract', 'components') }} as components
        on components.indicator_id = indicators.indicator_id
        and components.source = named.source

),

-- totals and partners side by side in one pass
figures as (

    select
        courses.indicator,
        series.month,
        series.department_code,
        sum(case when courses.series = 'total' then series.cumulative_dwellings end) as total,
        sum(case when courses.counted_from <= series.month then series.cumulative_dwellings end)
            as dwellings,
        count(case when courses.counted_from <= series.month then 1 end) as partners
    from {{ ref('series') }} as series
    inner join courses
        on courses.indicator_id = series.indicator_id
        and courses.series = series.series
    group by courses.indicator, series.month, series.department_code

),

compared as (

    select
        figures.month,
        indicators.indicator_id,
        figures.department_code,
        figures.total,
        case when figures.partners = counted.partners then figures.dwellings end
            as sum_of_partners
    from figures
    inner join (select distinct indicator, indicator_id from courses) as indicators
        on indicators.indicator = figures.indicator
    left join counted
        on counted.indicator_id = indicators.indicator_id
        and counted.month = figures.month

)

select
    month,
    indicator_id,
    department_code,
    total,
    sum_of_partners
from compared
where (total is null) <> (sum_of_partners is null)
    or total <> sum_of_partners

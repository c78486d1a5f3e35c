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

-- the series that a total is made of
parts as (

    select
        components.indicator_id,
        sources.series,
        components.first_month
    from {{ source('contract', 'components') }} as components
    inner join {{ source('contract', 'sources') }} as sources
        on sources.source = components.source

),

-- totals and partners side by side in one pass
figures as (

    select
        series.indicator_id,
        series.month,
        series.department_code,
        sum(case when series.series = 'total' then series.cumulative_dwellings end) as total,
        sum(case when parts.first_month <= series.month then series.cumulative_dwellings end)
            as dwellings,
        count(case when parts.first_month <= series.month then 1 end) as partners
    from {{ ref('series') }} as series
    left join parts
        on parts.indicator_id = series.indicator_id
        and parts.series = series.series
    group by series.indicator_id, series.month, series.department_code

),

compared as (

    select
        figures.month,
        figures.indicator_id,
        figures.department_code,
        figures.total,
        case when figures.partners = counted.partners then figures.dwellings end
            as sum_of_partners
    from figures
    left join counted
        on counted.indicator_id = figures.indicator_id
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

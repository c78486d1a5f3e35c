-- Where each département stands in a month: competition ranks (1, 2, 2, 4) among the
-- départements that have a figure; no figure, no row, no rank.

-- A rank is one more than the number of départements with a higher value. There are far fewer
-- values than départements: each is ranked once, and its holders look their rank up.
with cumulatives as (

    select
        indicator_id,
        series,
        month,
        cumulative_dwellings,
        count(*) as holders
    from {{ ref('monthly_increments') }}
    group by indicator_id, series, month, cumulative_dwellings

),

by_cumulative as (

    select
        indicator_id,
        series,
        month,
        cumulative_dwellings,
        holders > 1 as is_tied,
        cast(1 + sum(holders) over (
            partition by indicator_id, series, month order by cumulative_dwellings desc
        ) - holders as bigint) as rank_cumulative,
        cast(sum(cumulative_dwellings * holders) over (
            partition by indicator_id, series, month
        ) as double) as national_dwellings
    from cumulatives

),

increments as (

    select
        indicator_id,
        series,
        month,
        increment,
        count(*) as holders
    from {{ ref('monthly_increments') }}
    where increment is not null
    group by indicator_id, series, month, increment

),

by_increment as (

    select
        indicator_id,
        series,
        month,
        increment,
        cast(1 + sum(holders) over (
            partition by indicator_id, series, month order by increment desc
        ) - holders as bigint) as rank_increment
    from increments

)

select
    figures.indicator_id,
    figures.series,
    figures.month,
    figures.department_code,
    departments.department_name,
    departments.region_code,
    figures.cumulative_dwellings,
    figures.increment,
    by_cumulative.rank_cumulative,
    by_increment.rank_increment,
    before.rank_cumulative - by_cumulative.rank_cumulative as rank_cumulative_change,
    by_cumulative.is_tied,
    cast(figures.cumulative_dwellings as double) / nullif(by_cumulative.national_dwellings, 0)
        as share_of_national,
    cast(figures.cumulative_dwellings as double) * 10000 / departments.population
        as dwellings_per_10k_inhabitants,
    figures.is_corrected
from {{ ref('monthly_increments') }} as figures
inner join by_cumulative
    on by_cumulative.indicator_id = figures.indicator_id
    and by_cumulative.series = figures.series
    and by_cumulative.month = figures.month
    and by_cumulative.cumulative_dwellings = figures.cumulative_dwellings
left join by_increment
    on by_increment.indicator_id = figures.indicator_id
    and by_increment.series = figures.series
    and by_increment.month = figures.month
    and by_increment.increment = figures.increment
-- the rank of the figure that the département had in its previous month
left join by_cumulative as before
    on before.indicator_id = figures.indicator_id
    and before.series = figures.series
    and before.month = figures.previous_month
    and before.cumulative_dwellings = figures.cumulative_dwellings - figures.increment
inner join {{ ref('departments') }} as departments
    on departments.department_code = figures.department_code

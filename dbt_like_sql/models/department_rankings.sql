-- Where each département stands in a month: competition ranks (1, 2, 2, 4) among the
-- départements that have a figure; no figure, no row, no rank.
with ranked as (

    select
        increments.indicator_id,
        increments.series,
        increments.month,
        increments.department_code,
        departments.department_name,
        departments.region_code,
        departments.population,
        increments.cumulative_dwellings,
        increments.is_corrected,
        increments.previous_month,
        increments.increment,
        rank() over (
            partition by increments.indicator_id, increments.series, increments.month
            order by increments.cumulative_dwellings desc
        ) as rank_cumulative,
        rank() over (
            partition by increments.indicator_id, increments.series, increments.month
            order by increments.increment desc nulls last
        ) as rank_increment,
        count(*) over (
            partition by
                increments.indicator_id,
                increments.series,
                increments.month,
                increments.cumulative_dwellings
        ) as holders_of_rank,
        sum(increments.cumulative_dwellings) over (
            partition by increments.indicator_id, increments.series, increments.month
        ) as national_dwellings
    from {{ ref('monthly_increments') }} as increments
    inner join {{ ref('departments') }} as departments
        on departments.department_code = increments.department_code

)

select
    indicator_id,
    series,
    month,
    department_code,
    department_name,
    region_code,
    cumulative_dwellings,
    increment,
    rank_cumulative,
    case when increment is not null then rank_increment end as rank_increment,
    case when previous_month is not null then lag(rank_cumulative) over (
        partition by indicator_id, series, department_code order by month
    ) - rank_cumulative end as rank_cumulative_change,
    holders_of_rank > 1 as is_tied,
    cast(cumulative_dwellings as double) / nullif(cast(national_dwellings as double), 0)
        as share_of_national,
    cast(cumulative_dwellings as double) * 10000 / population as dwellings_per_10k_inhabitants,
    is_corrected
from ranked

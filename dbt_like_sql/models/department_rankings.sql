-- Where each département stands in a month: competition ranks (1, 2, 2, 4) among the
-- départements that have a figure; no figure, no row, no rank.

-- A ranking by a number, and its series by another: several times as fast to sort by as texts.
with rankings as (

    select
        indicator_id,
        series,
        month,
        row_number() over (order by indicator_id, series, month) as ranking,
        dense_rank() over (order by indicator_id, series) as course,
        cast(sum(cumulative_dwellings) as double) as national_dwellings
    from {{ ref('monthly_increments') }}
    group by indicator_id, series, month

),

figures as (

    select
        rankings.ranking,
        rankings.course,
        increments.month,
        increments.department_code,
        increments.cumulative_dwellings,
        increments.previous_month,
        increments.increment,
        increments.is_corrected
    from {{ ref('monthly_increments') }} as increments
    inner join rankings
        on rankings.indicator_id = increments.indicator_id
        and rankings.series = increments.series
        and rankings.month = increments.month

),

ranked as (

    select
        *,
        rank() over (
            partition by ranking order by cumulative_dwellings desc
        ) as rank_cumulative,
        rank() over (
            partition by ranking order by increment desc nulls last
        ) as rank_increment,
        coalesce(cumulative_dwellings = lag(cumulative_dwellings) over (
            partition by ranking order by cumulative_dwellings desc
        ), false) or coalesce(cumulative_dwellings = lead(cumulative_dwellings) over (
            partition by ranking order by cumulative_dwellings desc
        ), false) as is_tied
    from figures

),

moved as (

    select
        *,
        case when previous_month is not null then lag(rank_cumulative) over (
            partition by course, department_code order by month
        ) - rank_cumulative end as rank_cumulative_change
    from ranked

)

select
    rankings.indicator_id,
    rankings.series,
    rankings.month,
    moved.department_code,
    departments.department_name,
    departments.region_code,
    moved.cumulative_dwellings,
    moved.increment,
    moved.rank_cumulative,
    case when moved.increment is not null then moved.rank_increment end as rank_increment,
    moved.rank_cumulative_change,
    moved.is_tied,
    cast(moved.cumulative_dwellings as double) / nullif(rankings.national_dwellings, 0)
        as share_of_national,
    cast(moved.cumulative_dwellings as double) * 10000 / departments.population
        as dwellings_per_10k_inhabitants,
    moved.is_corrected
from moved
inner join rankings
    on rankings.ranking = moved.ranking
inner join {{ ref('departments') }} as departments
    on departments.department_code = moved.department_code

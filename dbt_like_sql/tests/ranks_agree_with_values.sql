-- A competition rank is one more than the number of départements with a higher value.

-- Every value of a ranking once: there are far fewer than départements.
with cumulatives as (

    select
        indicator_id,
        series,
        month,
        cumulative_dwellings,
        count(*) as holders,
        min(rank_cumulative) as best_rank,
        max(rank_cumulative) as worst_rank,
        count(case when is_tied then 1 end) as tied
    from {{ ref('department_rankings') }}
    group by indicator_id, series, month, cumulative_dwellings

),

increments as (

    select
        indicator_id,
        series,
        month,
        increment,
        count(*) as holders,
        min(rank_increment) as best_rank,
        max(rank_increment) as worst_rank
    from {{ ref('department_rankings') }}
    where increment is not null
    group by indicator_id, series, month, increment

),

expected_by_cumulative as (

    select
        *,
        1 + sum(holders) over (
            partition by indicator_id, series, month order by cumulative_dwellings desc
        ) - holders as expected_rank
    from cumulatives

),

expected_by_increment as (

    select
        *,
        1 + sum(holders) over (
            partition by indicator_id, series, month order by increment desc
        ) - holders as expected_rank
    from increments

),

-- rankings in which some value has another rank: only their places are looked at one by one
doubtful as (

    select indicator_id, series, month
    from expected_by_cumulative
    where best_rank <> expected_rank
        or worst_rank <> expected_rank
        or tied <> case when holders > 1 then holders else 0 end
    union
    select indicator_id, series, month
    from expected_by_increment
    where best_rank <> expected_rank
        or worst_rank <> expected_rank

)

select
    places.month,
    places.indicator_id,
    places.series,
    places.department_code,
    places.cumulative_dwellings,
    places.rank_cumulative,
    expected_by_cumulative.expected_rank as expected_rank_cumulative,
    places.is_tied,
    places.increment,
    places.rank_increment,
    expected_by_increment.expected_rank as expected_rank_increment
from {{ ref('department_rankings') }} as places
inner join doubtful
    on doubtful.indicator_id = places.indicator_id
    and doubtful.series = places.series
    and doubtful.month = places.month
inner join expected_by_cumulative
    on expected_by_cumulative.indicator_id = places.indicator_id
    and expected_by_cumulative.series = places.series
    and expected_by_cumulative.month = places.month
    and expected_by_cumulative.cumulative_dwellings = places.cumulative_dwellings
left join expected_by_increment
    on expected_by_increment.indicator_id = places.indicator_id
    and expected_by_increment.series = places.series
    and expected_by_increment.month = places.month
    and expected_by_increment.increment = places.increment
where places.rank_cumulative <> expected_by_cumulative.expected_rank
    or places.is_tied <> (expected_by_cumulative.holders > 1)
    or places.rank_increment <> expected_by_increment.expected_rank

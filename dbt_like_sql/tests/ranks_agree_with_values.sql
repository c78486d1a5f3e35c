-- A competition rank is one more than the number of départements with a higher value.
with rankings as (

    select
        indicator_id,
        series,
        month,
        row_number() over (order by indicator_id, series, month) as ranking
    from {{ ref('department_rankings') }}
    group by indicator_id, series, month

),

placed as (

    select
        rankings.ranking,
        places.month,
        places.indicator_id,
        places.series,
        places.department_code,
        places.cumulative_dwellings,
        places.rank_cumulative,
        places.is_tied,
        places.increment,
        places.rank_increment
    from {{ ref('department_rankings') }} as places
    inner join rankings
        on rankings.indicator_id = places.indicator_id
        and rankings.series = places.series
        and rankings.month = places.month

),

-- every value of a ranking once: there are far fewer than départements
cumulatives as (

    select
        ranking,
        cumulative_dwellings,
        count(*) as holders
    from placed
    group by ranking, cumulative_dwellings

),

increments as (

    select
        ranking,
        increment,
        count(*) as holders
    from placed
    where increment is not null
    group by ranking, increment

),

expected_by_cumulative as (

    select
        ranking,
        cumulative_dwellings,
        holders,
        1 + sum(holders) over (
            partition by ranking order by cumulative_dwellings desc
        ) - holders as expected_rank
    from cumulatives

),

expected_by_increment as (

    select
        ranking,
        increment,
        1 + sum(holders) over (
            partition by ranking order by increment desc
        ) - holders as expected_rank
    from increments

)

select
    placed.month,
    placed.indicator_id,
    placed.series,
    placed.department_code,
    placed.cumulative_dwellings,
    placed.rank_cumulative,
    expected_by_cumulative.expected_rank as expected_rank_cumulative,
    placed.is_tied,
    placed.increment,
    placed.rank_increment,
    expected_by_increment.expected_rank as expected_rank_increment
from placed
inner join expected_by_cumulative
    on expected_by_cumulative.ranking = placed.ranking
    and expected_by_cumulative.cumulative_dwellings = placed.cumulative_dwellings
left join expected_by_increment
    on expected_by_increment.ranking = placed.ranking
    and expected_by_increment.increment = placed.increment
where placed.rank_cumulative <> expected_by_cumulative.expected_rank
    or placed.is_tied <> (expected_by_cumulative.holders > 1)
    or placed.rank_increment <> expected_by_increment.expected_rank

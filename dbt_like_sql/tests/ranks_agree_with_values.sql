-- A place in a competition ranking holds one value, lower than that of the place before, and its
-- number is one more than the number of départements before it.
with ranks as (

    select
        indicator_id,
        series,
        month,
        'cumulative' as ranking,
        rank_cumulative as place,
        cumulative_dwellings as dwellings,
        is_tied
    from {{ ref('department_rankings') }}

    union all

    select
        indicator_id,
        series,
        month,
        'increment' as ranking,
        rank_increment as place,
        increment as dwellings,
        cast(null as boolean) as is_tied
    from {{ ref('department_rankings') }}
    where rank_increment is not null

),

places as (

    select
        indicator_id,
        series,
        month,
        ranking,
        place,
        count(*) as departments,
        min(dwellings) as lowest,
        max(dwellings) as highest,
        count(case when is_tied then 1 end) as tied,
        count(is_tied) as could_be_tied
    from ranks
    group by indicator_id, series, month, ranking, place

),

compared as (

    select
        *,
        sum(departments) over places_before - departments as departments_before,
        lag(lowest) over places_before as lowest_before
    from places
    window places_before as (partition by indicator_id, series, month, ranking order by place)

)

select
    month,
    indicator_id,
    series,
    ranking,
    place,
    departments,
    lowest,
    highest,
    departments_before,
    lowest_before,
    tied
from compared
where place <> departments_before + 1
    or lowest <> highest
    or highest >= lowest_before
    or tied <> case when departments > 1 then could_be_tied else 0 end

-- A competition rank is one more than the number of départements with a higher value.
with counted as (

    select
        month,
        indicator_id,
        series,
        department_code,
        cumulative_dwellings,
        rank_cumulative,
        is_tied,
        increment,
        rank_increment,
        count(*) over (
            partition by indicator_id, series, month order by cumulative_dwellings desc
        ) as as_high,
        count(*) over (
            partition by indicator_id, series, month, cumulative_dwellings
        ) as equal,
        count(increment) over (
            partition by indicator_id, series, month order by increment desc nulls last
        ) as increment_as_high,
        count(increment) over (
            partition by indicator_id, series, month, increment
        ) as increment_equal
    from {{ ref('department_rankings') }}

)

select *
from counted
where rank_cumulative <> as_high - equal + 1
    or is_tied <> (equal > 1)
    or rank_increment <> increment_as_high - increment_equal + 1

-- Where anything is ranked, somebody is first.
select
    month,
    indicator_id,
    series,
    min(rank_cumulative) as best_rank_cumulative,
    min(rank_increment) as best_rank_increment
from {{ ref('department_rankings') }}
group by month, indicator_id, series
having min(rank_cumulative) <> 1 or min(rank_increment) <> 1
    or (count(increment) > 0 and min(rank_increment) is null)

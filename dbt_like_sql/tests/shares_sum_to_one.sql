-- The shares of a month make one whole, unless there is nothing to share.
select
    month,
    indicator_id,
    series,
    sum(share_of_national) as shares
from {{ ref('department_rankings') }}
group by month, indicator_id, series
having sum(cumulative_dwellings) > 0
    and (count(share_of_national) < count(*) or abs(sum(share_of_national) - 1) > 1e-9)

-- Only départements with a figure are ranked, all of them are, with that figure, and only
-- increments have a rank among increments.
select
    coalesce(series.month, ranked.month) as month,
    coalesce(series.indicator_id, ranked.indicator_id) as indicator_id,
    coalesce(series.series, ranked.series) as series,
    coalesce(series.department_code, ranked.department_code) as department_code,
    series.cumulative_dwellings,
    ranked.rank_cumulative,
    ranked.increment,
    ranked.rank_increment
from {{ ref('series') }} as series
full outer join {{ ref('department_rankings') }} as ranked
    on ranked.indicator_id = series.indicator_id
    and ranked.series = series.series
    and ranked.month = series.month
    and ranked.department_code = series.department_code
where series.cumulative_dwellings is null
    or ranked.rank_cumulative is null
    or ranked.cumulative_dwellings <> series.cumulative_dwellings
    or (ranked.increment is null) <> (ranked.rank_increment is null)

-- Only départements with a figure are ranked, all of them are, with that figure, and only
-- increments have a rank among increments.
select
    coalesce(figures.month, rankings.month) as month,
    coalesce(figures.indicator_id, rankings.indicator_id) as indicator_id,
    coalesce(figures.series, rankings.series) as series,
    coalesce(figures.department_code, rankings.department_code) as department_code,
    figures.cumulative_dwellings,
    rankings.rank_cumulative,
    rankings.increment,
    rankings.rank_increment
from {{ ref('series') }} as figures
full outer join {{ ref('department_rankings') }} as rankings
    on rankings.indicator_id = figures.indicator_id
    and rankings.series = figures.series
    and rankings.month = figures.month
    and rankings.department_code = figures.department_code
where figures.cumulative_dwellings is null
    or rankings.rank_cumulative is null
    or rankings.cumulative_dwellings <> figures.cumulative_dwellings
    or (rankings.increment is null) <> (rankings.rank_increment is null)

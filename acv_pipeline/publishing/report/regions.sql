-- The regions in one month of one series: the sum of their départements, what it added since when, and
-- its rank among the regions whose sum is complete.
select
    totals.territory_code as region_code,
    totals.cumulative_dwellings,
    totals.previous_month,
    totals.months_elapsed,
    totals.increment,
    totals.is_complete,
    totals.is_break,
    case when totals.is_complete then rank() over (
        partition by totals.is_complete order by totals.cumulative_dwellings desc
    ) end as rank,
    totals.is_complete and count(*) over (
        partition by totals.is_complete, totals.cumulative_dwellings
    ) > 1 as is_tied,
    totals.month
from marts.territory_totals as totals
where
    totals.indicator_id = $indicator
    and totals.series = $series
    and totals.level = 'region'
    and totals.month = $month
order by totals.is_complete desc, totals.cumulative_dwellings desc, totals.territory_code

-- Every figure of one series (of one month, if $month is given): its rank, what it added since when,
-- and why it fell if it fell.
select
    rankings.month,
    rankings.department_code,
    rankings.cumulative_dwellings,
    increments.previous_month,
    increments.months_elapsed,
    rankings.increment,
    rankings.rank_cumulative as rank,
    rankings.rank_cumulative_change as rank_change,
    rankings.is_tied,
    rankings.share_of_national as share,
    rankings.dwellings_per_10k_inhabitants as rate,
    rankings.is_corrected,
    rankings.is_break,
    decreases.explanation as fall,
    decreases.reason as fall_reason
from marts.department_rankings as rankings
join marts.monthly_increments as increments
    on increments.indicator_id = rankings.indicator_id
    and increments.series = rankings.series
    and increments.month = rankings.month
    and increments.department_code = rankings.department_code
left join marts.decreases as decreases
    on decreases.indicator_id = rankings.indicator_id
    and decreases.series = rankings.series
    and decreases.month = rankings.month
    and decreases.department_code = rankings.department_code
where
    rankings.indicator_id = $indicator
    and rankings.series = $series
    and rankings.month = coalesce($month, rankings.month)
order by rankings.month, rankings.rank_cumulative, rankings.department_code

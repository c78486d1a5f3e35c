-- Published regional and national totals against the sum of the published départements.
select
    level,
    count(*) as compared,
    count(*) filter (difference <> 0) as different
from marts.reconciliation
where indicator_id = $indicator and basis = 'published_departments' and is_complete
group by level
order by level

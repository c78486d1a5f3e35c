-- Published regional and national totals against the sum of the published départements.
-- Not of months of the reference that are held, as in the release.
with {% include 'comparable.sql' %}

select
    level,
    count(*) as compared,
    count(*) filter (difference <> 0) as different
from comparable
where indicator_id = $indicator and basis = 'published_departments' and is_complete
group by level
order by level

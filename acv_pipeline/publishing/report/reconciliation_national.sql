-- Published national totals that are not the sum of the published départements, the latest first.
-- Not of months of the reference that are held, as in the release.
with {% include 'comparable.sql' %}

select month, computed, published, difference
from comparable
where
    indicator_id = $indicator and basis = 'published_departments' and is_complete
    and level = 'national' and difference <> 0
order by month desc

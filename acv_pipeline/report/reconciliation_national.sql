-- Published national totals that are not the sum of the published départements, the latest first.
select month, computed, published, difference
from marts.reconciliation
where
    indicator_id = $indicator and basis = 'published_departments' and is_complete
    and level = 'national' and difference <> 0
order by month desc

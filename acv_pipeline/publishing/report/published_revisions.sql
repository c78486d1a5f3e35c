-- What later releases changed in published national and regional rows, the latest first.
-- Not of months of the reference that are held, as in the release.
with {% include 'comparable.sql' %}

select
    revised_on,
    level,
    month,
    kind,
    count(*) as territories,
    cast(sum(old_value) as bigint) as old_value,
    cast(sum(new_value) as bigint) as new_value
from marts.published_revisions
where
    indicator_id = $indicator
    and month not in (select held.month from held where held.indicator_id = $indicator)
group by revised_on, level, month, kind
order by revised_on desc, level, month desc, kind

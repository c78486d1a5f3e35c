-- One row per indicator_id, level, territory_code, month, revised_on.
select
    indicator_id,
    level,
    territory_code,
    month,
    revised_on,
    count(*) as occurrences
from {{ ref('published_revisions') }}
group by indicator_id, level, territory_code, month, revised_on
having count(*) > 1

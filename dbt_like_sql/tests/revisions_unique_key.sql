-- One row per indicator_id, source, month, department_code, revised_on.
select
    indicator_id,
    source,
    month,
    department_code,
    revised_on,
    count(*) as occurrences
from {{ ref('revisions') }}
group by indicator_id, source, month, department_code, revised_on
having count(*) > 1

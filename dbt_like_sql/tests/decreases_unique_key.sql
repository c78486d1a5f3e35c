-- One row per indicator_id, series, month, department_code.
select
    indicator_id,
    series,
    month,
    department_code,
    count(*) as occurrences
from {{ ref('decreases') }}
group by indicator_id, series, month, department_code
having count(*) > 1

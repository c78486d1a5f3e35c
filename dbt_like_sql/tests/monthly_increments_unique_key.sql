-- One row per indicator_id, series, month, department_code.
select
    indicator_id,
    series,
    month,
    department_code,
    count(*) as occurrences
from {{ ref('monthly_increments') }}
group by indicator_id, series, month, department_code
having count(*) > 1

-- The figures in force at the end of a day.
select
    indicator_id,
    source,
    month,
    department_code,
    cumulative_dwellings,
    delivery_id,
    row_number,
    is_corrected
from {{ source('validated', 'observations') }}
where valid_from <= {{ as_of }}
    and (valid_to is null or valid_to > {{ as_of }})

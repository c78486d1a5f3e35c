select
    indicator_id,
    source,
    month,
    department_code,
    cumulative_dwellings,
    delivery_id,
    row_number,
    is_corrected
from validated.observations
where valid_to is null

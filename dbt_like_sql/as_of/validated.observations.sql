-- The figures accepted up to a day; what ended later was still in force.
select
    indicator_id,
    source,
    month,
    department_code,
    cumulative_dwellings,
    delivery_id,
    row_number,
    valid_from,
    case when valid_to <= {{ as_of }} then valid_to end as valid_to,
    case when valid_to <= {{ as_of }} then closed_by end as closed_by,
    case when valid_to <= {{ as_of }} then change end as change,
    is_corrected
from {{ source('validated', 'observations') }}
where valid_from <= {{ as_of }}

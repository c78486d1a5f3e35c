-- One row per indicator_id, basis, month, level, territory_code.
select
    indicator_id,
    basis,
    month,
    level,
    territory_code,
    count(*) as occurrences
from {{ ref('reconciliation') }}
group by indicator_id, basis, month, level, territory_code
having count(*) > 1

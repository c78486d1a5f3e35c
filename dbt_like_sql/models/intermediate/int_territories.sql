-- The territories that a département is part of.
select department_code, 'region' as level, region_code as territory_code
from {{ ref('departments') }}

union all

select department_code, 'national' as level, 'FR' as territory_code
from {{ ref('departments') }}

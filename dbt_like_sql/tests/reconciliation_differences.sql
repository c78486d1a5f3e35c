{{ config(severity='warn') }}

-- What is published is not what its parts add up to.
select *
from {{ ref('reconciliation') }}
where difference <> 0

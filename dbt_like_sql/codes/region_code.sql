select region_code from {{ ref('departments') }}

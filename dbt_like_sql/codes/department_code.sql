-- Also those that figures are on record of and nobody knows: a check says so, and must be able to.
select department_code from {{ ref('departments') }}
union all
select department_code from {{ source('validated', 'observations') }}

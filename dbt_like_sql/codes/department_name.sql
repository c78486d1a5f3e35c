select department_name from {{ ref('departments') }}

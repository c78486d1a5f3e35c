{{ config(severity='warn') }}

-- A cumulative figure fell, and nobody knows why.
select
    month,
    indicator_id,
    series,
    department_code,
    previous_month,
    increment
from {{ ref('decreases') }}
where explanation = 'unexplained'

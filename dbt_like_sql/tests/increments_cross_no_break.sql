-- Increments that start before what is counted changed: they would hold the whole cumulative of a
-- partner that joined, or of a perimeter that moved, not one month's work.
with changes as (

    select indicator_id, first_month as month, source as what, 1 as of_total
    from {{ source('contract', 'components') }}
    union all
    select indicator_id, month, reason_en as what, 0 as of_total
    from {{ source('contract', 'breaks') }}

)

select
    increments.month,
    increments.indicator_id,
    increments.series,
    changes.what,
    count(*) as departments,
    sum(increments.increment) as dwellings
from {{ ref('monthly_increments') }} as increments
inner join changes
    on changes.indicator_id = increments.indicator_id
    and changes.month > increments.previous_month
    and changes.month <= increments.month
where increments.series = 'total' or changes.of_total = 0
group by increments.month, increments.indicator_id, increments.series, changes.what

-- Increments of the total that start before a partner was counted: they would hold that partner's
-- whole cumulative, not one month's work.
select
    increments.month,
    increments.indicator_id,
    components.source as new_partner,
    count(*) as departments,
    sum(increments.increment) as dwellings
from {{ ref('monthly_increments') }} as increments
inner join {{ source('contract', 'components') }} as components
    on components.indicator_id = increments.indicator_id
    and components.first_month > increments.previous_month
    and components.first_month <= increments.month
where increments.series = 'total'
group by increments.month, increments.indicator_id, components.source

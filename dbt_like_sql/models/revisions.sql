-- Every change of a figure in force, day by day: what was believed until then, and what is
-- believed at the end of the day. Figures that came and went within one day were never believed.
with believed as (

    select *
    from {{ source('validated', 'observations') }}
    where valid_to is null or valid_to > valid_from

),

changes as (

    select
        earlier.indicator_id,
        earlier.source,
        earlier.month,
        earlier.department_code,
        earlier.valid_to as revised_on,
        earlier.cumulative_dwellings as old_value,
        later.cumulative_dwellings as new_value,
        earlier.delivery_id as old_delivery_id,
        coalesce(later.delivery_id, earlier.closed_by) as new_delivery_id,
        earlier.change
    from believed as earlier
    left join believed as later
        on later.indicator_id = earlier.indicator_id
        and later.source = earlier.source
        and later.month = earlier.month
        and later.department_code = earlier.department_code
        and later.valid_from = earlier.valid_to
    where earlier.valid_to is not null
        and later.cumulative_dwellings is distinct from earlier.cumulative_dwellings

),

-- The month was held in a delivery received from the one that brought the old figure up to the
-- change: the old figure itself, the new one, or one in between was doubted.
doubted as (

    select distinct
        changes.indicator_id,
        changes.source,
        changes.month,
        changes.old_delivery_id,
        changes.revised_on
    from changes
    inner join {{ source('raw', 'deliveries') }} as old_delivery
        on old_delivery.delivery_id = changes.old_delivery_id
    inner join {{ source('validated', 'held_months') }} as held_months
        on held_months.indicator_id = changes.indicator_id
        and held_months.source = changes.source
        and held_months.month = changes.month
    inner join {{ source('raw', 'deliveries') }} as held_delivery
        on held_delivery.delivery_id = held_months.delivery_id
        and held_delivery.delivered_on between old_delivery.delivered_on and changes.revised_on

)

select
    changes.indicator_id,
    changes.source,
    changes.month,
    changes.department_code,
    changes.revised_on,
    changes.old_value,
    changes.new_value,
    changes.old_delivery_id,
    changes.new_delivery_id,
    case
        when changes.new_value is null and panel.department_code is null then 'perimeter'
        when changes.new_value is null then 'withdrawn'
        when changes.change = 'corrected' or doubted.month is not null then 'correction'
        else 'routine'
    end as kind,
    cast(sum(coalesce(changes.new_value, 0) - changes.old_value) over (
        partition by changes.indicator_id, changes.source, changes.month, changes.revised_on
    ) as bigint) as national_effect
from changes
left join doubted
    on doubted.indicator_id = changes.indicator_id
    and doubted.source = changes.source
    and doubted.month = changes.month
    and doubted.old_delivery_id = changes.old_delivery_id
    and doubted.revised_on = changes.revised_on
left join {{ source('contract', 'panel') }} as panel
    on panel.indicator_id = changes.indicator_id
    and panel.department_code = changes.department_code

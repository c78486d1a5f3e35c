-- The deliveries that carry published totals, each with the one that followed it. Of several on
-- one day the one made last counts.
with carried as (

    select distinct
        indicator_id,
        level,
        delivery_id
    from {{ source('validated', 'published_totals') }}

),

numbered as (

    select
        carried.indicator_id,
        carried.level,
        carried.delivery_id,
        deliveries.delivered_on,
        row_number() over (
            partition by carried.indicator_id, carried.level, deliveries.delivered_on
            order by
                deliveries.made_at desc nulls last,
                deliveries.file_name desc,
                carried.delivery_id desc
        ) as place_in_day
    from carried
    inner join {{ source('raw', 'deliveries') }} as deliveries
        on deliveries.delivery_id = carried.delivery_id

)

select
    indicator_id,
    level,
    delivery_id,
    lead(delivery_id) over releases as next_delivery_id,
    lead(delivered_on) over releases as next_delivered_on
from numbered
where place_in_day = 1
window releases as (partition by indicator_id, level order by delivered_on)

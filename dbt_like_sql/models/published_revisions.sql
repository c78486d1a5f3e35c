-- What each release changed in the regional and national rows of the one before it, and which
-- rows it dropped. Of several deliveries in a day the last one counts.
with ordered as (

    select
        carried.indicator_id,
        carried.level,
        carried.delivery_id,
        deliveries.delivered_on,
        row_number() over (
            partition by carried.indicator_id, carried.level, deliveries.delivered_on
            order by deliveries.file_name desc, carried.delivery_id desc
        ) as place_in_day
    from (
        select distinct indicator_id, level, delivery_id
        from {{ source('validated', 'published_totals') }}
    ) as carried
    inner join {{ source('raw', 'deliveries') }} as deliveries
        on deliveries.delivery_id = carried.delivery_id

),

followed as (

    select
        indicator_id,
        level,
        delivery_id,
        lead(delivery_id) over (
            partition by indicator_id, level order by delivered_on
        ) as next_delivery_id,
        lead(delivered_on) over (
            partition by indicator_id, level order by delivered_on
        ) as revised_on
    from ordered
    where place_in_day = 1

)

select
    earlier.indicator_id,
    earlier.level,
    earlier.territory_code,
    earlier.month,
    followed.revised_on,
    earlier.value as old_value,
    later.value as new_value,
    followed.delivery_id as old_delivery_id,
    followed.next_delivery_id as new_delivery_id,
    case when later.value is null then 'withdrawn' else 'routine' end as kind
from followed
inner join {{ source('validated', 'published_totals') }} as earlier
    on earlier.indicator_id = followed.indicator_id
    and earlier.level = followed.level
    and earlier.delivery_id = followed.delivery_id
left join {{ source('validated', 'published_totals') }} as later
    on later.indicator_id = followed.indicator_id
    and later.level = followed.level
    and later.delivery_id = followed.next_delivery_id
    and later.territory_code = earlier.territory_code
    and later.month = earlier.month
where followed.next_delivery_id is not null
    and (later.value is null or later.value <> earlier.value)

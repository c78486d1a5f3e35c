-- What each release changed in the regional and national rows of the one before it, and which
-- rows it dropped.
select
    earlier.indicator_id,
    earlier.level,
    earlier.territory_code,
    earlier.month,
    releases.next_delivered_on as revised_on,
    earlier.value as old_value,
    later.value as new_value,
    releases.delivery_id as old_delivery_id,
    releases.next_delivery_id as new_delivery_id,
    case when later.value is null then 'withdrawn' else 'routine' end as kind
from {{ ref('int_releases') }} as releases
inner join {{ source('validated', 'published_totals') }} as earlier
    on earlier.indicator_id = releases.indicator_id
    and earlier.level = releases.level
    and earlier.delivery_id = releases.delivery_id
left join {{ source('validated', 'published_totals') }} as later
    on later.indicator_id = earlier.indicator_id
    and later.level = earlier.level
    and later.delivery_id = releases.next_delivery_id
    and later.territory_code = earlier.territory_code
    and later.month = earlier.month
where releases.next_delivery_id is not null
    and later.value is distinct from earlier.value

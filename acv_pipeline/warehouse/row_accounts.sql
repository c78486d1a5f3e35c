with counted as (
    select
        counts.delivery_id,
        counts.rows,
        case
            when counts.fate <> 'figure' then counts.fate
            when counts.level = 'department' and verdicts.verdict is null then 'waiting'
            when coalesce(verdicts.status, '') in ('', 'signed_off')
                and (counts.level <> 'department' or verdicts.verdict is not null) then 'validated'
            when verdicts.status in ('held', 'superseded') then 'held'
        end as fate
    from raw.row_counts as counts
    left join validated.verdicts as verdicts
        on verdicts.delivery_id = counts.delivery_id
        and verdicts.indicator_id = counts.indicator_id
        and verdicts.month = counts.month
        and counts.level = 'department'
)
select
    deliveries.delivery_id,
    deliveries.source,
    deliveries.row_count as received,
    cast(coalesce(sum(counted.rows) filter (where counted.fate = 'waiting'), 0) as bigint) as waiting,
    cast(coalesce(sum(counted.rows) filter (where counted.fate = 'validated'), 0) as bigint) as validated,
    cast(coalesce(sum(counted.rows) filter (where counted.fate = 'quarantined'), 0) as bigint) as quarantined,
    cast(coalesce(sum(counted.rows) filter (where counted.fate = 'held'), 0) as bigint) as held,
    cast(coalesce(sum(counted.rows) filter (where counted.fate = 'control'), 0) as bigint) as control,
    cast(coalesce(sum(counted.rows) filter (where counted.fate = 'set_aside'), 0) as bigint) as set_aside
from raw.deliveries as deliveries
left join counted on counted.delivery_id = deliveries.delivery_id
group by deliveries.delivery_id, deliveries.source, deliveries.row_count

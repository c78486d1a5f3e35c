select
    deliveries.delivery_id,
    deliveries.source,
    deliveries.row_count as received,
    count(*) filter (
        where rows.fate = 'figure' and rows.level = 'department' and verdicts.verdict is null
    ) as waiting,
    count(*) filter (
        where rows.fate = 'figure'
            and (rows.level <> 'department' or verdicts.verdict is not null)
            and coalesce(verdicts.status, '') in ('', 'signed_off')
    ) as validated,
    count(*) filter (where rows.fate = 'quarantined') as quarantined,
    count(*) filter (where rows.fate = 'figure' and verdicts.status in ('held', 'superseded')) as held,
    count(*) filter (where rows.fate = 'control') as control,
    count(*) filter (where rows.fate = 'set_aside') as set_aside
from raw.deliveries as deliveries
left join raw.tidy_rows as rows on rows.delivery_id = deliveries.delivery_id
left join validated.verdicts as verdicts
    on verdicts.delivery_id = rows.delivery_id
    and verdicts.indicator_id = rows.indicator_id
    and verdicts.month = rows.month
    and rows.level = 'department'
group by deliveries.delivery_id, deliveries.source, deliveries.row_count

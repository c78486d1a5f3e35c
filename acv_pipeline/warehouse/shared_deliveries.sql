with shared as (
    select sightings.*, deliveries.source as counts_for
    from raw.sightings as sightings
    join raw.deliveries as deliveries on deliveries.delivery_id = sightings.delivery_id
    where sightings.source <> deliveries.source
)
select
    shared.delivery_id,
    shared.source,
    shared.delivered_on,
    shared.file_name,
    shared.counts_for,
    months.month,
    exists (
        select 1
        from raw.deliveries as own
        join raw.row_counts as rows on rows.delivery_id = own.delivery_id
        where own.source = shared.source
            and own.delivered_on >= shared.delivered_on
            and rows.fate = 'figure'
            and (rows.month = months.month or months.month is null)
    ) as is_settled
from shared
left join (
    select distinct delivery_id, month
    from raw.row_counts
    where fate in ('figure', 'quarantined') and month is not null
        and delivery_id in (select delivery_id from shared)
) as months
    on months.delivery_id = shared.delivery_id

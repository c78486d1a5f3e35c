select
    sightings.delivery_id,
    sightings.source,
    sightings.delivered_on,
    sightings.file_name,
    deliveries.source as counts_for,
    months.month,
    exists (
        select 1
        from raw.deliveries as own
        join raw.tidy_rows as rows on rows.delivery_id = own.delivery_id
        where own.source = sightings.source
            and own.delivered_on >= sightings.delivered_on
            and rows.fate = 'figure'
            and (rows.month = months.month or months.month is null)
    ) as is_settled
from raw.sightings as sightings
join raw.deliveries as deliveries on deliveries.delivery_id = sightings.delivery_id
left join (
    select distinct delivery_id, month
    from raw.tidy_rows
    where fate in ('figure', 'quarantined') and month is not null
) as months
    on months.delivery_id = sightings.delivery_id
where sightings.source <> deliveries.source

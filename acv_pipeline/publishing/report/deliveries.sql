-- What each source sent: files by what became of them, and the fate of every row.
select
    deliveries.source,
    count(*) as files,
    count(*) filter (deliveries.status = 'loaded') as loaded,
    count(*) filter (deliveries.status = 'partial') as partly_loaded,
    count(*) filter (deliveries.status = 'held') as held_files,
    count(*) filter (deliveries.status = 'refused') as refused,
    count(*) filter (deliveries.status = 'duplicate') as duplicates,
    min(deliveries.delivered_on) as first_received,
    max(deliveries.delivered_on) as last_received,
    cast(sum(coalesce(accounts.received, 0)) as bigint) as received,
    cast(sum(coalesce(accounts.validated, 0)) as bigint) as validated,
    cast(sum(coalesce(accounts.quarantined, 0)) as bigint) as quarantined,
    cast(sum(coalesce(accounts.held, 0)) as bigint) as held,
    cast(sum(coalesce(accounts.control, 0)) as bigint) as control,
    cast(sum(coalesce(accounts.set_aside, 0)) as bigint) as set_aside,
    cast(sum(coalesce(accounts.waiting, 0)) as bigint) as waiting
from raw.deliveries as deliveries
left join validated.row_accounts as accounts on accounts.delivery_id = deliveries.delivery_id
group by deliveries.source
order by deliveries.source

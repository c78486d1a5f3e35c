-- The files behind the figures in force of some sources: how many, how many bear a mark in their
-- name, and when the last of them was received.
select
    count(*) as files,
    count(*) filter (contains(deliveries.file_name, $mark)) as marked,
    max(deliveries.delivered_on) as last_received
from raw.deliveries as deliveries
where deliveries.delivery_id in (
    select delivery_id
    from validated.dwellings
    where indicator_id = $indicator and list_contains($sources, source)
)

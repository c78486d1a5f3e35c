-- Months that a blocking rule stopped, the latest first: which delivery, why, and what became of it.
select
    held.month,
    held.source,
    held.status,
    held.check_name as rules,
    held.evidence,
    deliveries.file_name,
    deliveries.delivered_on,
    held.signed_off_by,
    held.reason
from validated.held_months as held
join raw.deliveries as deliveries on deliveries.delivery_id = held.delivery_id
where held.indicator_id = $indicator
order by held.month desc, deliveries.delivered_on desc, held.source, deliveries.file_name

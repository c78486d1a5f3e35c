-- Files that could not be used, the latest first.
select source, file_name, delivered_on, reason, reason_fr
from raw.deliveries
where status = 'refused'
order by delivered_on desc, source, file_name

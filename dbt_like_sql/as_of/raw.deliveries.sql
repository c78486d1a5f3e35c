-- The deliveries received up to a day, and so the months held and the totals published with them.
select *
from {{ source('raw', 'deliveries') }}
where delivered_on <= {{ as_of }}

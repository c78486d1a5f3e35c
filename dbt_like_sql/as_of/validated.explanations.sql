-- What people had said of decreases by the end of a day.
select *
from {{ source('validated', 'explanations') }}
where cast(said_at as date) <= {{ as_of }}

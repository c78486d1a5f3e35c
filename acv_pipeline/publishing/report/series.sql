-- Which series have figures, per indicator.
select indicator_id, series
from marts.series
group by indicator_id, series

select delivery_id, indicator_id, month, level, fate, count(*) as rows
from raw.tidy_rows
group by all

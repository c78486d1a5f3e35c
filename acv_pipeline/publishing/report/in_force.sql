-- Which source has figures in force for which month.
select source, month
from validated.dwellings
where indicator_id = $indicator
group by source, month
order by month, source

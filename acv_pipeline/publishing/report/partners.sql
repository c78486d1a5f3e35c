-- The total split by partner: in each month, over the départements that have a total.
select
    total.month,
    sources.source,
    cast(sum(part.cumulative_dwellings) as bigint) as cumulative_dwellings
from marts.series as total
join contract.components as components
    on components.indicator_id = total.indicator_id
    and components.first_month <= total.month
join contract.sources as sources on sources.source = components.source
join marts.series as part
    on part.indicator_id = total.indicator_id
    and part.series = sources.series
    and part.month = total.month
    and part.department_code = total.department_code
where total.indicator_id = $indicator and total.series = 'total'
group by total.month, sources.source
order by total.month, sources.source

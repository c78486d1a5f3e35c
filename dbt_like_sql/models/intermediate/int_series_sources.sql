-- Which sources a series is made of: its own, or, for the total, the partners of the contract.
select
    indicators.indicator_id,
    sources.series,
    sources.source,
    sources.series as source_series,
    cast(null as date) as first_month
from {{ source('contract', 'sources') }} as sources
cross join {{ source('contract', 'indicators') }} as indicators

union all

select
    components.indicator_id,
    'total' as series,
    components.source,
    sources.series as source_series,
    components.first_month
from {{ source('contract', 'components') }} as components
inner join {{ source('contract', 'sources') }} as sources
    on sources.source = components.source

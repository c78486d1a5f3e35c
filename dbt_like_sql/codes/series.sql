select series from {{ source('contract', 'sources') }}
union all
select 'total' as series

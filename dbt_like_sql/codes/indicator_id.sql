-- Also those that are on record though the contract no longer has them.
select indicator_id from {{ source('contract', 'indicators') }}
union all
select indicator_id from {{ source('validated', 'observations') }}
union all
select indicator_id from {{ source('validated', 'published_totals') }}

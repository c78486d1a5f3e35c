-- Computed against published, wherever both exist. Published regional and national rows are those
-- of the latest delivery that carries them. They face the sum of the published départements in
-- force (of the published regions, in months that were published without départements), and, like
-- the published départements, the sum of the partners.
with releases as (

    select
        totals.indicator_id,
        totals.month,
        totals.level,
        totals.territory_code,
        totals.value as published
    from {{ source('validated', 'published_totals') }} as totals
    inner join {{ ref('int_releases') }} as releases
        on releases.indicator_id = totals.indicator_id
        and releases.level = totals.level
        and releases.delivery_id = totals.delivery_id
    where releases.next_delivery_id is null

),

published as (

    select * from releases

    union all

    select
        indicator_id,
        month,
        'department' as level,
        department_code as territory_code,
        cumulative_dwellings as published
    from {{ ref('series') }}
    where series = 'published'

),

regions as (

    select
        panel.indicator_id,
        count(distinct territories.territory_code) as expected
    from {{ source('contract', 'panel') }} as panel
    inner join {{ ref('int_territories') }} as territories
        on territories.department_code = panel.department_code
    where territories.level = 'region'
    group by panel.indicator_id

),

computed as (

    select
        indicator_id,
        case when series = 'total' then 'partners' else 'published_departments' end as basis,
        month,
        level,
        territory_code,
        cumulative_dwellings as computed,
        is_complete
    from {{ ref('territory_totals') }}
    where series in ('total', 'published')

    union all

    select
        indicator_id,
        'partners' as basis,
        month,
        'department' as level,
        department_code as territory_code,
        cumulative_dwellings as computed,
        true as is_complete
    from {{ ref('series') }}
    where series = 'total'

    union all

    select
        releases.indicator_id,
        'published_regions' as basis,
        releases.month,
        'national' as level,
        'FR' as territory_code,
        cast(sum(releases.published) as bigint) as computed,
        count(*) >= max(regions.expected) as is_complete
    from releases
    inner join regions
        on regions.indicator_id = releases.indicator_id
    left join {{ ref('territory_totals') }} as totals
        on totals.indicator_id = releases.indicator_id
        and totals.series = 'published'
        and totals.level = 'national'
        and totals.month = releases.month
    where releases.level = 'region' and totals.month is null
    group by releases.indicator_id, releases.month

)

select
    computed.indicator_id,
    computed.basis,
    computed.month,
    computed.level,
    computed.territory_code,
    computed.computed,
    published.published,
    computed.computed - published.published as difference,
    computed.is_complete
from computed
inner join published
    on published.indicator_id = computed.indicator_id
    and published.month = computed.month
    and published.level = computed.level
    and published.territory_code = computed.territory_code

-- Computed against published, wherever both exist. Published regional and national rows are those
-- of the latest delivery that carries them. They face the sum of the published départements in
-- force (of the published regions, in months that were published without départements), and, like
-- the published départements, the sum of the partners.
with latest as (

    select
        carried.indicator_id,
        carried.level,
        carried.delivery_id,
        row_number() over (
            partition by carried.indicator_id, carried.level
            order by
                deliveries.delivered_on desc,
                deliveries.file_name desc,
                carried.delivery_id desc
        ) as place
    from (
        select distinct indicator_id, level, delivery_id
        from {{ source('validated', 'published_totals') }}
    ) as carried
    inner join {{ source('raw', 'deliveries') }} as deliveries
        on deliveries.delivery_id = carried.delivery_id

),

published_rows as (

    select
        totals.indicator_id,
        totals.month,
        totals.level,
        totals.territory_code,
        totals.value as published
    from {{ source('validated', 'published_totals') }} as totals
    inner join latest
        on latest.indicator_id = totals.indicator_id
        and latest.level = totals.level
        and latest.delivery_id = totals.delivery_id
    where latest.place = 1

),

published as (

    select indicator_id, month, level, territory_code, published from published_rows
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
        count(distinct departments.region_code) as expected
    from {{ source('contract', 'panel') }} as panel
    inner join {{ ref('departments') }} as departments
        on departments.department_code = panel.department_code
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
        published_rows.indicator_id,
        'published_regions' as basis,
        published_rows.month,
        'national' as level,
        'FR' as territory_code,
        cast(sum(published_rows.published) as bigint) as computed,
        count(*) >= max(regions.expected) as is_complete
    from published_rows
    inner join regions
        on regions.indicator_id = published_rows.indicator_id
    left join {{ ref('territory_totals') }} as totals
        on totals.indicator_id = published_rows.indicator_id
        and totals.series = 'published'
        and totals.level = 'national'
        and totals.month = published_rows.month
    where published_rows.level = 'region' and totals.month is null
    group by published_rows.indicator_id, published_rows.month

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

-- Sums over regions and the country. A sum is complete when every département the panel expects
-- there has a figure. An increment between sums over different départements would be no
-- increment: a territory has one when each of its expected départements has one, all counted
-- from the same previous month.
with regions as (

    select
        increments.indicator_id,
        increments.series,
        departments.region_code,
        increments.month,
        sum(increments.cumulative_dwellings) as cumulative_dwellings,
        sum(increments.increment) as increment,
        min(increments.previous_month) as previous_month,
        max(increments.previous_month) as last_previous_month,
        min(increments.months_elapsed) as months_elapsed,
        count(panel.department_code) as departments_expected,
        count(increments.increment) as departments_with_increment,
        count(*) as departments
    from {{ ref('monthly_increments') }} as increments
    inner join {{ ref('departments') }} as departments
        on departments.department_code = increments.department_code
    left join {{ source('contract', 'panel') }} as panel
        on panel.indicator_id = increments.indicator_id
        and panel.department_code = increments.department_code
    group by
        increments.indicator_id,
        increments.series,
        departments.region_code,
        increments.month

),

in_territories as (

    select 'region' as level, region_code as territory_code, regions.* from regions
    union all
    select 'national' as level, 'FR' as territory_code, regions.* from regions

),

expected as (

    select
        panel.indicator_id,
        'region' as level,
        departments.region_code as territory_code,
        count(*) as departments
    from {{ source('contract', 'panel') }} as panel
    inner join {{ ref('departments') }} as departments
        on departments.department_code = panel.department_code
    group by panel.indicator_id, departments.region_code
    union all
    select
        indicator_id,
        'national' as level,
        'FR' as territory_code,
        count(*) as departments
    from {{ source('contract', 'panel') }}
    group by indicator_id

),

sums as (

    select
        in_territories.indicator_id,
        in_territories.series,
        in_territories.level,
        in_territories.territory_code,
        in_territories.month,
        cast(sum(in_territories.cumulative_dwellings) as bigint) as cumulative_dwellings,
        cast(sum(in_territories.increment) as bigint) as increment,
        min(in_territories.previous_month) as previous_month,
        min(in_territories.months_elapsed) as months_elapsed,
        sum(in_territories.departments_expected) = expected.departments as is_complete,
        min(in_territories.previous_month) = max(in_territories.last_previous_month)
            and sum(in_territories.departments_with_increment) = sum(in_territories.departments)
            as is_comparable
    from in_territories
    inner join expected
        on expected.indicator_id = in_territories.indicator_id
        and expected.level = in_territories.level
        and expected.territory_code = in_territories.territory_code
    group by
        in_territories.indicator_id,
        in_territories.series,
        in_territories.level,
        in_territories.territory_code,
        in_territories.month,
        expected.departments

)

select
    indicator_id,
    series,
    level,
    territory_code,
    month,
    cumulative_dwellings,
    case when is_complete and is_comparable then previous_month end as previous_month,
    case when is_complete and is_comparable then months_elapsed end as months_elapsed,
    case when is_complete and is_comparable then increment end as increment,
    is_complete
from sums

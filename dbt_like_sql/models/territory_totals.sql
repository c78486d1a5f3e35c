-- Sums over regions and the country. A sum is complete when every département the panel expects
-- there has a figure. An increment between sums over different départements would be no
-- increment: a territory has one when each of its expected départements has one, all counted
-- from the same previous month. Where none is expected (all of them may have no figure), what
-- there is makes the sum.
with expected as (

    select
        panel.indicator_id,
        territories.level,
        territories.territory_code,
        count(*) as departments
    from {{ source('contract', 'panel') }} as panel
    inner join {{ ref('int_territories') }} as territories
        on territories.department_code = panel.department_code
    group by panel.indicator_id, territories.level, territories.territory_code

),

sums as (

    select
        increments.indicator_id,
        increments.series,
        territories.level,
        territories.territory_code,
        increments.month,
        cast(sum(increments.cumulative_dwellings) as bigint) as cumulative_dwellings,
        cast(sum(increments.increment) as bigint) as increment,
        min(increments.previous_month) as previous_month,
        min(increments.months_elapsed) as months_elapsed,
        count(panel.department_code) as departments_expected,
        count(increments.increment) = count(*)
            and min(increments.previous_month) = max(increments.previous_month)
            as is_comparable,
        -- one that follows the break later than the others is no break of the territory
        max(case when increments.is_break then 1 else 0 end) = 1
            and count(increments.previous_month) = 0 as is_break
    from {{ ref('monthly_increments') }} as increments
    inner join {{ ref('int_territories') }} as territories
        on territories.department_code = increments.department_code
    left join {{ source('contract', 'panel') }} as panel
        on panel.indicator_id = increments.indicator_id
        and panel.department_code = increments.department_code
    group by
        increments.indicator_id,
        increments.series,
        territories.level,
        territories.territory_code,
        increments.month

),

judged as (

    select
        sums.*,
        sums.departments_expected = coalesce(expected.departments, 0) as is_complete,
        sums.departments_expected = coalesce(expected.departments, 0)
            and sums.is_comparable as has_increment
    from sums
    left join expected
        on expected.indicator_id = sums.indicator_id
        and expected.level = sums.level
        and expected.territory_code = sums.territory_code

)

select
    indicator_id,
    series,
    level,
    territory_code,
    month,
    cumulative_dwellings,
    case when has_increment then previous_month end as previous_month,
    case when has_increment then months_elapsed end as months_elapsed,
    case when has_increment then increment end as increment,
    is_complete,
    is_break
from judged

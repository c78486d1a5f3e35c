-- The total is the sum of the partners counted that month, there and only there where each of
-- them has a figure.
with partners as (

    select
        figures.indicator_id,
        figures.month,
        figures.department_code,
        sum(figures.cumulative_dwellings) as dwellings,
        count(*) as partners
    from {{ ref('series') }} as figures
    inner join {{ source('contract', 'sources') }} as sources
        on sources.series = figures.series
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = figures.indicator_id
        and components.source = sources.source
        and components.first_month <= figures.month
    group by figures.indicator_id, figures.month, figures.department_code

),

complete as (

    select
        partners.indicator_id,
        partners.month,
        partners.department_code,
        partners.dwellings
    from partners
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = partners.indicator_id
        and components.first_month <= partners.month
    group by
        partners.indicator_id,
        partners.month,
        partners.department_code,
        partners.dwellings,
        partners.partners
    having count(*) = partners.partners

),

totals as (

    select indicator_id, month, department_code, cumulative_dwellings
    from {{ ref('series') }}
    where series = 'total'

)

select
    coalesce(totals.month, complete.month) as month,
    coalesce(totals.indicator_id, complete.indicator_id) as indicator_id,
    coalesce(totals.department_code, complete.department_code) as department_code,
    totals.cumulative_dwellings as total,
    complete.dwellings as sum_of_partners
from totals
full outer join complete
    on complete.indicator_id = totals.indicator_id
    and complete.month = totals.month
    and complete.department_code = totals.department_code
where totals.cumulative_dwellings is null
    or complete.dwellings is null
    or totals.cumulative_dwellings <> complete.dwellings

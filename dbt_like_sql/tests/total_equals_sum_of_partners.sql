-- The total is the sum of the partners counted that month, there and only there where each of
-- them has a figure.
with expected as (

    select
        figures.indicator_id,
        figures.month,
        figures.department_code,
        made_of.source_series
    from (
        select distinct
            indicator_id,
            month,
            department_code
        from {{ ref('series') }}
    ) as figures
    inner join {{ ref('int_series_sources') }} as made_of
        on made_of.indicator_id = figures.indicator_id
        and made_of.series = 'total'
        and made_of.first_month <= figures.month

),

sums as (

    select
        expected.indicator_id,
        expected.month,
        expected.department_code,
        case when count(partner.month) = count(*) then sum(partner.cumulative_dwellings) end
            as sum_of_partners
    from expected
    left join {{ ref('series') }} as partner
        on partner.indicator_id = expected.indicator_id
        and partner.series = expected.source_series
        and partner.month = expected.month
        and partner.department_code = expected.department_code
    group by expected.indicator_id, expected.month, expected.department_code

),

totals as (

    select
        indicator_id,
        month,
        department_code,
        cumulative_dwellings
    from {{ ref('series') }}
    where series = 'total'

)

select
    coalesce(totals.month, sums.month) as month,
    coalesce(totals.indicator_id, sums.indicator_id) as indicator_id,
    coalesce(totals.department_code, sums.department_code) as department_code,
    totals.cumulative_dwellings as total,
    sums.sum_of_partners
from totals
full outer join sums
    on sums.indicator_id = totals.indicator_id
    and sums.month = totals.month
    and sums.department_code = totals.department_code
where totals.cumulative_dwellings is distinct from sums.sum_of_partners

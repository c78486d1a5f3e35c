-- Where each département stands in a month: competition ranks (1, 2, 2, 4) among the
-- départements that have a figure; no figure, no row, no rank.
with ranked as (

    select
        indicator_id,
        series,
        month,
        department_code,
        cumulative_dwellings,
        previous_month,
        increment,
        is_corrected,
        is_break,
        rank() over (
            partition by indicator_id, series, month order by cumulative_dwellings desc
        ) as rank_cumulative,
        case when increment is not null then rank() over (
            partition by indicator_id, series, month order by increment desc nulls last
        ) end as rank_increment,
        count(*) over (
            partition by indicator_id, series, month, cumulative_dwellings
        ) > 1 as is_tied,
        sum(cumulative_dwellings) over (
            partition by indicator_id, series, month
        ) as national_dwellings
    from {{ ref('monthly_increments') }}

)

select
    ranked.indicator_id,
    ranked.series,
    ranked.month,
    ranked.department_code,
    departments.department_name,
    departments.region_code,
    ranked.cumulative_dwellings,
    ranked.increment,
    ranked.rank_cumulative,
    ranked.rank_increment,
    previous.rank_cumulative - ranked.rank_cumulative as rank_cumulative_change,
    ranked.is_tied,
    cast(ranked.cumulative_dwellings as double)
        / nullif(cast(ranked.national_dwellings as double), 0) as share_of_national,
    cast(ranked.cumulative_dwellings as double) * 10000 / departments.population
        as dwellings_per_10k_inhabitants,
    ranked.is_corrected,
    ranked.is_break
from ranked
inner join {{ ref('departments') }} as departments
    on departments.department_code = ranked.department_code
left join ranked as previous
    on previous.indicator_id = ranked.indicator_id
    and previous.series = ranked.series
    and previous.department_code = ranked.department_code
    and previous.month = ranked.previous_month

-- Checks that do not hold, errors first: in which months, and what the latest of these says. Of a held
-- month it says nothing: what a check found there tells of figures that must not be known.
with held as (

    select distinct month
    from validated.held_months
    where status = 'held'

)

select
    results.severity,
    results.asset,
    results.check_name,
    list(results.month order by results.month) as months,
    arg_max(results.summary, results.month) filter (held.month is null) as summary
from validated.check_results as results
left join held on held.month = results.month
where not results.passed
group by results.severity, results.asset, results.check_name
order by results.severity, results.asset, results.check_name

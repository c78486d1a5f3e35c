-- Checks that do not hold, errors first: in which months, and what the latest one says.
select
    severity,
    asset,
    check_name,
    list(month order by month) as months,
    arg_max(summary, month) as summary
from validated.check_results
where not passed
group by severity, asset, check_name
order by severity, asset, check_name

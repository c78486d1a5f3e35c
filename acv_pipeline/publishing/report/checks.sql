-- How often checks held: one evaluation per asset, check and month.
select
    severity,
    count(*) as evaluations,
    count(*) filter (passed) as passed,
    count(*) filter (not passed) as failed
from validated.check_results
group by severity
order by severity

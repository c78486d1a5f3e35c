-- The national total of one series over time, one row per month with figures: the sum, what it added, how
-- many of the expected départements have a figure, and which months compare.
select
    totals.month,
    totals.cumulative_dwellings,
    totals.previous_month,
    totals.months_elapsed,
    totals.increment,
    totals.is_complete,
    totals.is_break,
    counted.comparable_since,
    counted.departments
from marts.territory_totals as totals
join (
    select
        series.month,
        count(panel.department_code) as departments,
        max(series.comparable_since) as comparable_since
    from marts.series as series
    left join contract.panel as panel
        on panel.indicator_id = series.indicator_id
        and panel.department_code = series.department_code
    where series.indicator_id = $indicator and series.series = $series
    group by series.month
) as counted on counted.month = totals.month
where totals.indicator_id = $indicator and totals.series = $series and totals.level = 'national'
order by totals.month

-- The national course of one series, one row per month with figures: the sum, what it added, and
-- how many of the expected départements have a figure.
select
    totals.month,
    totals.cumulative_dwellings,
    totals.previous_month,
    totals.months_elapsed,
    totals.increment,
    totals.is_complete,
    counted.departments
from marts.territory_totals as totals
join (
    select series.month, count(panel.department_code) as departments
    from marts.series as series
    left join contract.panel as panel
        on panel.indicator_id = series.indicator_id
        and panel.department_code = series.department_code
    where series.indicator_id = $indicator and series.series = $series
    group by series.month
) as counted on counted.month = totals.month
where totals.indicator_id = $indicator and totals.series = $series and totals.level = 'national'
order by totals.month

"""The long table by hand: one DuckDB script from the partners' files to rankings and tests.

It knows both layouts in advance and keeps no received row. Given: landing zone, seeds, database.
"""

from __future__ import annotations

import sys

import duckdb

SQL = r"""
create schema validated; create schema marts;
create temp table departments as
from read_csv(getvariable('seeds') || '/departments.csv', all_varchar = true);
create temp table received as
select 'anah' as source, trim(code_departement) as code, trim(mois) as month_text,
    regexp_replace(trim(logements_cumules), ' logements?$', '') as number
from read_csv(getvariable('landing') || '/anah/*/*.csv', delim = ';', all_varchar = true)
union all by name
select 'action_logement' as source, trim(dept) as code, trim(month_text) as month_text,
    trim(cumul) as number
from read_csv(getvariable('landing') || '/action_logement/*/*.csv', delim = ',', header = true,
    columns = {'dept': 'varchar', 'cumul': 'varchar', 'month_text': 'varchar'});
create temp table understood as
select source, code, month_text, number, department_code,
    date_trunc('month', coalesce(try_strptime(month_text, '%Y-%m'),
        try_strptime(month_text, '%m/%Y'), try_strptime(month_text, '%d/%m/%Y')))::date as month,
    case when regexp_full_match(number, '\d+|[1-9]\d{0,2}( \d{3})+')
        then replace(number, ' ', '')::bigint end as value
from received left join departments on code = department_code;
create table validated.quarantined_rows as
from understood where department_code is null or month is null or value is null;
create table validated.dwellings as
select 'nb-logement-accompagnement' as indicator_id, source, month, department_code,
    any_value(value) as cumulative_dwellings
from understood where department_code is not null and month is not null and value is not null
group by all having count(distinct value) = 1;
create table marts.series as
select indicator_id, source as series, month, department_code, cumulative_dwellings
from validated.dwellings
union all
select indicator_id, 'total', month, department_code, sum(cumulative_dwellings)::bigint
from validated.dwellings group by all having count(*) = 2;
create table marts.monthly_increments as
select *, cumulative_dwellings - lag(cumulative_dwellings) over trajectory as increment,
    lag(month) over trajectory as previous_month
from marts.series
window trajectory as (partition by indicator_id, series, department_code order by month);
create table marts.department_rankings as
select *, lag(rank_cumulative) over (
        partition by indicator_id, series, department_code order by month
    ) - rank_cumulative as rank_cumulative_change
from (
    select increments.*, department_name, region_code,
        rank() over (partition by indicator_id, series, month order by cumulative_dwellings desc)
            as rank_cumulative,
        case when increment is not null then rank() over (
            partition by indicator_id, series, month order by increment desc nulls last
        ) end as rank_increment,
        cumulative_dwellings / nullif(
            sum(cumulative_dwellings) over (partition by indicator_id, series, month), 0
        ) as share_of_national
    from marts.monthly_increments as increments join departments using (department_code)
);
create table marts.territory_totals as
select indicator_id, series, month, region_code, sum(cumulative_dwellings) as cumulative_dwellings,
    sum(increment) as increment
from marts.department_rankings
group by grouping sets (
    (indicator_id, series, month, region_code), (indicator_id, series, month)
);
"""
TESTS = (
    "from marts.series where cumulative_dwellings < 0",
    "select 1 from marts.series group by indicator_id, series, month, department_code"
    " having count(*) > 1",
    "select 1 from marts.department_rankings group by indicator_id, series, month"
    " having min(rank_cumulative) <> 1 or abs(sum(share_of_national) - 1) > 1e-9",
)


def main(landing: str, seeds: str, database: str) -> None:
    """Build and test everything in a new database."""
    with duckdb.connect(database) as connection:
        connection.execute(f"set variable landing = '{landing}'; set variable seeds = '{seeds}'")
        connection.execute(SQL)
        for test in TESTS:
            if connection.execute(test).fetchall():
                sys.exit(f"not so: {test}")


if __name__ == "__main__":
    main(*sys.argv[1:])

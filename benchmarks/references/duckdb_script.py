"""The long table by hand: one DuckDB script from the partners' files to rankings, totals and tests.

It knows both layouts in advance and keeps no received row, only figures and quarantined rows: the
practical limit of speed. Usage: ``duckdb_script.py LANDING SEEDS DATABASE [keep]``; with ``keep``
it does keep the received rows, as the pipeline must.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SEED = """
create table reference.departments as
select department_code::department as department_code, department_name,
    region_code, population::bigint as population
from read_csv(getvariable('seeds') || '/departments.csv', all_varchar = true)
"""
# a key that is a number inside is compared several times as fast as a text
TYPES = """
create type indicator as enum ('nb-logement-accompagnement');
create type series as enum ('action_logement', 'anah', 'total');
create type department as enum (
    select department_code
    from read_csv(getvariable('seeds') || '/departments.csv', all_varchar = true)
);
"""
TERRITORIES = """
create temp table territories as
select department_code::varchar as code, department_code as department from reference.departments
"""
# what each file says, row by row, as text
RECEIVED = """
create temp table received as
select 'anah'::series as source, trim(code_departement) as code, trim(mois) as month_text,
    trim(logements_cumules) as value_text
from read_csv(getvariable('landing') || '/anah/*/*.csv',
    delim = ';', header = true, nullstr = '\x01',
    columns = {'code_departement': 'varchar', 'mois': 'varchar', 'logements_cumules': 'varchar'})
union all
select 'action_logement', trim(dept), trim(month_text), trim(cumul)
from read_csv(getvariable('landing') || '/action_logement/*/*.csv',
    delim = ',', header = true, nullstr = '\x01',
    columns = {'dept': 'varchar', 'cumul': 'varchar', 'month_text': 'varchar'})
"""
KEPT = "create table raw.extract_rows as from received"
# each distinct text is understood once
MONTHS = r"""
create temp table months as
select month_text,
    case when regexp_full_match(month_text, '20\d\d-\d\d') then strptime(month_text, '%Y-%m')
        when regexp_full_match(month_text, '\d\d/20\d\d') then strptime(month_text, '%m/%Y')
        when regexp_full_match(month_text, '\d\d/\d\d/20\d\d')
            then date_trunc('month', strptime(month_text, '%d/%m/%Y'))
    end::date as month
from (select distinct month_text from received)
"""
FIGURES = r"""
create temp table figures as
select value_text,
    case when regexp_full_match(number, '0|[1-9]\d*') then number::bigint
        when regexp_full_match(number, '[1-9]\d{0,2}( \d{3})+')
            then replace(number, ' ', '')::bigint
        when regexp_full_match(number, '\d+,0+') then split_part(number, ',', 1)::bigint
    end as value
from (
    select distinct value_text, regexp_replace(value_text, ' logements?$', '') as number
    from received
)
"""
UNDERSTOOD = """
create temp table understood as
select source, code, month_text, value_text, department, month, value,
    case when department is null then 'unknown_department'
        when month is null then 'month_not_understood'
        when value is null then 'not_a_number' end as reason
from received
left join territories using (code)
left join months using (month_text)
left join figures using (value_text)
"""
# windows over all keys are dear: only keys that occur twice are looked at
TWICE = """
create temp table twice as
select source, department, month, min(value) as value, min(value) <> max(value) as is_conflict
from understood where reason is null
group by all having count(*) > 1
"""
QUARANTINED = """
create table validated.quarantined_rows as
select source, code, month_text, value_text, reason from understood where reason is not null
union all
select source, code, month_text, value_text, 'conflicting_values'
from understood join twice using (source, department, month)
where is_conflict and reason is null
"""
DWELLINGS = """
create table validated.dwellings as
select 'nb-logement-accompagnement'::indicator as indicator_id, source, month,
    department as department_code, value as cumulative_dwellings
from understood anti join twice using (source, department, month)
where reason is null
union all
select 'nb-logement-accompagnement', source, month, department, value
from twice where not is_conflict
"""
SERIES = """
create table marts.series as
select indicator_id, source as series, month, department_code, cumulative_dwellings
from validated.dwellings
union all
select indicator_id, 'total', month, department_code, sum(cumulative_dwellings)::bigint
from validated.dwellings
group by all
having count(*) = 2
"""
INCREMENTS = """
create table marts.monthly_increments as
select *, date_diff('month', previous_month, month) as months_elapsed,
    increment / date_diff('month', previous_month, month) as increment_per_month,
    increment < 0 as is_decrease
from (
    select *,
        lag(month) over course as previous_month,
        cumulative_dwellings - lag(cumulative_dwellings) over course as increment
    from marts.series
    window course as (partition by indicator_id, series, department_code order by month)
)
"""
RANKINGS = """
create table marts.department_rankings as
with ranked as (
    select
        indicator_id, series, month, department_code, cumulative_dwellings, increment,
        rank() over by_level as rank_cumulative,
        case when increment is not null then rank() over (
            partition by indicator_id, series, month order by increment desc nulls last
        ) end as rank_increment,
        coalesce(lag(cumulative_dwellings) over by_level = cumulative_dwellings, false)
            or coalesce(lead(cumulative_dwellings) over by_level = cumulative_dwellings, false)
            as is_tied
    from marts.monthly_increments
    window by_level as (
        partition by indicator_id, series, month order by cumulative_dwellings desc
    )
),
moved as (
    select *,
        lag(rank_cumulative) over (
            partition by indicator_id, series, department_code order by month
        ) - rank_cumulative as rank_cumulative_change
    from ranked
),
nation as (
    select indicator_id, series, month, sum(cumulative_dwellings)::double as dwellings
    from marts.series group by all
)
select moved.*, department_name, region_code,
    cumulative_dwellings / nullif(dwellings, 0) as share_of_national,
    cumulative_dwellings::double * 10000 / population as dwellings_per_10k_inhabitants
from moved
join nation using (indicator_id, series, month)
join reference.departments using (department_code)
"""
TOTALS = """
create table marts.territory_totals as
with expected as (
    select region_code as territory_code, count(*) as departments from reference.departments
    group by all
    union all select 'FR', count(*) from reference.departments
),
regions as (
    select indicator_id, series, month, region_code,
        sum(cumulative_dwellings)::bigint as dwellings, sum(increment)::bigint as increment,
        count(*) as departments, count(increment) as increments,
        min(previous_month) as first_previous, max(previous_month) as last_previous
    from marts.monthly_increments
    join reference.departments using (department_code)
    group by all
),
territories as (
    select 'region' as level, region_code as territory_code, * exclude (region_code) from regions
    union all
    select 'national', 'FR', indicator_id, series, month, sum(dwellings)::bigint,
        sum(increment)::bigint, sum(departments), sum(increments), min(first_previous),
        max(last_previous)
    from regions group by all
)
select indicator_id, series, level, territory_code, month, dwellings as cumulative_dwellings,
    case when territories.departments = expected.departments
        and increments = territories.departments and first_previous = last_previous
        then increment end as increment,
    territories.departments = expected.departments as is_complete
from territories join expected using (territory_code)
"""
# what must hold; each finds the rows that don't
TESTS = {
    "dwellings are unique": """
        select 1 from validated.dwellings
        group by indicator_id, source, month, department_code having count(*) > 1
    """,
    "every row has one fate": """
        select 1 from (select count(*) as n from received)
        where n <> (select count(*) from understood)
    """,
    "series is unique": """
        select 1 from marts.series
        group by indicator_id, series, month, department_code having count(*) > 1
    """,
    "rankings are unique": """
        select 1 from marts.department_rankings
        group by indicator_id, series, month, department_code having count(*) > 1
    """,
    "figures are not negative": "select 1 from marts.series where cumulative_dwellings < 0",
    "everything in series is ranked": """
        select 1 from (select count(*) as n from marts.series)
        where n <> (select count(*) from marts.department_rankings)
    """,
    "ranks start at 1": """
        select 1 from marts.department_rankings
        group by indicator_id, series, month having min(rank_cumulative) <> 1
    """,
    "shares sum to 1": """
        select 1 from marts.department_rankings
        group by indicator_id, series, month having abs(sum(share_of_national) - 1) > 1e-9
    """,
    "increments sum to the cumulative": """
        select 1 from marts.monthly_increments
        group by indicator_id, series, department_code
        having max_by(cumulative_dwellings, month)
            <> min_by(cumulative_dwellings, month) + coalesce(sum(increment), 0)
    """,
    "totals are sums": """
        select 1 from marts.territory_totals where level = 'region'
        group by indicator_id, series, month
        having sum(cumulative_dwellings) <> (
            select max(cumulative_dwellings) from marts.territory_totals as national
            where national.level = 'national' and national.month = territory_totals.month
                and national.series = territory_totals.series
        )
    """,
}


def main(landing: str, seeds: str, database: str, keep: str = "") -> None:
    """Build everything in a new ``database``; if told to ``keep`` them, received rows too."""
    Path(database).unlink(missing_ok=True)
    with duckdb.connect(database) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set variable landing = '{landing}'; set variable seeds = '{seeds}'")
        for schema in ("raw", "reference", "validated", "marts"):
            connection.execute(f"create schema {schema}")
        for sql in (
            TYPES, SEED, TERRITORIES, RECEIVED, *([KEPT] if keep else []), MONTHS, FIGURES,
            UNDERSTOOD, TWICE, QUARANTINED, DWELLINGS, SERIES, INCREMENTS, RANKINGS, TOTALS,
        ):  # fmt: skip
            connection.execute(sql)
        for name, sql in TESTS.items():
            if connection.execute(sql).fetchall():
                sys.exit(f"{name}: not so")


if __name__ == "__main__":
    main(*sys.argv[1:])

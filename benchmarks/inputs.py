"""Deliveries to work on: a long table of any size, and the demo's deliveries.

Here: landing zones, and the contract that expects the territories in them. The long table is made
by SQL, the same for the same size: two partners, one file per partner and month, each partner with
its own way to write, one row in fifty written oddly, one in a thousand unusable.
Not here: the demo's figures (``acv_pipeline.sample_data``).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.model import CONTRACT_FILE, SQL_PROJECT
from acv_pipeline.contract.months import month_of, month_range, shift
from acv_pipeline.sample_data import generate

FIRST, LAST = "2018-09-01", "2022-12-01"
MONTHS, PARTNERS = 52, 2
DELIVERY_DAY = 10  # of the following month


@dataclass(frozen=True)
class Inputs:
    """A landing zone and the environment variables that make the pipeline expect it."""

    landing: Path
    env: dict[str, str]
    rows: int


# About one row in fifty is written in a way that has to be understood, one in a thousand can't be:
# no figure, half a dwelling, a territory that does not exist, one key with two figures.
_FIGURES = f"""
create table figures as
with territories as (
    select i, 100000 + i as code, hash(i) % 1000 / 1000.0 as luck
    from range($territories) as t(i)
),
months as (
    select m, (date '{FIRST}' + to_months(m::integer))::date as month from range({MONTHS}) as t(m)
),
partners as (select unnest([0, 1]) as partner)
select
    partner, code, month,
    -- a base and a pace of one's own, a season, never a fall
    cast(floor(
        (20 + 400 * luck * luck * luck)
        * (1 + 0.6 * partner)
        * (1 + 0.06 * m + 0.012 * sin(m + 7 * luck))
    ) as bigint) as dwellings,
    hash(code, m, partner) % 10000 as dice
from territories, months, partners
"""

_ANAH = """
select code_departement, mois, logements_cumules from (
    select
        code,
        case when dice between 20 and 59 then code || ' ' else code::varchar end
            as code_departement,
        case when dice between 60 and 99 then strftime(month, '%m/%Y')
            else strftime(month, '%Y-%m') end as mois,
        case when dice = 1 then ''
            when dice = 2 then 'n.d.'
            when dice = 3 then dwellings || ',5'
            when dice between 100 and 149 then dwellings || ',0'
            when dice between 150 and 199 then dwellings || ' logements'
            else dwellings::varchar end as logements_cumules
    from figures where partner = 0 and month = $month
    union all
    select code, case when dice = 7 then '9' || code else code::varchar end,
        strftime(month, '%Y-%m'), (dwellings + (dice = 5)::int)::varchar
    from figures where partner = 0 and month = $month and dice in (5, 6, 7)
)
order by code, logements_cumules
"""

_ACTION_LOGEMENT = """
select dept, cumul, arrete as "arrêté au" from (
    select
        code,
        code::varchar as dept,
        case when dice = 1 then '-'
            when dice = 2 then '1e3'
            when dwellings >= 1000
                then dwellings // 1000 || ' ' || lpad((dwellings % 1000)::varchar, 3, '0')
            else dwellings::varchar end as cumul,
        strftime(last_day(month), '%d/%m/%Y') as arrete
    from figures where partner = 1 and month = $month
    union all
    select code, case when dice = 7 then 'inconnu' else code::varchar end,
        (dwellings + (dice = 5)::int)::varchar, strftime(last_day(month), '%d/%m/%Y')
    from figures where partner = 1 and month = $month and dice in (5, 6, 7) and dwellings < 999
)
order by code, cumul
"""

# each partner writes in its own way: what it selects, and the file's delimiter
WRITTEN = {"anah": (_ANAH, ";"), "action_logement": (_ACTION_LOGEMENT, ",")}


def long_table(folder: Path, territories: int) -> Inputs:
    """Deliveries of ``territories`` × 52 months × 2 partners, made once per folder."""
    landing, seeds, contract = folder / "landing", folder / "seeds", folder / "contract.yml"
    env = {"ACV_CONTRACT": str(contract), "ACV_SEEDS": str(seeds)}
    inputs = Inputs(landing, env, territories * MONTHS * PARTNERS)
    done = folder / "done"
    if done.exists():
        return inputs
    shutil.rmtree(folder, ignore_errors=True)
    seeds.mkdir(parents=True)
    shutil.copy(SQL_PROJECT / "seeds" / "regions.csv", seeds)
    contract.write_text(_contract_of_all(), encoding="utf-8")
    with duckdb.connect() as connection:
        _write_territories(connection, seeds, territories)
        connection.execute(_FIGURES, {"territories": territories})
        for month in month_range(month_of(FIRST), month_of(LAST)):
            day = shift(month, 1).replace(day=DELIVERY_DAY)
            for source, (sql, delimiter) in WRITTEN.items():
                target = landing / source / day.isoformat()
                target.mkdir(parents=True)
                asked = sql.replace("$month", f"date '{month}'")
                connection.execute(
                    f"copy ({asked}) to '{target}/logements-{month:%Y-%m}.csv'"
                    f" (header, delimiter '{delimiter}')"
                )
    done.touch()
    return inputs


def _contract_of_all() -> str:
    """The contract, with every territory expected."""
    contract = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    for indicator in contract["indicators"].values():
        indicator["panel_excludes"] = []
    contract["department_variants"] = {}
    return yaml.safe_dump(contract, allow_unicode=True, sort_keys=False)


def _write_territories(
    connection: duckdb.DuckDBPyConnection, seeds: Path, territories: int
) -> None:
    connection.execute(
        f"""
        copy (
            select
                codes.code::varchar as department_code,
                'Territoire ' || codes.code as department_name,
                regions.region_code,
                1000 + codes.code % 50000 as population
            from (select unnest(range(100000, 100000 + {territories})) as code) as codes
            join (
                select region_code, row_number() over (order by region_code) - 1 as place
                from read_csv('{seeds}/regions.csv', all_varchar = true)
            ) as regions on regions.place = codes.code % 18
            order by codes.code
        ) to '{seeds}/departments.csv' (header)
        """
    )


def demo(folder: Path) -> tuple[Path, Path, Path]:
    """The demo's good deliveries, 2018-09 to 2022-12; those up to 2022-11; those and both
    partners' files of 2022-12."""
    whole, before, month = folder / "whole", folder / "before", folder / "month"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        contract = load_contract()
        generate(before, contract=contract, last=shift(month_of(LAST), -1))
        shutil.copytree(before, whole)
        generate(whole, contract=contract)
        shutil.copytree(before, month)
        for partner in WRITTEN:
            shutil.copytree(whole / partner, month / partner, dirs_exist_ok=True)
        (folder / "done").touch()
    return whole, before, month

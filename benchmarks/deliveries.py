"""Deliveries to work on: the demo's, and a long table of any size with dirty rows in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import yaml

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE, SQL_PROJECT
from acv_pipeline.contract.months import month_of, month_range, shift
from acv_pipeline.sample_data import generate

FIRST = month_of("2018-09-01")
MONTHS, PARTNERS = 52, 2

# One row in fifty is written in a way that has to be understood, one in a thousand can't be.
FIGURES = f"""
create table figures as
select partner, 100000 + i as code, ('{FIRST}'::date + to_months(m::integer))::date as month,
    hash(i, m, partner) % 10000 as dice,
    floor((20 + hash(i) % 400) * (1 + 0.6 * partner) * (1 + 0.06 * m))::bigint as dwellings
from range($territories) as t(i), range($months) as u(m), range({PARTNERS}) as v(partner)
"""
WRITTEN = {
    "anah": (
        ";",
        """
        select case when dice = 7 then '9' || code when dice < 60 then code || ' '
                else code::varchar end as code_departement,
            if(dice > 9900, strftime(month, '%m/%Y'), strftime(month, '%Y-%m')) as mois,
            case dice when 1 then '' when 2 then 'n.d.' when 3 then dwellings || ',5' else
                dwellings || if(dice between 100 and 199, ' logements', '') end as logements_cumules
        from figures where partner = 0 and month = '$month' order by code
        """,
    ),
    "action_logement": (
        ",",
        """
        select case when dice = 7 then 'inconnu' else code::varchar end as dept,
            case when dice = 1 then '-' when dice = 2 then '1e3'
                when dwellings < 1000 then dwellings::varchar
                else dwellings // 1000 || ' ' || lpad((dwellings % 1000)::varchar, 3, '0')
            end as cumul,
            strftime(last_day(month), '%d/%m/%Y') as "arrêté au"
        from figures where partner = 1 and month = '$month' order by code
        """,
    ),
}


def long_table(folder: Path, rows: int, months: int) -> tuple[Path, dict[str, str]]:
    """Deliveries of so many rows in all: territories × months × 2 partners; made once per folder.

    Returns:
        The landing zone, and the environment in which the pipeline expects these territories.
    """
    landing, seeds, contract = folder / "landing", folder / "seeds", folder / "contract.yml"
    environment = {"ACV_CONTRACT": str(contract), "ACV_SEEDS": str(seeds)}
    if contract.exists():
        return landing, environment
    shutil.rmtree(folder, ignore_errors=True)
    territories = rows // (months * PARTNERS)
    seeds.mkdir(parents=True)
    shutil.copy(SQL_PROJECT / "seeds" / "regions.csv", seeds)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select code::varchar as department_code, 'Territoire ' || code as"
            " department_name, region_code, 1000 + code % 50000 as population"
            f" from range(100000, {100000 + territories}) as t(code)"
            " join (select region_code, row_number() over (order by region_code) - 1 as place"
            f" from read_csv('{seeds}/regions.csv', all_varchar = true)) on place = code % 18"
            f" order by code) to '{seeds}/departments.csv' (header)"
        )
        connection.execute(FIGURES, {"territories": territories, "months": months})
        for month in month_range(FIRST, shift(FIRST, months - 1)):
            for source, (delimiter, sql) in WRITTEN.items():
                target = landing / source / f"{shift(month, 1).replace(day=10)}"
                target.mkdir(parents=True)
                connection.execute(
                    f"copy ({sql.replace('$month', f'{month}')}) to"
                    f" '{target}/logements-{month:%Y-%m}.csv' (header, delimiter '{delimiter}')"
                )
    known = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    for indicator in known["indicators"].values():
        indicator["panel_excludes"] = []
    known["department_variants"] = {}
    contract.write_text(yaml.safe_dump(known, allow_unicode=True, sort_keys=False))
    return landing, environment


def demo(folder: Path, months: int) -> tuple[Path, Path, Path]:
    """The demo's good deliveries; those before the last month; these with the partners' of it."""
    whole, before, month = folder / "whole", folder / "before", folder / "month"
    if not month.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for landing, count in ((before, months - 1), (whole, months)):
            generate(landing, contract=load_contract(), last=shift(FIRST, count - 1))
        shutil.copytree(before, month)
        for partner in WRITTEN:
            shutil.copytree(whole / partner, month / partner, dirs_exist_ok=True)
    return whole, before, month

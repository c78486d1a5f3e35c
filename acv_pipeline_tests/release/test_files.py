"""The files of a release hold what the marts hold, and lead back to what was received."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path

import duckdb
import frictionless
import pandas as pd
import pytest
import sqlglot

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.publishing.release import make_release
from acv_pipeline.publishing.release.declared import SQL_TYPES, columns, release_files, tables
from acv_pipeline.publishing.release.folder import SUMS, read_sums
from acv_pipeline.publishing.release.writing import query
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.release.conftest import FORMULA, TODAY, Released

OFFICIAL_COLUMNS = {
    "departemental": "mesure,indicateur,id_indicateur,code_departement,libelle_departement",
    "regional": "mesure,indicateur,id_indicateur,code_region,libelle_region",
    "national": "mesure,indicateur,id_indicateur,maille_geographique",
}
ENDS = (".csv", ".parquet", ".xlsx", ".schema.json")
PANDAS_TYPES = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}


def read(path: Path) -> pd.DataFrame:
    """A CSV as its schema says it is to be read."""
    fields = json.loads(path.with_suffix(".schema.json").read_text(encoding="utf-8"))["fields"]
    types = {f["name"]: PANDAS_TYPES[f["type"]] for f in fields if f["type"] != "date"}
    dates = [f["name"] for f in fields if f["type"] == "date"]
    # "NA" may be a text; only empty is empty
    return pd.read_csv(path, dtype=types, parse_dates=dates, keep_default_na=False, na_values=[""])


def frame(released: Released, sql: str) -> pd.DataFrame:
    return released.connection.execute(sql).df()


def equal(left: pd.DataFrame, right: pd.DataFrame, key: list[str]) -> None:
    """Same rows, whatever their order and however pandas holds the values."""
    assert list(left) == list(right)
    for column in left:
        mine, theirs = (
            [None if pd.isna(value) else value for value in frame.sort_values(key)[column]]
            for frame in (left, right)
        )
        assert mine == theirs, column


def test_every_table_is_there_four_times_and_nothing_else(released: Released) -> None:
    names = {path.name for path in released.folder.iterdir()}
    stems = {name.removesuffix(".csv") for name in names if name.endswith(".csv")}
    assert stems == set(released.release.row_counts) and len(stems) == 13
    twins = {f"{stem}{end}" for stem in stems for end in ENDS}
    others = {"README.md", "dictionnaire.md", "CHANGES.md", "datapackage.json", SUMS}
    assert names == twins | others


def test_checksums_are_right_and_nothing_can_be_written(released: Released) -> None:
    sums = read_sums(released.folder)
    files = [path for path in released.folder.iterdir() if path.name != SUMS]
    assert sums == {path.name: sha256(path) for path in files}
    assert released.release.sha256 == sha256(released.folder / SUMS)
    assert all(path.stat().st_mode & 0o222 == 0 for path in released.folder.iterdir())


def test_the_official_columns_come_first_and_codes_and_figures_are_as_promised(
    released: Released,
) -> None:
    for name in ("acv", "pvd"):
        for level, territory in OFFICIAL_COLUMNS.items():
            path = released.folder / f"{name}-logements-{level}.csv"
            header, first = path.read_text(encoding="utf-8").splitlines()[:2]
            assert header.startswith(f"{territory},date,valeur,unite,serie,")
            assert re.search(r",20[0-9]{2}-(0[1-9]|1[0-2])-(28|29|30|31),[0-9]+,logements", first)
    codes = read(released.folder / "acv-logements-departemental.csv")["code_departement"]
    assert {"01", "2A", "971"} <= set(codes)


def test_csv_and_parquet_hold_the_same(released: Released) -> None:
    plain = duckdb.connect()
    for stem, count in released.release.row_counts.items():
        types = {
            field["name"]: SQL_TYPES[field["type"]]
            for field in json.loads((released.folder / f"{stem}.schema.json").read_text())["fields"]
        }
        options = f"columns = {types}, header = true, auto_detect = false"
        csv = f"read_csv('{released.folder / stem}.csv', {options})"
        if stem == "livraisons":  # the one text that comes from outside
            undone = r"""regexp_replace(nom_fichier, '(^|[;,|"\t\r\n])''', '\1', 'g')"""
            csv = f"(select * replace ({undone} as nom_fichier) from {csv})"
        parquet = f"read_parquet('{released.folder / stem}.parquet')"
        # as many rows on both sides and none of one only: the same rows
        sql = f"(select * from {csv}) except all (select * from {parquet})"
        assert plain.execute(sql).fetchall() == [], stem
        for one in (csv, parquet):
            assert plain.execute(f"select count(*) from {one}").fetchall() == [(count,)]
        found = plain.execute(f"describe select * from {parquet}").fetchall()
        assert {row[0]: row[1] for row in found} == types
    plain.close()


@pytest.mark.parametrize("indicator", [ACV, PVD])
def test_departmental_figures_are_those_of_the_marts(
    released: Released, contract: Contract, indicator: str
) -> None:
    short = contract.indicators[indicator].short_name.lower()
    mine = read(released.folder / f"{short}-logements-departemental.csv")
    series = frame(released, f"from marts.series where indicator_id = '{indicator}'")
    headline = "total" if "total" in set(series["series"]) else "published"
    assert set(mine["serie"]) == {headline}
    theirs = series[series["series"] == headline]
    expected = pd.DataFrame(
        {
            "code_departement": theirs["department_code"],
            "date": theirs["month"] + pd.offsets.MonthEnd(0),
            "valeur": theirs["cumulative_dwellings"],
            "corrige": theirs["is_corrected"],
        }
    )
    key = ["code_departement", "date"]
    equal(mine[list(expected)], expected, key)
    for source in contract.components(indicator):
        own = series[(series["series"] == source) & (headline == "total")]
        own = own.assign(date=own["month"] + pd.offsets.MonthEnd(0))
        parts = mine.merge(own, left_on=key, right_on=["department_code", "date"], how="left")
        part, value = parts[f"cumul_{source}"], parts["cumulative_dwellings"].astype("Int64")
        assert part.isna().equals(value.isna()) and part.fillna(-1).equals(value.fillna(-1))


def test_increments_and_ranks_are_those_of_the_marts(released: Released) -> None:
    increments = read(released.folder / "acv-logements-increments-departemental.csv")
    marts = frame(released, f"from marts.monthly_increments where indicator_id = '{ACV}'")
    marts["date"] = marts["month"] + pd.offsets.MonthEnd(0)
    both = increments.merge(
        marts,
        left_on=["serie", "code_departement", "date"],
        right_on=["series", "department_code", "date"],
        validate="one_to_one",
    )
    assert len(both) == len(increments) == len(marts)
    assert (both["valeur"] == both["cumulative_dwellings"]).all()
    assert both["increment_x"].astype("Int64").equals(both["increment_y"].astype("Int64"))
    rankings = read(released.folder / "acv-logements-classement-departemental.csv")
    ranked = frame(released, f"from marts.department_rankings where indicator_id = '{ACV}'")
    ranked["date"] = ranked["month"] + pd.offsets.MonthEnd(0)
    both = rankings.merge(
        ranked,
        left_on=["serie", "code_departement", "date"],
        right_on=["series", "department_code", "date"],
        validate="one_to_one",
    )
    assert len(both) == len(rankings) == len(ranked)
    for mine, theirs in [
        ("rang_valeur", "rank_cumulative"),
        ("rang_increment", "rank_increment"),
        ("places_gagnees", "rank_cumulative_change"),
    ]:
        assert both[mine].astype("Int64").equals(both[theirs].astype("Int64")), mine
    assert (both["part_nationale"] - both["share_of_national"]).abs().max() <= 5e-7


def test_sums_are_sums_of_the_departmental_file(released: Released, contract: Contract) -> None:
    """With what the Baromètre published beside them, and partners' parts that add up."""
    departments = read(released.folder / "acv-logements-departemental.csv")
    departments["code_region"] = departments["code_departement"].map(contract.territories.region_of)
    parts = ["valeur", "cumul_anah", "cumul_action_logement"]
    names = {"regional": "region", "national": "national"}
    for level, key in (("regional", ["code_region", "date"]), ("national", ["date"])):
        sums = departments.groupby(key, as_index=False)[parts].sum(min_count=1)
        mine = read(released.folder / f"acv-logements-{level}.csv")
        equal(mine[[*key, *parts]], sums[[*key, *parts]], key)
        totals = frame(
            released,
            f"select * from marts.territory_totals where indicator_id = '{ACV}' and series ="
            f" '{mine['serie'].iloc[0]}' and level = '{names[level]}'",
        )
        assert list(mine["complet"]).count(True) == totals["is_complete"].sum()
        assert mine["increment"].sum() == totals["increment"].sum()


def test_the_departmental_file_equals_the_official_ones(
    official: Released, real_data: Path
) -> None:
    """On every key in force: the figure of the latest official release that was not held."""
    files = sorted((real_data / "barometre").glob("*/*-departemental.csv"))
    published = pd.concat(
        [
            pd.read_csv(path, dtype={"code_departement": str}).assign(day=path.parent.name)
            for path in files
        ]
    )
    published = published[published["id_indicateur"].isin([ACV, PVD])]
    names = ["acv-logements-departemental.csv", "pvd-logements-departemental.csv"]
    mine = pd.concat([read(official.folder / name) for name in names])
    in_force = {ACV: 768, PVD: 1552}
    assert mine.groupby("id_indicateur").size().to_dict() == in_force
    held = [
        ("2021-07-23", PVD, "2021-03-31"),
        ("2022-01-13", ACV, "2021-12-31"),
        ("2022-01-20", ACV, "2021-12-31"),
    ]
    for day, indicator, date in held:
        wrong = (
            (published["day"] == day)
            & (published["id_indicateur"] == indicator)
            & (published["date"] == date)
        )
        assert wrong.any()
        published = published[~wrong]
    key = ["id_indicateur", "code_departement", "date"]
    last = published.dropna(subset="valeur").drop_duplicates([*key, "day", "valeur"])
    last = last.sort_values("day").drop_duplicates(key, keep="last")
    both = mine.assign(date=mine["date"].dt.strftime("%Y-%m-%d")).merge(
        last, on=key, how="left", suffixes=("", "_official")
    )
    assert both["valeur_official"].notna().all()
    assert (both["valeur"] == both["valeur_official"]).all()
    assert (both["libelle_departement"] == both["libelle_departement_official"]).all()
    # the same words as the Baromètre's, label and unit in one of their two forms
    for column in ("mesure", "indicateur", "unite"):
        ours = set(zip(mine["id_indicateur"], mine[column], strict=True))
        assert ours <= set(zip(published["id_indicateur"], published[column], strict=True))


def test_nothing_held_is_in_it(official: Released, small: Released) -> None:
    """By no door: not as a figure, a published total, a comparison or a revision."""
    for released, indicator, date, figures in [
        (official, ACV, "2022-02-28", ["71537", "7482"]),
        (small, ACV, "2020-04-30", []),
    ]:
        short = "acv" if indicator == ACV else "pvd"
        assert released.connection.execute(
            "select count(*) from validated.held_months where status = 'held'"
            f" and indicator_id = '{indicator}' and last_day(month) = '{date}'"
        ).fetchall() != [(0,)]
        for path in released.folder.glob("*.csv"):
            rows = path.read_text(encoding="utf-8").splitlines()
            if path.name.startswith(short):
                about = [row for row in rows if f",{date}," in row and ",anah," not in row]
                assert about == [], path.name
            assert not [f for f in figures for row in rows if f",{f}," in row], path.name
    increments = read(small.folder / "acv-logements-increments-departemental.csv")
    assert 5_000 not in set(increments["valeur"])
    assert official.connection.execute(
        "select count(*) from marts.reconciliation where published = 71537"
    ).fetchall() == [(1,)], "what must stay out is in the marts: else this test shows nothing"


def test_a_published_total_stands_beside_the_sum_unless_its_month_is_held(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    found = []
    compared = (
        "(indicator_id, basis, month, level, territory_code,"
        " computed, published, difference, is_complete)"
    )
    small.connection.execute("begin")
    try:
        small.connection.execute(
            f"insert into marts.reconciliation {compared} values"
            f" ('{ACV}', 'partners', '2020-03-01', 'national', 'FR', 190001, 190003, -2, false)"
        )
        for day in (1, 2):
            made = make_release(
                small.connection, contract, tmp_path, today=TODAY + dt.timedelta(day)
            )
            assert made is not None
            national = read(made.path / "acv-logements-national.csv").set_index("date")
            found.append(national.loc["2020-03-31", "valeur_publiee"])
            texts = [path.read_text(encoding="utf-8") for path in made.path.glob("*.csv")]
            found.append(sum(text.count("190003") for text in texts))
            small.connection.execute(
                "insert into validated.held_months (indicator_id, month, source, status)"
                f" values ('{ACV}', '2020-03-01', 'barometre', 'held')"
            )
    finally:
        small.connection.execute("rollback")
    assert found[:2] == [190003, 2] and pd.isna(found[2]) and found[3] == 0


def test_every_reference_leads_to_the_row_with_the_figure(
    released: Released, contract: Contract
) -> None:
    """From the CSVs alone to the delivery; in the warehouse, to a row that holds the figure."""
    deliveries = read(released.folder / "livraisons.csv").set_index("livraison")
    assert (deliveries.index == deliveries["sha256"].str[:12]).all()
    rows = {
        (delivery[:12], row): cells
        for delivery, row, cells in released.connection.execute(
            "select delivery_id, row_number, cells from raw.extract_rows"
        ).fetchall()
    }
    sender, region_of = deliveries["source"].to_dict(), contract.territories.region_of
    seen = 0
    for name in ("acv", "pvd"):
        figures = read(released.folder / f"{name}-logements-departemental.csv")
        for figure in figures.itertuples():
            parts = [part.split(":") for part in figure.provenance.split(" ")]
            values = []
            for source, delivery, row in parts:
                assert sender[delivery] == source
                cells = rows[delivery, int(row)]
                assert figure.code_departement in cells
                own = getattr(figure, f"cumul_{source}", figure.valeur)
                assert str(own) in cells or f"{own}.0" in cells
                values.append(own)
                seen += 1
            assert sum(values) == figure.valeur
        figures["code_region"] = figures["code_departement"].map(region_of)
        for level, key in (("regional", ["code_region", "date"]), ("national", ["date"])):
            sums = read(released.folder / f"{name}-logements-{level}.csv").set_index(key)
            for where, same in figures.groupby(key)["provenance"]:
                named = {part.rsplit(":", 1)[0] for text in same for part in text.split(" ")}
                where = where if len(key) > 1 else where[0]
                assert set(sums.loc[where, "provenance"].split(" ")) == named
    assert seen > 300
    revisions = read(released.folder / "revisions.csv")
    for column in ("ancienne_livraison", "nouvelle_livraison"):
        assert set(revisions[column].dropna()) <= set(deliveries.index)


def test_a_reader_with_the_csv_finds_the_line_of_the_official_file(
    official: Released, real_data: Path
) -> None:
    figures = read(official.folder / "acv-logements-departemental.csv")
    cell = figures[(figures["code_departement"] == "2A") & (figures["date"] == "2021-12-31")]
    _, delivery, row = cell["provenance"].item().split(":")
    known = read(official.folder / "livraisons.csv").set_index("livraison").loc[delivery]
    file = real_data / "barometre" / str(known["recu_le"].date()) / known["nom_fichier"]
    assert sha256(file) == known["sha256"]
    line = file.read_text(encoding="utf-8").splitlines()[int(row) - 1]
    assert f"{ACV},2A," in line and f",2021-12-31,{cell['valeur'].item()}.0," in line


def test_revisions_are_those_of_the_marts(released: Released) -> None:
    mine = read(released.folder / "revisions.csv")
    theirs = frame(released, "from marts.revisions")
    assert len(mine) == len(theirs) > 0
    found = mine.merge(
        theirs.assign(date=theirs["month"] + pd.offsets.MonthEnd(0)),
        left_on=["id_indicateur", "source", "code_departement", "date", "revise_le"],
        right_on=["indicator_id", "source", "department_code", "date", "revised_on"],
    )
    assert len(found) == len(mine)
    assert (found["ancienne_valeur"] == found["old_value"]).all()
    kinds = {"routine": "courante", "withdrawn": "retrait", "correction": "correction"}
    assert list(found["nature"]) == list(found["kind"].map(kinds))


def test_the_package_and_its_schemas_are_valid(official: Released, tmp_path: Path) -> None:
    report = frictionless.validate(str(official.folder / "datapackage.json"))
    assert report.valid, report.flatten(["name", "type", "note"])
    assert len(report.tasks) == 13 * 4 + 3
    for file in official.folder.glob("*.schema.json"):
        assert frictionless.validate(str(file), type="schema").valid, file.name
    # what is not so is seen: a code without its zero, a checksum that is another's
    copy = shutil.copytree(official.folder, tmp_path / "copy")
    damaged = copy / "acv-logements-regional.csv"
    damaged.chmod(0o644)
    text = damaged.read_text(encoding="utf-8")
    damaged.write_text(text.replace(f"{ACV},01,", f"{ACV},1,"), encoding="utf-8")
    package = frictionless.Package(str(copy / "datapackage.json"))
    package.resources = [r for r in package.resources if r.path == damaged.name]
    errors = {error[0] for error in package.validate().flatten(["type"])}
    assert {"constraint-error", "hash-count"} <= errors


def test_same_tables_same_bytes(small: Released, contract: Contract, tmp_path: Path) -> None:
    """Parquet too, and whatever the number of threads."""
    (threads,) = small.connection.execute("select current_setting('threads')").fetchall()[0]
    try:
        small.connection.execute("set threads = 1")
        again = make_release(small.connection, contract, tmp_path, today=TODAY)
    finally:
        small.connection.execute(f"set threads = {threads}")
    assert again is not None and again.sha256 == small.release.sha256
    assert read_sums(again.path) == read_sums(small.folder)


def test_a_file_name_is_harmless_in_the_csv_and_whole_in_the_parquet(small: Released) -> None:
    names = set(read(small.folder / "livraisons.csv")["nom_fichier"])
    assert """'=cmd|'calc'!A1;'=1+1,'@x.csv""".replace("|'", "|''") in names
    assert FORMULA not in names
    parquet = f"read_parquet('{small.folder / 'livraisons.parquet'}')"
    with duckdb.connect() as plain:
        whole = plain.execute(f"select nom_fichier from {parquet}").fetchall()
    assert (FORMULA,) in whole


def test_months_and_row_counts_are_told(small: Released) -> None:
    assert small.release.months == {
        ACV: [dt.date(2020, month, 1) for month in (1, 2, 3)],
        PVD: [dt.date(2020, month, 1) for month in (10, 11)],
    }
    assert small.release.row_counts["acv-logements-national"] == 3
    assert small.release.day == TODAY and small.release.version == "2021-01-15"


def test_the_sql_runs_on_spark_too(contract: Contract) -> None:
    for headline in ("total", "published"):
        for file in release_files(contract, list(contract.indicators)):
            sqlglot.transpile(
                query(contract, file, headline),
                read="duckdb",
                write="spark",
                unsupported_level=sqlglot.ErrorLevel.RAISE,
            )


def test_every_declared_column_is_used_and_described_in_both_languages() -> None:
    used = {name for table in tables() for name in table.columns}
    assert used == set(columns())
    for column in columns().values():
        assert column.fr.endswith(".") and column.en.endswith("."), column.name
    for table in tables():
        assert set(table.key) <= set(table.columns)


def test_a_third_partner_has_its_column(tmp_path: Path) -> None:
    text = CONTRACT_FILE.read_text(encoding="utf-8")
    page = Path(__file__).parents[2] / "docs" / "third-partner.md"
    entry = re.search(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert entry
    own = tmp_path / "contract.yml"
    own.write_text(text.replace("\nsources:\n", f"\nsources:\n{entry[1]}"), encoding="utf-8")
    changed = load_contract(own)
    first = release_files(changed, [ACV])[0]
    names = [column.name for column in first.columns]
    assert {"cumul_banque_des_territoires", "cumul_anah", "cumul_action_logement"} <= set(names)
    assert "cumul_banque_des_territoires" in query(changed, first, "total")


def test_the_dataset_is_no_part_of_what_reading_depends_on(contract: Contract) -> None:
    other = contract.dataset.model_copy(update={"name": "another"})
    assert contract.model_copy(update={"dataset": other}).reading_version == (
        contract.reading_version
    )

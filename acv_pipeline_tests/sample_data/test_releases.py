"""The releases publish the partners' sums, in the official columns."""

import datetime as dt

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.sample_data.deliveries import HABITS, Delivery, plan_deliveries
from acv_pipeline.sample_data.generator import SEED
from acv_pipeline.sample_data.releases import OTHER_ID, TWICE, ZEROS, Release, plan_releases
from acv_pipeline.sample_data.trajectories import ACV, FIRST_MONTH, LAST_MONTH, PVD

OFFICIAL = {
    "departemental": "mesure,indicateur,id_indicateur,code_departement,libelle_departement,"
    "date,valeur,unite",
    "regional": "mesure,indicateur,id_indicateur,code_region,libelle_region,date,valeur,unite",
    "national": "mesure,indicateur,id_indicateur,maille_geographique,date,valeur,unite",
}
PLACE = {"departemental": "code_departement", "regional": "code_region"}


@pytest.fixture(scope="module")
def deliveries(contract: Contract) -> list[Delivery]:
    return plan_deliveries(contract, FIRST_MONTH, dict.fromkeys(HABITS, LAST_MONTH), SEED)


@pytest.fixture(scope="module")
def releases(contract: Contract, deliveries: list[Delivery]) -> list[Release]:
    return list(plan_releases(contract, deliveries, FIRST_MONTH, LAST_MONTH))


def distinct(release: Release, level: str, indicator_id: str = ACV) -> pd.DataFrame:
    """One row per territory and date of an indicator, values as numbers."""
    table = release.tables[level]
    own = table[table["id_indicateur"] == indicator_id]
    place = PLACE.get(level, "maille_geographique")
    return own.drop_duplicates([place, "date"]).assign(valeur=lambda t: t["valeur"].astype(float))


def test_there_are_a_few_releases_a_year_in_the_official_columns(releases: list[Release]) -> None:
    per_year = pd.Series([r.published_on.year for r in releases]).value_counts()
    assert set(per_year.loc[2019:2022]) == {3}
    for release in releases:
        columns = {level: ",".join(table.columns) for level, table in release.tables.items()}
        assert columns == OFFICIAL


def test_published_figures_are_the_sums_of_what_had_arrived(
    releases: list[Release], deliveries: list[Delivery], contract: Contract
) -> None:
    for release in releases:
        believed: dict[tuple[str, str, str, str], int] = {}
        for delivery in deliveries:
            if delivery.delivered_on <= release.published_on:
                table = delivery.figures.assign(date=delivery.figures["month"].dt.strftime("%Y-%m"))
                keys = table[["indicator_id", "source", "date", "department_code"]]
                cells = zip(*(keys[column] for column in keys), strict=True)
                believed.update(zip(cells, table["cumulative_dwellings"], strict=True))
        for indicator_id in (ACV, PVD):
            partners = contract.components(indicator_id)
            published = distinct(release, "departemental", indicator_id)
            published = published[published["code_departement"].isin(contract.panel(indicator_id))]
            sums = {
                (date[:7], code): sum(
                    believed[indicator_id, source, date[:7], code] for source in partners
                )
                for date, code in zip(published["date"], published["code_departement"], strict=True)
            }
            assert list(sums.values()) == published["valeur"].tolist()
            complete = {
                (date, code)
                for (indicator, _, date, code) in believed
                if indicator == indicator_id
                and all((indicator, source, date, code) in believed for source in partners)
            }
            assert set(sums) == complete


def test_a_month_that_one_partner_has_not_delivered_is_not_published(contract: Contract) -> None:
    until = {"anah": month_of("2021-02"), "action_logement": month_of("2020-12")}
    deliveries = plan_deliveries(contract, FIRST_MONTH, until, SEED)
    *_, release = plan_releases(contract, deliveries, FIRST_MONTH, month_of("2021-03"))
    newest = release.figures.groupby("indicator_id")["month"].max()
    assert newest[ACV].date() == month_of("2020-12")
    assert newest[PVD].date() == month_of("2021-01")  # Anah alone; 2021-02 comes with 2021-03


def test_regions_and_the_nation_are_the_sums_of_their_departments(
    releases: list[Release], contract: Contract
) -> None:
    for release in releases:
        for indicator_id in (ACV, PVD):
            departments = distinct(release, "departemental", indicator_id)
            regions = departments["code_departement"].map(contract.territories.region_of)
            by_region = departments.groupby([regions, "date"])["valeur"].sum()
            published = distinct(release, "regional", indicator_id)
            published = published.set_index(["code_region", "date"])["valeur"]
            assert by_region.to_dict() == published.to_dict()
            national = distinct(release, "national", indicator_id).set_index("date")["valeur"]
            assert departments.groupby("date")["valeur"].sum().to_dict() == national.to_dict()


def test_the_correction_shows_in_the_next_release_only(releases: list[Release]) -> None:
    month = month_of("2021-03")
    seen = {}
    for release in releases:
        own = release.figures[release.figures["month"] == pd.Timestamp(month)]
        own = own[own["indicator_id"] == ACV]
        seen[release.published_on] = int(own["cumulative_dwellings"].sum())
    assert seen[dt.date(2021, 3, 24)] == 0
    assert seen[dt.date(2021, 7, 23)] == seen[releases[-1].published_on] > 0


def test_one_release_has_every_acv_row_under_two_labels_and_units(releases: list[Release]) -> None:
    for release in releases:
        for table in release.tables.values():
            own = table[table["id_indicateur"] == ACV]
            place = next(c for c in (*PLACE.values(), "maille_geographique") if c in table)
            copies = own.groupby([place, "date"]).agg(
                rows=("valeur", "size"),
                values=("valeur", "nunique"),
                labels=("indicateur", "nunique"),
                units=("unite", "nunique"),
            )
            expected = 2 if release.published_on == TWICE else 1
            assert (
                set(copies["rows"]) == set(copies["labels"]) == set(copies["units"]) == {expected}
            )
            assert set(copies["values"]) == {1}
    assert TWICE in [release.published_on for release in releases]


def test_some_releases_have_zeros_outside_the_panel(
    releases: list[Release], contract: Contract
) -> None:
    with_zeros = []
    for release in releases:
        own = distinct(release, "departemental")
        outside = own[~own["code_departement"].isin(contract.panel(ACV))]
        assert (outside["valeur"] == 0).all()
        if len(outside):
            with_zeros.append(release.published_on)
            assert set(outside["code_departement"]) == {"21", "75", "92", "93", "94"}
    assert with_zeros == [
        r.published_on for r in releases if ZEROS[0] <= r.published_on <= ZEROS[1]
    ]
    assert 0 < len(with_zeros) < len(releases)


def test_releases_carry_another_indicator_too(releases: list[Release]) -> None:
    for release in releases:
        for table in release.tables.values():
            assert (table["id_indicateur"] == OTHER_ID).any()

"""The written set: the same bytes every time, with totals as stated, and one bad month."""

import csv
import datetime as dt
import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.sample_data import (
    SampleDataError,
    SampleFile,
    SampleManifest,
    bad_delivery,
    corrected_delivery,
    generate,
)
from acv_pipeline.sample_data.deliveries import HABITS, KEY
from acv_pipeline.sample_data.trajectories import ACV, LAST_MONTH, PVD

NOVEMBER = month_of("2022-11")


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def table_of(path: Path) -> list[dict[str, str]]:
    """The rows below the header of a CSV file, whatever its encoding and title lines."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    lines = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text else ","))
    top = next(n for n, line in enumerate(lines) if sum(map(bool, line)) > 1)
    return [dict(zip(lines[top], line, strict=True)) for line in lines[top + 1 :]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Path:
    """The set whose Action Logement ends one month early."""
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, contract=contract, until={"action_logement": NOVEMBER})
    return folder


def test_two_runs_write_the_same_bytes(
    landing: Path, manifest: SampleManifest, tmp_path: Path, contract: Contract
) -> None:
    generate(tmp_path, contract=contract)
    assert hashes(tmp_path) == hashes(landing)


def test_another_seed_writes_other_figures_in_the_same_form(
    manifest: SampleManifest, tmp_path: Path, contract: Contract
) -> None:
    other = generate(tmp_path, contract=contract, seed=3)
    assert other.truth[KEY].equals(manifest.truth[KEY])
    assert not other.truth.equals(manifest.truth)


def test_a_second_run_into_the_same_folder_changes_nothing(
    tmp_path: Path, contract: Contract
) -> None:
    last = month_of("2018-12")
    generate(tmp_path, contract=contract, last=last)
    before = hashes(tmp_path)
    generate(tmp_path, contract=contract, last=last)
    assert hashes(tmp_path) == before


def test_other_content_under_the_same_name_is_not_overwritten(
    tmp_path: Path, contract: Contract
) -> None:
    (tmp_path / "README.txt").write_text("mine")
    with pytest.raises(SampleDataError, match=r"README.txt exists with other content"):
        generate(tmp_path, contract=contract, last=month_of("2018-12"))
    assert (tmp_path / "README.txt").read_text() == "mine"


def test_every_file_stands_in_its_sources_folder_of_the_day(
    landing: Path, manifest: SampleManifest
) -> None:
    for file in manifest.files:
        assert file.path.parent == landing / file.source / file.delivered_on.isoformat()
    written = {path for path in landing.rglob("*.*") if path.is_file()}
    sidecars = {path for path in written if path.name.endswith(".control.csv")}
    assert written - sidecars == {file.path for file in manifest.files} | {landing / "README.txt"}


def test_all_files_are_marked_as_synthetic(landing: Path, manifest: SampleManifest) -> None:
    assert all("SYNTHETIQUE" in file.path.name for file in manifest.files)
    assert "SYNTHETIC" in (landing / "README.txt").read_text()


def test_the_repeated_delivery_is_the_same_bytes_under_a_new_day(manifest: SampleManifest) -> None:
    partners = [file for file in manifest.files if file.source in HABITS]
    content = pd.Series([file.path.read_bytes() for file in partners])
    (again,) = content[content.duplicated()].index
    same = [file for file, own in zip(partners, content, strict=True) if own == content[again]]
    assert [file.delivered_on for file in same] == [dt.date(2020, 10, 10), dt.date(2020, 10, 24)]


def test_the_truth_has_every_cell_once_and_meets_the_calibration(
    manifest: SampleManifest, contract: Contract
) -> None:
    truth = manifest.truth
    assert list(truth.columns) == [*KEY, "cumulative_dwellings"]
    assert not truth.duplicated(KEY).any()
    acv = truth[truth["indicator_id"] == ACV]
    partners = acv[acv["source"] != "barometre"]
    national = partners.groupby("month")["cumulative_dwellings"].sum()
    assert national["2020-01-01"] == 31_658
    assert national["2022-09-01"] == 78_638
    assert set(partners["month"].dt.date) == set(national.index.date)
    published = acv[acv["source"] == "barometre"].groupby("month")["cumulative_dwellings"].sum()
    assert published.index.max() == pd.Timestamp(NOVEMBER)
    assert published.equals(national.loc[: published.index.max()])
    pvd = truth[truth["indicator_id"] == PVD]
    assert set(pvd["source"]) == {"anah", "barometre"}
    assert set(pvd["department_code"]) == set(contract.panel(PVD))


def test_the_demo_set_lacks_only_one_partners_last_month(
    landing: Path, manifest: SampleManifest, demo: Path
) -> None:
    missing = set(hashes(landing).items()) - set(hashes(demo).items())
    assert {name.split("/")[0] for name, _ in missing} == {"action_logement"}
    assert all("2022-12" in Path(name).name for name, _ in missing)
    assert set(hashes(demo)) < set(hashes(landing))


@pytest.fixture(scope="module")
def extra(demo: Path, contract: Contract) -> tuple[SampleFile, SampleFile]:
    return bad_delivery(demo, contract=contract), corrected_delivery(demo, contract=contract)


def figures(file: SampleFile) -> pd.Series:
    rows = [row for row in table_of(file.path) if "Total" not in row.values()]
    return pd.Series({row["Code département"]: int(row["Logements cumulés"]) for row in rows})


def test_the_bad_delivery_comes_last_and_the_corrected_one_after_it(
    manifest: SampleManifest, extra: tuple[SampleFile, SampleFile]
) -> None:
    bad, corrected = extra
    assert manifest.files[-1].delivered_on < bad.delivered_on < corrected.delivered_on
    assert bad.months == corrected.months == (LAST_MONTH,)
    assert bad.path.name == corrected.path.name


def test_in_the_bad_delivery_one_department_dominates_beyond_doubt(
    manifest: SampleManifest, extra: tuple[SampleFile, SampleFile]
) -> None:
    truth = manifest.truth
    before = truth[(truth["source"] == "action_logement") & (truth["month"] == "2022-11-01")]
    previous = before.set_index("department_code")["cumulative_dwellings"]
    gain = (figures(extra[0]) - previous).clip(lower=0)
    assert gain.max() / gain.sum() > 0.6
    assert gain.max() > 1_000
    paces = (
        truth[(truth["source"] == "action_logement")].groupby("month")["cumulative_dwellings"].sum()
    ).diff()
    assert gain.sum() > 2.5 * paces.median()
    assert gain.sum() > 1.25 * paces.max()


def test_the_corrected_delivery_has_the_true_figures(
    manifest: SampleManifest, extra: tuple[SampleFile, SampleFile]
) -> None:
    truth = manifest.truth
    is_own = (truth["source"] == "action_logement") & (truth["month"] == pd.Timestamp(LAST_MONTH))
    expected = truth[is_own].set_index("department_code")["cumulative_dwellings"]
    assert figures(extra[1]).to_dict() == expected.to_dict()
    differing = figures(extra[0]) != figures(extra[1])
    assert differing.sum() == 1


def test_what_would_come_later_comes_by_a_day(tmp_path: Path, contract: Contract) -> None:
    last, by = month_of("2019-06"), dt.date(2019, 7, 1)
    made = generate(
        tmp_path,
        contract=contract,
        last=last,
        until={"action_logement": month_of("2019-05")},
        by=by,
    )
    bad = bad_delivery(tmp_path, contract=contract, month=last, by=by)
    assert {file.delivered_on for file in made.files if last in file.months} == {by}
    assert bad.delivered_on == by
    usual = generate(tmp_path / "usual", contract=contract, last=month_of("2019-05"))
    days = [file.delivered_on for file in made.files if last not in file.months]
    assert days == [file.delivered_on for file in usual.files]


def test_the_doubled_department_can_be_chosen(tmp_path: Path, contract: Contract) -> None:
    month = month_of("2022-11")
    bad = bad_delivery(tmp_path / "a", contract=contract, month=month, department="62")
    good = corrected_delivery(tmp_path / "b", contract=contract, month=month)
    ratio = figures(bad) / figures(good)
    assert ratio["62"] == 2
    assert np.array_equal(ratio.drop("62"), np.ones(len(ratio) - 1))
    with pytest.raises(SampleDataError, match="no figure for département 75"):
        bad_delivery(tmp_path, contract=contract, department="75")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"formats": ("csv", "doc")}, "formats .'doc'.: expected some of csv, xlsx, ods"),
        ({"formats": ()}, "expected some of csv, xlsx, ods"),
        ({"until": {"banque": NOVEMBER}}, "no sample data for .'banque'."),
        ({"first": month_of("2018-08")}, "no sample data for 2018-08: it begins in 2018-09"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_written(
    wrong: dict[str, object], message: str, tmp_path: Path, contract: Contract
) -> None:
    with pytest.raises(SampleDataError, match=message):
        generate(tmp_path, contract=contract, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())

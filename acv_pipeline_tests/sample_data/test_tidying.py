"""Every generated file is read without a question, and says what it was made to say."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.sample_data import SampleFile, SampleManifest, generate
from acv_pipeline.sample_data.deliveries import HABITS, KEY
from acv_pipeline.tidying import TidyDelivery, read_delivery

Tidied = list[tuple[SampleFile, TidyDelivery]]


def tidied(manifest: SampleManifest, contract: Contract) -> Tidied:
    return [
        (
            file,
            read_delivery(
                file.path, contract.sources[file.source], contract, received_on=file.delivered_on
            ),
        )
        for file in manifest.files
    ]


@pytest.fixture(scope="module")
def everything(manifest: SampleManifest, contract: Contract) -> Tidied:
    return tidied(manifest, contract)


def figures(file: SampleFile, delivery: TidyDelivery) -> pd.DataFrame:
    records = delivery.records
    own = records[(records["fate"] == "figure") & (records["level"] == "department")]
    return pd.DataFrame(
        {
            "indicator_id": own["indicator_id"],
            "source": file.source,
            "month": own["month"],
            "department_code": own["territory_code"],
            "cumulative_dwellings": own["value"].astype("int64"),
        }
    )


def in_force(deliveries: Tidied) -> pd.DataFrame:
    """What a reader ends up with who takes the last figure of every cell."""
    tables = pd.concat([figures(file, delivery) for file, delivery in deliveries])
    return tables.drop_duplicates(KEY, keep="last").sort_values(KEY).reset_index(drop=True)


def same_figures(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    cells = [
        {tuple(map(str, row[:-1])): int(row[-1]) for row in table.itertuples(index=False)}
        for table in (one, other)
    ]
    return cells[0] == cells[1]


def test_no_row_is_quarantined(everything: Tidied) -> None:
    fates = Counter[str]()
    for file, delivery in everything:
        records = delivery.records
        bad = records[records["fate"] == "quarantined"]
        assert bad.empty, f"{file.path.name}: {bad['reason'].iloc[0]}"
        fates.update(records["fate"])
    assert fates["figure"] > 50_000
    assert fates["control"] > 20
    assert fates["set_aside"] > 10_000


def test_every_file_reads_back_to_its_stated_rows_and_sum(everything: Tidied) -> None:
    for file, delivery in everything:
        own = delivery.records[delivery.records["fate"] == "figure"]
        assert (len(own), int(own["value"].sum())) == (file.rows, file.total), file.path
        assert {month.date() for month in own["month"]} == set(file.months)
        assert set(own["indicator_id"]) == set(file.indicators)


def test_all_files_together_read_back_to_the_truth(
    everything: Tidied, manifest: SampleManifest
) -> None:
    assert same_figures(in_force(everything), manifest.truth)


def test_totals_are_read_as_the_partners_own_statement(everything: Tidied) -> None:
    stating = 0
    for file, delivery in everything:
        if file.source in HABITS:
            for control in delivery.control_totals:
                stating += 1
                assert control.total == file.total
                assert control.rows in (None, file.rows)
    assert stating > 40


def test_other_indicators_and_repeats_are_set_aside(everything: Tidied) -> None:
    reasons = Counter[str]()
    for file, delivery in everything:
        records = delivery.records
        reasons.update(records.loc[records["fate"] == "set_aside", "reason_code"])
        if file.source in HABITS:
            assert not set(records["fate"]) - {"figure", "control", "set_aside"}
    assert len(reasons) >= 3  # another indicator, a repeat, a zero outside the panel


def test_spreadsheets_among_them_read_back_to_their_truth(
    tmp_path: Path, contract: Contract
) -> None:
    last = month_of("2020-03")
    mixed = generate(tmp_path, contract=contract, last=last, formats=("xlsx", "csv", "ods"))
    partners = [file for file in mixed.files if file.source in HABITS]
    kinds = Counter(file.path.suffix for file in partners)
    assert min(kinds[kind] for kind in (".xlsx", ".csv", ".ods")) > 10
    read = tidied(SampleManifest(tuple(partners), mixed.truth), contract)
    for file, delivery in read:
        assert not (delivery.records["fate"] == "quarantined").any(), file.path
    truth = mixed.truth
    assert same_figures(in_force(read), truth[truth["source"] != "barometre"])

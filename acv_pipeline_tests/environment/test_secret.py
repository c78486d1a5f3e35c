"""A secret is a variable or a file, and whatever is wrong with it is said without it."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from acv_pipeline.environment import SecretError, secret
from acv_pipeline.environment.storage_url import STORAGE_URL, storage_url
from acv_pipeline.operations.alerts.channels import configured
from acv_pipeline.publishing.datagouv.settings import PublishError, Settings
from acv_pipeline.warehouse.home import Home

VALUE = "zq7-secret-of-this-test"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(VALUE + "\n", encoding="utf-8")
    return path


def test_the_variable_else_the_file_else_nothing(file: Path) -> None:
    assert secret("A", {"A": VALUE}) == VALUE
    assert secret("A", {"A_FILE": str(file)}) == VALUE
    assert secret("A", {"A": "", "A_FILE": f" {file}\n"}) == VALUE
    assert secret("A", {"A": VALUE, "A_FILE": ""}) == VALUE
    assert secret("A", {"B": VALUE, "B_FILE": str(file)}) == ""


@pytest.mark.parametrize("written", [f"{VALUE}", f"{VALUE}\r\n", f"\ufeff{VALUE}\n\n"])
def test_what_editors_put_around_it_is_no_part_of_it(file: Path, written: str) -> None:
    file.write_text(written, encoding="utf-8", newline="")
    assert secret("A", {"A_FILE": str(file)}) == VALUE


def test_what_is_wrong_is_said_without_it(file: Path, tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n")
    binary.write_bytes(VALUE.encode() + b"\xff\xfe")
    wrong = {
        "A and A_FILE are both set: leave one out": {"A": VALUE, "A_FILE": str(file)},
        "A_FILE must name a file by its whole path": {"A_FILE": VALUE},
        f"cannot read {tmp_path}/none (No such file": {"A_FILE": f"{tmp_path}/none"},
        f"cannot read {tmp_path} (Is a directory)": {"A_FILE": str(tmp_path)},
        f"{empty} is empty": {"A_FILE": str(empty)},
        f"{binary} is no text in UTF-8": {"A_FILE": str(binary)},
    }
    for said, environment in wrong.items():
        with pytest.raises(SecretError) as raised:
            secret("A", environment)
        assert said in str(raised.value)
        assert VALUE not in "".join(traceback.format_exception(raised.value))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_for_somebody_else_is_said_to_be_unreadable(file: Path) -> None:
    file.chmod(0)
    with pytest.raises(SecretError, match="Permission denied"):
        secret("A", {"A_FILE": str(file)})


def test_every_place_that_needs_one_takes_a_file(
    file: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(f"json://{VALUE}@127.0.0.1/a\nerror=mailto://u:{VALUE}@127.0.0.1\n")
    channels = configured({"ACV_ALERT_URLS_FILE": str(file)})
    assert [channel.url for channel in channels] == [
        f"json://{VALUE}@127.0.0.1/a", f"mailto://u:{VALUE}@127.0.0.1",
    ]  # fmt: skip
    file.write_text(VALUE)
    portal = {"ACV_DATAGOUV": "demo", "ACV_DATAGOUV_DATASET": "x"}
    assert Settings.from_environment(portal | {"ACV_DATAGOUV_KEY_FILE": str(file)}).key == VALUE
    with pytest.raises(PublishError, match=r"ACV_DATAGOUV_KEY_FILE: cannot read /none"):
        Settings.from_environment(portal | {"ACV_DATAGOUV_KEY_FILE": "/none"})
    file.write_text(f"sftp://u:{VALUE}@127.0.0.1/x")
    monkeypatch.setenv("ACV_LANDING_FILE", str(file))
    assert str(home.landing) == "sftp://127.0.0.1/x"
    file.write_text(f"postgresql+psycopg2://acv:{VALUE}@127.0.0.1/dagster")
    monkeypatch.setenv(f"{STORAGE_URL}_FILE", str(file))
    assert storage_url().password == VALUE


@pytest.mark.parametrize(
    "address",
    [
        "", VALUE, f"postgresql://acv:{VALUE}@@host/x", f"postgresql://acv:a@{VALUE}/b@host/x",
        f"postgresql://acv@host:{VALUE}/x", f"mysql://acv:{VALUE}@host/x",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_database_is_not_quoted(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STORAGE_URL, address)
    with pytest.raises(SecretError, match="is no address of a database") as raised:
        storage_url()
    assert VALUE not in "".join(traceback.format_exception(raised.value))

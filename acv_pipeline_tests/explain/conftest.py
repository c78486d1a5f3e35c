"""A published home in which every kind of figure, and of missing figure, can be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.warehouse import commits, open_warehouse, put_copy, read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.warehouses import process

PARTNERS = ["anah", "action_logement"]


def fill(landing: Path, contract: Contract) -> None:
    """Five months of both partners, with what goes wrong in real life.

    * 2020-01: Anah corrects 62 by one later on; published in February, withdrawn in June.
    * 2020-02: Anah sends 01 again with 5,000, which is held.
    * 2020-03: Anah's 62 falls by 7; Action Logement's row of 08 cannot be read.
    * 2020-04: Action Logement's month is held: 62 is missing from it.
    * 2020-05: Anah, and the Baromètre.
    """

    def figures(month: str, source: str = "anah", **other: int | str) -> dict[str, int | str]:
        whole: dict[str, int | str] = dict(steady_figures(contract, month_of(month), source=source))
        return whole | {code.removeprefix("d"): value for code, value in other.items()}

    for source in PARTNERS:
        deliver_trajectory(landing, contract, source, ["2020-01", "2020-02"])
    deliver_trajectory(landing, contract, "anah", ["2020-04", "2020-05"])

    def send(source: str, day: str, month: str, name: str, **other: int | str) -> None:
        deliver(landing, source, day, {month: figures(month, source, **other)}, name=name)

    send("barometre", "2020-02-20", "2020-01", "ACV_release_1.csv")
    send("anah", "2020-03-11", "2020-02", "again.csv", d01=5_000)
    send("anah", "2020-04-10", "2020-03", "march.csv", d62=180)
    send("action_logement", "2020-04-11", "2020-03", "march_al.csv", d08="douze")
    send("anah", "2020-04-20", "2020-01", "correction.csv", d62=179)
    missing = figures("2020-04", "action_logement")
    del missing["62"]
    deliver(landing, "action_logement", "2020-05-11", {"2020-04": missing}, name="april_al.csv")
    send("barometre", "2020-06-20", "2020-05", "ACV_release_2.csv")


@pytest.fixture(scope="module")
def landing_of_all(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Path:
    landing = tmp_path_factory.mktemp("landing")
    fill(landing, contract)
    return landing


@pytest.fixture(scope="module")
def known(
    contract: Contract, landing_of_all: Path, tmp_path_factory: pytest.TempPathFactory
) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    with open_warehouse(home, contract) as connection:
        process(connection, contract, landing_of_all)
        put_copy(connection, home, home.published, checked_at=commits(connection))
    return home


@pytest.fixture(scope="module")
def copy(known: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy."""
    with read_published(known) as connection:
        yield connection

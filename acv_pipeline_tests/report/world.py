"""A small world in which everything the report can show happens, some of it hostile."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.entries import Target
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.corrections import Correction, record_register
from acv_pipeline_tests.deliveries import ACV, PVD, deliver, steady_figures
from acv_pipeline_tests.warehouses import process

PANEL = [
    "01", "02", "04", "06", "13", "21", "29", "2A", "2B", "33", "34", "59",
    "60", "62", "67", "69", "77", "78", "85", "91", "971", "973", "974", "976",
]  # fmt: skip
HOSTILE_FILE = "<img src=x onerror=window.pwned=1>\"'&{{7*7}} mai.csv"
HOSTILE_REFUSED = "<svg onload=window.pwned=2>.csv"
HOSTILE_REASON = "<script>window.pwned=3</script> vu avec la source & confirmé"
HOSTILE_NAME = '"><b>chef</b>'
HELD_MONTH = month_of("2020-07")


@dataclass(frozen=True)
class World:
    """A warehouse with its marts built, and the contract it was built with."""

    connection: duckdb.DuckDBPyConnection
    contract: Contract


def small(contract: Contract) -> Contract:
    """The contract with a small panel, and a target for ACV."""
    excluded = [code for code in contract.territories.departments if code not in PANEL]
    target = Target(value=60_000, why="A round figure, for the tests of this report only.")
    indicators = {
        name: entry.model_copy(
            update={"panel_excludes": excluded, "target": target if name == ACV else None}
        )
        for name, entry in contract.indicators.items()
    }
    return contract.model_copy(update={"indicators": indicators})


def fill(connection: duckdb.DuckDBPyConnection, contract: Contract, landing: Path) -> None:
    """Seven months of both partners for ACV, three of Anah's for PVD.

    * 01 and 02 always have the same figure: a tie.
    * 2020-02: Anah corrects 62 by two later on: a revision.
    * 2020-04: nothing comes: a gap.
    * 2020-05: Action Logement's 59 leaps: held, then signed off with a hostile reason.
    * 2020-06: Action Logement's row of 2A cannot be read: the total is incomplete. The register
      corrects Anah's 33.
    * 2020-07: Action Logement's month lacks 62: held. Anah's is there.
    * 2020-05 comes once more from Action Logement, without 62: held, what was there stays.
    """

    def send(source: str, day: str, month: str, name: str, **other: int | str) -> Path:
        figures: dict[str, int | str] = dict(
            steady_figures(contract, month_of(month), source=source)
        )
        figures["02"] = figures["01"]
        if source == "action_logement" and month >= "2020-05":
            figures["59"] = int(figures["59"]) + 4_000
        changed = {code.removeprefix("d"): value for code, value in other.items()}
        return deliver(landing, source, day, {month: figures | changed}, name=name)

    for month, day in (("01", "2020-02-10"), ("02", "2020-03-10"), ("03", "2020-04-10")):
        for source in ("anah", "action_logement"):
            send(source, day, f"2020-{month}", f"ACV {source} {month}.csv")
    sixty_two = steady_figures(contract, month_of("2020-02"), source="anah")["62"]
    send("anah", "2020-04-20", "2020-02", "ACV anah correction.csv", d62=sixty_two + 2)
    send("anah", "2020-06-10", "2020-05", "ACV anah 05.csv")
    leap = send("action_logement", "2020-06-11", "2020-05", HOSTILE_FILE)
    connection.execute(
        "insert into validated.signoffs values (?, ?, ?, ?, ?, ?)",
        [hashlib.sha256(leap.read_bytes()).hexdigest(), ACV, month_of("2020-05"), HOSTILE_NAME,
         HOSTILE_REASON, dt.datetime(2020, 6, 15, 12)],
    )  # fmt: skip
    send("anah", "2020-07-10", "2020-06", "ACV anah 06.csv")
    send("action_logement", "2020-07-10", "2020-06", "ACV al 06.csv", d2A="douze")
    send("anah", "2020-08-10", "2020-07", "ACV anah 07.csv")
    for month, day in (("2020-07", "2020-08-11"), ("2020-05", "2020-08-12")):
        lacking = steady_figures(contract, month_of(month), source="action_logement")
        del lacking["62"]
        deliver(landing, "action_logement", day, {month: lacking}, name=f"ACV al {month}.csv")
    for number, month in enumerate(("2020-10", "2020-11", "2020-12")):
        figures = steady_figures(contract, month_of(month), PVD, source="barometre")
        name = f"PVD petites villes de demain {month}.csv"
        deliver(landing, "anah", f"2021-0{number + 1}-12", {month: figures}, name=name)
    refused = landing / "anah" / "2020-08-12"
    refused.mkdir(parents=True)
    (refused / HOSTILE_REFUSED).write_text("rien;d'utile\n1;2\n", encoding="utf-8")

    delivered = steady_figures(contract, month_of("2020-06"), source="anah")["33"]
    entry = Correction(
        1, "anah", ACV, month_of("2020-06"), "33", delivered, delivered + 3,
        HOSTILE_REASON, HOSTILE_NAME, dt.date(2020, 7, 15),
    )  # fmt: skip
    record_register(connection, [entry])
    process(connection, contract, landing)
    for name, month, passed, severity in (
        ("keys_are_unique", "2020-05-01", True, "warn"),
        ("panel_department_missing", "2020-06-01", False, "error"),
    ):
        connection.execute(
            "insert into validated.check_results values"
            " ('validated_dwellings', ?, ?, ?, ?, ?, ?, 'ask', '[]', ?)",
            [name, month, passed, severity, 0 if passed else 1,
             "" if passed else HOSTILE_REFUSED, dt.datetime(2020, 9, 1)],
        )  # fmt: skip

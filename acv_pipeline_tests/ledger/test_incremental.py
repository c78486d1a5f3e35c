"""However deliveries arrive, the tables end as one rebuild from raw would make them."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.store import judge_and_write, months_to_judge, read_fresh
from acv_pipeline.warehouse import open_warehouse, transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, steady_figures
from acv_pipeline_tests.warehouses import PROJECT, contents, process, sign_off_all

MONTHS = ["2021-01", "2021-02", "2021-03", "2021-04"]
SOURCES = ["anah", "action_logement", "barometre"]
DAYS = ["2021-05-10", "2021-05-11", "2021-06-10", "2021-07-10"]


@dataclass(frozen=True)
class Sent:
    """One file: some months of a source, whole or spoilt, received on a day."""

    source: str
    day: str
    months: tuple[str, ...]
    flaw: str
    amount: int

    def write(self, landing: Path, contract: Contract, number: int) -> None:
        figures: dict[str, dict[str, int | str]] = {}
        for text in self.months:
            whole = steady_figures(contract, month_of(text), source=self.source)
            figures[text] = dict(whole)
            if self.flaw == "corrected":
                figures[text]["62"] = whole["62"] + self.amount
                figures[text]["01"] = whole["01"] - min(self.amount, whole["01"])
            elif self.flaw == "partial":
                del figures[text]["62"]
            elif self.flaw == "quarantined":
                figures[text]["62"] = "douze"
            elif self.flaw == "tenfold":
                figures[text] = {code: 10 * value for code, value in whole.items()}
        deliver(landing, self.source, self.day, figures, name=f"ACV_{number}.csv")


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """Late, repeated, corrected and partial deliveries, more than one a day."""
    flaws = ["none", "none", "corrected", "corrected", "partial", "quarantined", "tenfold"]
    return [
        Sent(
            draw(st.sampled_from(SOURCES)),
            draw(st.sampled_from(DAYS)),
            tuple(sorted(draw(st.sets(st.sampled_from(MONTHS), min_size=1)))),
            draw(st.sampled_from(flaws)),
            draw(st.integers(1, 40)),
        )
        for _ in range(draw(st.integers(2, 6)))
    ]


@settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories(), seed=st.integers(0, 10_000), sign_off=st.booleans())
def test_incremental_processing_equals_one_rebuild(
    contract: Contract, history: list[Sent], seed: int, sign_off: bool
) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (landing := root / "landing").mkdir()
        waiting = list(enumerate(history))
        chance.shuffle(waiting)
        with open_warehouse(Home(root / "home"), contract) as connection:
            PROJECT.load_seeds(connection)
            while waiting:
                for _ in range(chance.randint(1, 3)):
                    if waiting:
                        number, sent = waiting.pop()
                        sent.write(landing, contract, number)
                load(connection, landing, contract)
                due = sorted(months_to_judge(read_fresh(connection, contract)))
                # a run may be of some months only; the last one is of all that are due
                chosen = chance.sample(due, chance.randint(0, len(due))) if waiting else due
                with transaction(connection):
                    judge_and_write(connection, contract, chosen)
                    PROJECT.build(connection)
            if sign_off and sign_off_all(connection):
                process(
                    connection, contract, landing, months_to_judge(read_fresh(connection, contract))
                )
            bit_by_bit = contents(connection)
        with open_warehouse(Home(root / "rebuilt"), contract) as connection:
            for row in bit_by_bit["validated.signoffs"]:  # a record of its own, like deliveries
                connection.execute("insert into validated.signoffs values (?, ?, ?, ?, ?, ?)", row)
            process(connection, contract, landing)
            rebuilt = contents(connection)
    assert bit_by_bit.keys() == rebuilt.keys()
    assert len([table for table in rebuilt if table.startswith("marts.")]) == len(PROJECT.models)
    assert rebuilt["raw.deliveries"], "something was received"
    for table, rows in rebuilt.items():
        assert bit_by_bit[table] == rows, table

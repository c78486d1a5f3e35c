"""A delivery of which nothing comes into force is told of, whether it is the first one or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.test_cli import Acv

DAY, MONTH = "2018-11-10", "2018-10"
REFUSED = "✗ REFUSED bad.csv from anah, received 2018-11-10: "
UNUSABLE = "✗ NO FIGURE in bad.csv from anah, received 2018-11-10: "
KINDS = {
    "refused": [REFUSED],
    "quarantined": [UNUSABLE, "96 rows of bad.csv", "no number we understand", "row 2: 01 | 2018"],
    "months to come": [UNUSABLE, "96 rows of bad.csv", "begins after the day of reception"],
    "held": ["✗ HELD nb-logement-accompagnement 2018-10 from anah", "panel_department_missing"],
}


@pytest.fixture
def acv(tmp_path: Path, landing: Path) -> Acv:
    return Acv(tmp_path / "home", landing)


def bring(landing: Path, contract: Contract, kind: str) -> None:
    """A delivery of which nothing can be used."""
    figures: dict[str, int | str] = dict(steady_figures(contract, month_of(MONTH)))
    month = MONTH
    if kind == "quarantined":
        figures = dict.fromkeys(figures, "beaucoup")
    elif kind == "months to come":
        month = "2099-10"
    elif kind == "held":
        figures = {code: value for code, value in figures.items() if code > "20"}
    path = deliver(landing, "anah", DAY, {month: figures}, name="bad.csv")
    if kind == "refused":
        path.write_text("nothing of the kind\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "is_first"),
    [*((kind, True) for kind in KINDS), ("quarantined", False)],
    ids=lambda told: {True: "first", False: "later"}.get(told, told),
)
def test_run_and_status_say_what_and_why(
    acv: Acv, landing: Path, contract: Contract, kind: str, is_first: bool
) -> None:
    if not is_first:
        deliver_trajectory(landing, contract, "anah", ["2018-09"])
        assert acv.run().exit_code == 0
    bring(landing, contract, kind)
    for done in (acv.run(), acv("status"), acv.run()):
        assert done.exit_code == 1, done.output
        for words in KINDS[kind]:
            assert words in done.output
        assert "holds no figures yet" not in done.output
    assert len(acv.query("select * from validated.dwellings")) == (0 if is_first else 96)
    if not is_first:  # once the source makes it good, all is well
        good = steady_figures(contract, month_of(MONTH))
        deliver(landing, "anah", "2018-11-20", {MONTH: good}, name="good.csv")
        done = acv.run()
        assert done.exit_code == 0, done.output


def test_an_empty_landing_zone_is_no_fault(acv: Acv) -> None:
    done = acv.run()
    assert done.exit_code == 0 and "the landing zone holds no figures yet" in done.output
    assert acv("status").exit_code == 2

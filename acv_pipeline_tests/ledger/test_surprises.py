"""What a landing zone can hold: overwritten, renamed, split, late and contradictory files."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.load import LoadReport, load
from acv_pipeline.ledger.months_on_record import add_of_lately_received, due_months
from acv_pipeline.ledger.store import judge_and_write
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import deliver, steady_figures

MONTHS = ["2018-09", "2018-10", "2018-11", "2018-12"]


class Zone:
    """A landing zone and what the warehouse makes of it."""

    def __init__(
        self, warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
    ) -> None:
        self.warehouse, self.landing, self.contract = warehouse, landing, contract

    def receive(self) -> LoadReport:
        report = load(self.warehouse, self.landing, self.contract)
        with transaction(self.warehouse):
            judge_and_write(self.warehouse, self.contract)
        return report

    def in_force(self) -> dict[str, int]:
        """Figures in force per month."""
        return dict(
            self.warehouse.execute(
                "select strftime(month, '%Y-%m'), count(*) from validated.dwellings"
                " group by 1 order by 1"
            ).fetchall()
        )

    def figures(self, month: str, source: str = "anah") -> dict[str, int]:
        return steady_figures(self.contract, month_of(month), source=source)


@pytest.fixture
def zone(warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract) -> Zone:
    return Zone(warehouse, landing, contract)


def test_a_release_split_into_files_withdraws_nothing_of_itself(zone: Zone) -> None:
    for name, months in (("a.csv", MONTHS[:2]), ("b.csv", MONTHS[2:])):
        figures = {month: zone.figures(month, "barometre") for month in months}
        path = deliver(zone.landing, "barometre", "2019-01-20", figures, name=name)
        _name_indicator(path)
    zone.receive()
    assert zone.in_force() == dict.fromkeys(MONTHS, 96)


def _name_indicator(path: Path) -> None:
    """The Baromètre names the indicator in every row."""
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [f"id_indicateur;{header}"]
    lines += [f"nb-logement-accompagnement;{row}" for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_release_that_is_held_or_a_fragment_withdraws_nothing(zone: Zone) -> None:
    figures = {month: zone.figures(month, "barometre") for month in MONTHS}
    _name_indicator(deliver(zone.landing, "barometre", "2019-01-20", figures, name="all.csv"))
    fragment = zone.figures("2018-12", "barometre")
    del fragment["62"]
    _name_indicator(
        deliver(zone.landing, "barometre", "2019-02-20", {"2018-12": fragment}, name="one.csv")
    )
    zone.receive()
    assert zone.in_force() == dict.fromkeys(MONTHS, 96)


def test_rows_whose_month_cannot_be_read_withdraw_nothing(zone: Zone) -> None:
    figures = {month: zone.figures(month, "barometre") for month in MONTHS}
    path = deliver(zone.landing, "barometre", "2019-01-20", figures, name="all.csv")
    _name_indicator(path)
    again = deliver(zone.landing, "barometre", "2019-02-20", figures, name="again.csv")
    _name_indicator(again)
    text = again.read_text(encoding="utf-8").replace("2018-10-31", "2018-10-32")
    again.write_text(text, encoding="utf-8")
    zone.receive()
    assert zone.in_force() == dict.fromkeys(MONTHS, 96)


def test_of_files_of_one_name_the_one_that_is_there_counts(zone: Zone) -> None:
    for extra in (0, 1, 2, 3, 1):  # the last one has been there before
        figures = zone.figures("2018-09")
        figures["01"] += extra
        deliver(zone.landing, "anah", "2018-10-10", {"2018-09": figures}, name="acv.csv")
        zone.receive()
        (value,) = zone.warehouse.execute(
            "select cumulative_dwellings from validated.dwellings where department_code = '01'"
        ).fetchall()
        assert value == (figures["01"],)


def test_a_refused_file_is_read_again_where_something_changed(zone: Zone) -> None:
    path = deliver(zone.landing, "anah", "2018-10-10", {"2018-09": zone.figures("2018-09")})
    sidecar = path.with_name(path.name + ".control.csv")
    sidecar.write_text("nonsense\n", encoding="utf-8")
    assert len(zone.receive().refused) == 1
    assert zone.receive().refused == [], "told once"
    sidecar.unlink()
    zone.receive()
    assert zone.in_force() == {"2018-09": 96}


def test_a_file_that_was_still_being_written_is_read_once_it_has_its_name(zone: Zone) -> None:
    path = deliver(
        zone.landing, "anah", "2018-10-10", {"2018-09": zone.figures("2018-09")}, name="a.csv.part"
    )
    assert zone.receive().new == []
    path.rename(path.with_name("a.csv"))
    assert len(zone.receive().new) == 1
    assert zone.in_force() == {"2018-09": 96}


def test_a_sidecar_that_comes_later_is_compared(zone: Zone) -> None:
    path = deliver(zone.landing, "anah", "2018-10-10", {"2018-09": zone.figures("2018-09")})
    zone.receive()
    assert zone.in_force() == {"2018-09": 96}
    sidecar = path.with_name(path.name + ".control.csv")
    sidecar.write_text("row_count,total\n96,1\n", encoding="utf-8")
    zone.receive()
    (status,) = zone.warehouse.execute("select status from raw.deliveries").fetchall()
    assert status == ("held",)


def test_of_contradictory_totals_the_wrong_one_is_heard(zone: Zone) -> None:
    figures = zone.figures("2018-09")
    path = deliver(zone.landing, "anah", "2018-10-10", {"2018-09": figures})
    total = sum(figures.values())
    with path.open("a", encoding="utf-8") as file:
        file.write(f"Total;2018-09-30;{total + 500}\n")
    sidecar = path.with_name(path.name + ".control.csv")
    sidecar.write_text(f"row_count,total\n96,{total}\n", encoding="utf-8")
    zone.receive()
    ((rules,),) = zone.warehouse.execute("select check_name from validated.held_months").fetchall()
    assert "control_total_differs" in rules


def test_a_delivery_without_any_readable_month_counts_for_the_one_before_it_came(
    zone: Zone,
) -> None:
    path = deliver(zone.landing, "anah", "2018-10-10", {"2018-09": zone.figures("2018-09")})
    text = path.read_text(encoding="utf-8").replace("2018-09-30", "2018-13-40")
    path.write_text(text, encoding="utf-8")
    zone.receive()
    add_of_lately_received(zone.warehouse, zone.contract)
    assert due_months(zone.warehouse) == {month_of("2018-09")}
    status, reason = zone.warehouse.execute(
        "select status, reason_code from raw.deliveries"
    ).fetchall()[0]
    assert (status, reason) == ("held", "no_figure")


@pytest.mark.parametrize("first", [0, 1])
def test_the_same_bytes_mean_what_their_earliest_name_says(zone: Zone, first: int) -> None:
    """Without a month column the name tells the month; the order of receipt doesn't matter."""
    text = "département;cumul\n" + "".join(
        f"{code};{value}\n" for code, value in zone.figures("2018-09").items()
    )
    places = [("2018-10-10", "acv-2018-09.csv"), ("2018-11-10", "acv-2018-10.csv")]
    for day, name in [places[first], places[1 - first]]:
        folder = zone.landing / "anah" / day
        folder.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
        zone.receive()
    assert zone.in_force() == {"2018-09": 96}


def test_rows_in_quarantine_settle_no_hold(zone: Zone) -> None:
    good = zone.figures("2018-09")
    deliver(zone.landing, "anah", "2018-10-10", {"2018-09": good})
    incomplete = {code: value + 1 for code, value in good.items() if code != "62"}
    deliver(zone.landing, "anah", "2018-10-11", {"2018-09": incomplete})
    nothing = dict.fromkeys(good, "nd")
    deliver(zone.landing, "anah", "2018-10-12", {"2018-09": nothing})
    zone.receive()
    verdicts = zone.warehouse.execute(
        "select verdict, status from validated.verdicts order by delivered_on"
    ).fetchall()
    assert verdicts == [("accepted", None), ("held", "held")]
    assert zone.in_force() == {"2018-09": 96}


def test_rows_of_months_not_yet_judged_wait(zone: Zone) -> None:
    figures = {month: zone.figures(month) for month in MONTHS[:2]}
    deliver(zone.landing, "anah", "2018-11-10", figures)
    load(zone.warehouse, zone.landing, zone.contract)
    with transaction(zone.warehouse):
        judge_and_write(zone.warehouse, zone.contract, [month_of("2018-09")])
    accounts = "select received, validated, waiting from validated.row_accounts"
    assert zone.warehouse.execute(accounts).fetchall() == [(192, 96, 96)]
    zone.receive()
    assert zone.warehouse.execute(accounts).fetchall() == [(192, 192, 0)]


def test_opening_the_warehouse_changes_nothing(zone: Zone) -> None:
    """The arrival sensor looks at when the file changed."""
    shutil.rmtree(zone.landing)
    zone.landing.mkdir()
    before = zone.warehouse.execute("select count from raw.commits").fetchall()
    load(zone.warehouse, zone.landing, zone.contract)
    assert zone.warehouse.execute("select count from raw.commits").fetchall() == before

"""What stands out now: corrections without effect, bytes that two sources delivered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger import load as loading
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.test_cli import Acv

MONTHS = ["2018-09", "2018-10", "2018-11"]
ENTRY = """\
- source: anah
  indicator: ACV
  month: 2018-11
  department: 59
  delivered: {delivered}
  corrected: {corrected}
  reason: one dossier was counted twice
  by: the statistics unit
  date: 2019-01-15
"""


@pytest.fixture
def acv(tmp_path: Path, landing: Path) -> Acv:
    return Acv(tmp_path / "home", landing)


def figures(acv: Acv, table: str) -> list[tuple[object, ...]]:
    return acv.query(
        f"select cumulative_dwellings, is_corrected from {table} where department_code = '59'"
        " and month = date '2018-11-01' and series in ('anah', 'total') order by series"
    )


def failing(acv: Acv, check: str) -> list[tuple[object, ...]]:
    return acv.query(
        "select strftime(month, '%Y-%m'), severity, summary from validated.check_results"
        f" where check_name = '{check}' and not passed order by all"
    )


def test_a_correction_from_the_register_to_the_rankings_and_back(
    acv: Acv, landing: Path, contract: Contract
) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)
    assert acv.run().exit_code == 0
    right = steady_figures(contract, month_of("2018-11"))["59"]
    other = steady_figures(contract, month_of("2018-11"), source="action_logement")["59"]
    as_delivered = [(right, False), (right + other, False)]
    assert figures(acv, "marts.series") == as_delivered

    register = acv.home / "corrections.yml"
    register.write_text(ENTRY.format(delivered=right, corrected=right - 1), encoding="utf-8")
    done = acv.run()
    assert done.exit_code == 0, done.output
    for table in ("marts.series", "marts.monthly_increments", "marts.department_rankings"):
        assert figures(acv, table) == [(right - 1, True), (right - 1 + other, True)], table
    assert acv.query("select count(*) from marts.series where is_corrected") == [(2,)]
    assert acv.query(
        "select old_value, new_value, kind, revised_on::varchar from marts.revisions"
    ) == [(right, right - 1, "correction", "2019-01-15")]
    assert acv.query("select reason, corrected_by, delivered from validated.corrections") == [
        ("one dossier was counted twice", "the statistics unit", right)
    ]
    as_of = "select cumulative_dwellings from marts.series_as_of(date '2019-01-14') where {}"
    where = "department_code = '59' and month = date '2018-11-01' and series = 'anah'"
    assert acv.query(as_of.format(where)) == [(right,)], "that is what was believed"
    assert not failing(acv, "corrections_still_match")
    assert not failing(acv, "every_figure_has_provenance")
    assert "CORRECTION" not in acv("status").output
    assert "Nothing to do" in acv.run().output

    register.write_text(ENTRY.format(delivered=right + 7, corrected=right - 1), encoding="utf-8")
    done = acv.run()
    assert done.exit_code == 1
    assert figures(acv, "marts.series") == as_delivered
    ((month, severity, summary),) = failing(acv, "corrections_still_match")
    assert (month, severity) == ("2018-11", "error")
    said = f"the latest delivery says {right}, not {right + 7}"
    assert f"entry 1 (anah 59): {said}" in str(summary)
    assert "CORRECTION 1 of corrections.yml (anah, nb-logement-accompagnement" in done.output
    found = acv("status", "--json")
    assert found.exit_code == 1
    (stale,) = json.loads(found.output)["stale_corrections"]
    assert stale["problem"] == said and stale["entry"] == 1

    register.unlink()
    assert acv.run().exit_code == 0
    assert figures(acv, "marts.series") == as_delivered
    assert not failing(acv, "corrections_still_match")


def test_an_entry_for_what_was_never_delivered_is_seen(
    acv: Acv, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:2])
    acv.home.mkdir()
    (acv.home / "corrections.yml").write_text(
        ENTRY.format(delivered=1, corrected=2), encoding="utf-8"
    )
    done = acv.run()
    assert done.exit_code == 1 and "no delivery has a figure for it" in done.output
    ((month, *_),) = failing(acv, "corrections_still_match")
    assert month == "2018-11", "a month that nothing else is known of"


def test_a_wrong_register_stops_with_one_line(acv: Acv) -> None:
    acv.home.mkdir()
    (acv.home / "corrections.yml").write_text("- source: anah\n", encoding="utf-8")
    done = acv.run()
    assert done.exit_code == 2 and "Traceback" not in done.output
    assert "entry 1, indicator: missing; expected one of ACV, PVD" in done.output


def test_the_same_file_from_two_sources(acv: Acv, landing: Path, contract: Contract) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:1])
    assert acv.run().exit_code == 0
    (original,) = (landing / "anah").rglob("*.csv")
    copy = landing / "action_logement" / "2018-10-12" / "September.csv"
    copy.parent.mkdir(parents=True)
    shutil.copy(original, copy)
    done = acv.run()
    assert done.exit_code == 0, "a warning: Anah's figures are in force, nothing was held"
    assert "action_logement/2018-10-12/September.csv: its bytes count for anah" in done.output
    assert "nothing to do" not in done.output
    assert acv.query("select distinct source from validated.dwellings") == [("anah",)]
    ((month, severity, summary),) = failing(acv, "delivered_by_one_source")
    assert (month, severity) == ("2018-09", "warn") and "counts for anah" in str(summary)
    said = acv("status").output
    assert "September.csv (action_logement, received 2018-10-12) has the bytes of" in said
    assert contract.sources["action_logement"].contact.en in said
    # its own figures settle it
    own = steady_figures(contract, month_of("2018-09"), source="action_logement")
    deliver(landing, "action_logement", "2018-10-20", {"2018-09": own})
    assert acv.run().exit_code == 0
    assert not failing(acv, "delivered_by_one_source")
    assert "September.csv" not in acv("status").output


def test_a_file_that_cannot_be_opened_is_said_until_it_can(
    acv: Acv, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:1])
    sha256 = loading.sha256

    def grumpy(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(loading, "sha256", grumpy)
    done = acv.run()
    assert done.exit_code == 1 and "Permission denied; the next run tries again" in done.output
    monkeypatch.setattr(loading, "sha256", sha256)
    done = acv.run()
    assert done.exit_code == 0 and "1 new delivery" in done.output, done.output
    assert "Permission denied" not in done.output


def test_two_files_of_one_day(acv: Acv, landing: Path, contract: Contract) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:2])
    right = steady_figures(contract, month_of("2018-11"))
    draft = right | {"59": right["59"] - 1}
    day = "2018-12-08"
    deliver(landing, "anah", day, {"2018-11": right}, name="A_definitif.csv")
    deliver(landing, "anah", day, {"2018-11": draft}, name="Z_provisoire.csv")
    done = acv.run()
    assert done.exit_code == 0, done.output
    assert (
        "! Anah, ACV 2018-11: Z_provisoire.csv is not used: 1 figure of 96 differs from "
        "A_definitif.csv, received on the same day; that file counts: it says “définitif” and the "
        "other says “provisoire”" in done.output
    )
    assert "! warning same_day_files_differ: 2018-11" in done.output
    assert failing(acv, "same_day_files_differ")[0][:2] == ("2018-11", "warn")
    shown = acv("explain", "59", "2018-11", "--series", "anah").output
    assert f"Anah: {right['59']}, in force since {day}" in shown and "A_definitif.csv" in shown
    then = acv("explain", "59", "2018-11", "--series", "anah", "--as-of", "2018-12-07")
    assert then.exit_code == 1 and "has delivered nothing for 2018-11 by 2018-12-07" in then.output
    before = acv.query("from validated.observations order by all")
    assert acv("rebuild", with_landing=True).exit_code == 0
    assert acv.run().exit_code == 0
    assert acv.query("from validated.observations order by all") == before

    # a third one, of which nothing tells what it is beside the definitive one
    deliver(landing, "anah", day, {"2018-11": draft | {"60": 1}}, name="A_def.csv")
    done = acv.run()
    assert done.exit_code == 1
    (entry, other) = json.loads(acv("status", "--json").output)["held"]
    assert {entry["file_name"], other["file_name"]} == {"A_def.csv", "A_definitif.csv"}
    assert all("same_day_files_differ" in each["rules"] for each in (entry, other))
    assert f"HELD {entry['indicator_id']} 2018-11 from anah (A_def.csv" in done.output
    assert "do: Ask the statistics unit of Anah which of the files counts" in done.output
    assert acv.query("select * from validated.dwellings where month = '2018-11-01'") == []
    ids = {each["file_name"]: each["delivery_id"] for each in (entry, other)}
    signed = acv(
        "signoff", ids["A_definitif.csv"][:12], "ACV", "2018-11", "--reason", "r", "--by", "b"
    )
    assert signed.exit_code == 0, signed.output
    assert acv.run().exit_code == 0
    assert acv.query(
        "select cumulative_dwellings from validated.dwellings"
        " where month = '2018-11-01' and department_code = '59'"
    ) == [(right["59"],)]

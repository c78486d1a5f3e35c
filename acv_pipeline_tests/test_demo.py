"""The demo is of today: its months end last month, one is late, one is held."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner

from acv_pipeline.cli.demo import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.operations.status import Status, status
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home


def demonstrated(home: Home, contract: Contract) -> tuple[str, Status]:
    """What is printed and what stands, on the day that it is."""
    done = CliRunner().invoke(main, ["--home", str(home.root)])
    assert done.exit_code == 0, done.output
    with read_published(home) as connection:
        return done.output, status(connection, contract, home)


def test_today_and_a_month_later(
    home: Home, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the first day of a month, when hardly anybody would have delivered; early in the next."""
    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2019, 7, 1))
    said, found = demonstrated(home, contract)
    assert "June 2019 arrives: a good delivery and a bad one" in said
    assert "2019-03  late: nothing of Action Logement came, due 2019-04-20" in said
    assert "2019-06  held: no total, no ranking" in said
    assert [(held.source, held.month) for held in found.held] == [
        ("action_logement", month_of("2019-06"))
    ]
    assert [(late.source, late.months) for late in found.late] == [
        ("action_logement", [month_of("2019-03")])
    ]
    (command,) = (line for line in said.splitlines() if "acv signoff" in line)
    assert command.endswith(f"--home {home.root}"), "the person's shell knows of no home"
    assert "Nothing to do: no new figures, nothing changed." in demonstrated(home, contract)[0]

    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2019, 8, 2))
    said, found = demonstrated(home, contract)
    assert [held.month for held in found.held] == [month_of("2019-07")], "June came right"
    assert not found.late and "late" not in said, "March came, and April had"

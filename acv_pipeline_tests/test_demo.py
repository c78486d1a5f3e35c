"""The demo is of today: its months end last month, one is late, one is held."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner, Result

from acv_pipeline.cli.demo import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.operations.status import status
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home


def demo(home: Home) -> Result:
    return CliRunner().invoke(main, ["--home", str(home.root)])


def test_on_the_first_day_of_a_month_and_a_month_later(
    home: Home, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When hardly any partner would have delivered yet."""
    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2020, 2, 1))
    done = demo(home)
    assert done.exit_code == 0, done.output
    assert "January 2020 arrives: a good delivery and a bad one" in done.output
    assert "2019-10  late: nothing of Action Logement came, due 2019-11-20" in done.output
    assert "2020-01  held: no total, no ranking" in done.output
    with read_published(home) as connection:
        found = status(connection, contract, home)
    assert [(held.source, held.month) for held in found.held] == [
        ("action_logement", month_of("2020-01"))
    ]
    assert [(late.source, late.months) for late in found.late] == [
        ("action_logement", [month_of("2019-10")])
    ]
    (command,) = (line for line in done.output.splitlines() if "acv signoff" in line)
    assert command.endswith(f"--home {home.root}"), "the person's shell knows of no home"

    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2020, 3, 2))
    done = demo(home)
    assert done.exit_code == 2
    assert f"or delete {home.root}, a demo of another month" in done.output
    assert "Traceback" not in done.output

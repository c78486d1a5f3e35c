"""Replaying a history of releases in the order of their days, and comparing with labels."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import Month, first_day
from acv_pipeline.landing import LandingError
from acv_pipeline.language import _
from acv_pipeline.ledger.load import LoadReport, load
from acv_pipeline.ledger.store import read_ledger
from acv_pipeline.ledger.verdicts import Verdict
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home

# What a label asks of the gate (the words are those of the labelled history)
MUST_BE_HELD, MUST_BE_FLAGGED, MUST_PASS = "MAJ", ("agg", "min"), "ok"


@dataclass(frozen=True)
class Replay:
    """What the gate said of a history.

    Attributes:
        verdicts: in the order of delivery day, indicator and month.
        load: what could not be read.
    """

    verdicts: list[Verdict]
    load: LoadReport


def replay(
    folder: Path,
    contract: Contract,
    source: str,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Replay:
    """Judge the releases in ``folder`` one after the other, as if each came on its day.

    Args:
        folder: dated folders (``2021-05-07/<files>``) of one source's releases, or a whole
            landing zone (``<source>/<date>/<files>``), of which only ``source`` is read.

    Raises:
        LandingError: the folder holds no dated folder with files.
    """
    with loaded(folder, contract, source, progress=progress) as (connection, report):
        verdicts = read_ledger(connection, contract).verdicts
        verdicts += _sent_again(connection, verdicts)
    return Replay(sorted(verdicts, key=lambda v: (v.delivered_on, v.indicator_id, v.month)), report)


@contextmanager
def loaded(
    folder: Path,
    contract: Contract,
    source: str,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, LoadReport]]:
    """A scratch warehouse with the releases in ``folder``, read and not judged, and what was read.

    Raises:
        LandingError: the folder holds no dated folder with files.
    """
    if not folder.is_dir():
        raise LandingError(
            _("{folder} is not a folder: expected dated folders like 2021-05-07", folder=folder)
        )
    with tempfile.TemporaryDirectory(prefix="acv-replay-") as scratch:
        landing = Path(scratch) / "landing"
        landing.mkdir()
        dated = folder / source if (folder / source).is_dir() else folder
        (landing / source).symlink_to(dated.resolve(), target_is_directory=True)
        with open_warehouse(Home(Path(scratch) / "home"), contract) as connection:
            report = load(connection, landing, contract, sources=[source], progress=progress)
            if not report.new:
                raise LandingError(
                    _(
                        "{folder} holds no releases: expected dated folders like "
                        "{folder}/2021-05-07/<files>",
                        folder=folder,
                    )
                )
            yield connection, report


def _sent_again(connection: duckdb.DuckDBPyConnection, verdicts: list[Verdict]) -> list[Verdict]:
    """The same bytes on a later day change nothing; in a history they are a release still."""
    days = connection.execute(
        """
        select distinct sightings.delivery_id, sightings.delivered_on
        from raw.sightings join raw.deliveries using (delivery_id)
        where sightings.delivered_on <> deliveries.delivered_on
        """
    ).fetchall()
    return [
        dataclasses.replace(
            verdict, delivered_on=day, verdict="unchanged", findings=[], status=None, signoff=None
        )
        for delivery_id, day in days
        for verdict in verdicts
        if verdict.delivery_id == delivery_id
    ]


def shown_verdict(verdict: Verdict) -> str:
    """``accepted``, ``held`` or ``unchanged``; figures held before and sent again are unchanged."""
    return "unchanged" if verdict.is_repeat else verdict.verdict


@dataclass
class Comparison:
    """A replay against labels.

    Attributes:
        counts: per label: how many blocks, how many held, how many flagged by any rule.
        misses: blocks that should have been held or flagged and were not.
        false_alarms: good blocks that were held.
        unknown: labelled blocks that the replay has no verdict for.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def compare(verdicts: list[Verdict], labels: Path) -> Comparison:
    """Hits, misses and false alarms.

    Args:
        labels: CSV with the columns indicator, delivered, date and label (``MAJ``: should be
            held; ``agg``, ``min``: should be flagged; ``ok``: should pass; others: counted only).

    Raises:
        LandingError: the file is missing or has other columns.
    """
    by_key = {(v.indicator_id, v.delivered_on, v.month): v for v in verdicts}
    comparison = Comparison()
    for indicator, delivered, month, label in _labels(labels):
        verdict = by_key.get((indicator, delivered, month))
        block = _(
            "{indicator} {month:%Y-%m} delivered {day}",
            indicator=indicator,
            month=month,
            day=delivered,
        )
        if verdict is None:
            comparison.unknown.append(block)
            continue
        held = verdict.verdict == "held"
        flagged = held or bool(verdict.findings)
        counts = comparison.counts.setdefault(label, {"blocks": 0, "held": 0, "flagged": 0})
        counts["blocks"] += 1
        counts["held"] += held
        counts["flagged"] += flagged
        if (label == MUST_BE_HELD and not held) or (label in MUST_BE_FLAGGED and not flagged):
            comparison.misses.append(f"{label} {block}")
        if label == MUST_PASS and held:
            comparison.false_alarms.append(block)
    return comparison


def _labels(path: Path) -> list[tuple[str, dt.date, Month, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                (
                    row["indicator"],
                    dt.date.fromisoformat(row["delivered"]),
                    first_day(dt.date.fromisoformat(row["date"])),
                    row["label"],
                )
                for row in csv.DictReader(file)
            ]
    except OSError as error:
        raise LandingError(
            _("cannot read {file}: {error}", file=path, error=error.strerror)
        ) from error
    except (KeyError, ValueError) as error:
        raise LandingError(
            _(
                "{file}: expected the columns indicator, delivered, date, label with ISO dates "
                "({error})",
                file=path,
                error=error,
            )
        ) from error

"""From the landing zone to the raw tables: each content once, as received and as understood."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.landing import LandedFile, Zone, receive, sidecar_path
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.language import _
from acv_pipeline.ledger.intake import Intake, WriteRows
from acv_pipeline.ledger.raw_rows import write_records
from acv_pipeline.ledger.read_one import ReadAll, read_here
from acv_pipeline.warehouse import fingerprints, program_version, set_fingerprint, transaction

# the fingerprint that says with which versions of the contract deliveries are read
READING = "reading"
# what the first released version, which wrote none down, would have said
OF_THE_FIRST = "0.1.0 74c3cab9a41aa03518b8c0c7b25c4cfc142fda1aedf39ac2dbeed84a559f4037"


@dataclass
class LoadReport:
    """What a look at the landing zone brought.

    Attributes:
        new: ids of deliveries read for the first time, refused ones included.
        refused: (file, reason) of those that could not be used.
        duplicates: (file, first file with the same bytes) of files whose content was known.
        shared: by delivery, (file, source) of those whose bytes count for another source.
        unchanged: number of files seen before and untouched since.
        misplaced: lines about files that are not where a delivery belongs.
        unread: lines about files that could not be fetched or opened; nothing of them is on
            record, so the next look tries again.
    """

    new: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    shared: dict[str, tuple[str, str]] = field(default_factory=dict)
    unchanged: int = 0
    misplaced: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def load(
    connection: duckdb.DuckDBPyConnection,
    landing: Zone,
    contract: Contract,
    *,
    sources: Iterable[str] | None = None,
    settle_seconds: float = 0,
    progress: Callable[[int, int, str], None] | None = None,
    received_before: Mapping[str, dt.datetime] | None = None,
    read_all: ReadAll = read_here,
    write_rows: WriteRows = write_records,
) -> LoadReport:
    """Record every delivery of the landing zone that isn't on record yet.

    Args:
        sources: look at these only.
        settle_seconds: leave files touched more recently for the next time.
        progress: called with (files done, files in all, file name).
        received_before: when deliveries were received that are not on record any more.
        read_all, write_rows: how files are read, and where their rows go.

    Raises:
        LandingError: the landing zone cannot be read.
    """
    found = receive(
        landing,
        contract.sources,
        today=contract.today(),
        settle_seconds=settle_seconds,
        progress=progress,
    )
    wanted = set(sources if sources is not None else contract.sources)
    report = LoadReport(misplaced=found.misplaced, unread=found.unread)
    files = [file for file in found.files if file.source in wanted]
    known = {
        delivery_id: (status, read_with, name, received_at)
        for delivery_id, status, read_with, name, received_at in connection.execute(
            "select delivery_id, status, read_with, file_name, received_at from raw.deliveries"
        ).fetchall()
    }
    intake = Intake(connection, known, write_rows)
    present = _identify(connection, files, report, intake)
    firsts = _first_sightings(connection, present)
    due: list[tuple[str, LandedFile, str]] = []
    versions = _reading_versions(connection, contract) if firsts else []  # else it writes nothing
    for delivery_id, file in sorted(firsts.items(), key=_by_place):
        try:
            read_with, *as_before = (_read_with(file, version) for version in versions)
        except OSError as error:
            report.unread.append(_unread(file, error))
            continue
        if delivery_id not in known or known[delivery_id][1] not in (read_with, *as_before):
            due.append((delivery_id, file, read_with))

    def told() -> Iterator[tuple[str, LandedFile]]:
        for number, (delivery_id, file, _) in enumerate(due, 1):
            if progress:
                progress(number, len(due), file.name)
            yield delivery_id, file

    for (delivery_id, file, read_with), read in zip(due, read_all(told(), contract), strict=True):
        then = (received_before or {}).get(delivery_id)
        status, _, _, received_at = known.get(delivery_id, (None, None, None, then))
        if status in (None, "refused"):
            report.new.append(delivery_id)
        if read.refusal:
            report.refused.append((_place(file), str(read.refusal)))
        intake.delivery(file, delivery_id, read.said, read.rows, read_with, received_at)
    intake.finish()
    for file, delivery_id in intake.sighted:
        first = firsts.get(delivery_id)
        if first is not None and first != file:
            report.duplicates.append((_place(file), _place(first)))
        elif delivery_id in known and known[delivery_id][2] != file.name:
            report.duplicates.append((_place(file), known[delivery_id][2]))
    report.shared = _shared(connection, {delivery_id for _, delivery_id in intake.sighted})
    return report


def _identify(
    connection: duckdb.DuckDBPyConnection,
    files: list[LandedFile],
    report: LoadReport,
    intake: Intake,
) -> dict[LandedFile, str]:
    """The sha256 of every file that can be read; untouched ones are not read again."""
    seen = {
        (source, day, name): (size, modified, delivery_id)
        for source, day, name, size, modified, delivery_id in connection.execute(
            "select source, delivered_on, file_name, byte_size, modified_ns, delivery_id"
            " from raw.sightings"
        ).fetchall()
    }
    present: dict[LandedFile, str] = {}
    for file in files:
        before = seen.get((file.source, file.delivered_on, file.name))
        if before is not None and before[:2] == (file.byte_size, file.modified_ns):
            report.unchanged += 1
            present[file] = before[2]
            continue
        try:
            present[file] = sha256(file.path)
        except OSError as error:
            report.unread.append(_unread(file, error))
            continue
        intake.sighting(file, present[file], is_new=before is None)
    return present


def _first_sightings(
    connection: duckdb.DuckDBPyConnection, present: dict[LandedFile, str]
) -> dict[str, LandedFile]:
    """The file of the earliest day by which each delivery is known, where it is still there.

    The same bytes may mean something else under another name, source or day: the earliest
    counts, whichever was seen first.
    """
    there = {(f.source, f.delivered_on, f.name): f for f in present}
    gone = {
        delivery_id: (day, source, name)
        for delivery_id, day, source, name in connection.execute(
            "select delivery_id, delivered_on, source, file_name from raw.sightings"
        ).fetchall()
        if (source, day, name) not in there
    }
    firsts: dict[str, LandedFile] = {}
    for file, delivery_id in sorted(present.items(), key=lambda item: _day(item[0])):
        earlier = gone.get(delivery_id)
        if earlier is None or _day(file) < earlier:
            firsts.setdefault(delivery_id, file)
    return firsts


def _day(file: LandedFile) -> tuple[dt.date, str, str]:
    return file.delivered_on, file.source, file.name


def _by_place(item: tuple[str, LandedFile]) -> tuple[str, dt.date, str]:
    return item[1].source, item[1].delivered_on, item[1].name


def _reading_versions(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[str]:
    """The version of the contract that deliveries are read with, and those that count as the same.

    These are what it was before the program was exchanged: what a later version knows better counts
    from then on, and reads nothing again. What they are is put on record where it changed.
    """
    known = fingerprints(connection).get(READING, OF_THE_FIRST)
    program, *versions = known.split()
    if contract.reading_version not in versions:
        before = versions if program != program_version() else []
        versions = [contract.reading_version, *before]
    if (now := " ".join([program_version(), *versions])) != known:
        with transaction(connection):
            set_fingerprint(connection, READING, now)
    return sorted(versions, key=lambda version: version != contract.reading_version)


def _read_with(file: LandedFile, version: str) -> str:
    """All that reading depends on beside the bytes; when it changes the file is read again.

    Args:
        version: that of the contract.
    """
    beside = sidecar_path(file.path)
    sidecar = sha256(beside) if beside.is_file() else ""
    parts = [
        file.source,
        file.delivered_on.isoformat(),
        file.name,
        sidecar,
        version,
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _shared(
    connection: duckdb.DuckDBPyConnection, sighted: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """Those of the deliveries just seen that lie in the folder of another source too."""
    return {
        delivery_id: (f"{source}/{day}/{name}", counts_for)
        for delivery_id, source, day, name, counts_for in connection.execute(
            "select delivery_id, source, delivered_on, file_name, counts_for"
            " from raw.shared_deliveries where list_contains(?, delivery_id) order by all",
            [list(sighted)],
        ).fetchall()
    }


def _unread(file: LandedFile, error: OSError) -> str:
    return _(
        "{place}: not read; {problem}",
        place=error.filename or file.path,
        problem=error.strerror or error,
    )


def _place(file: LandedFile) -> str:
    return f"{file.source}/{file.delivered_on}/{file.name}"

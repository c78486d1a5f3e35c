"""The open data release: from the marts to a dated folder that is never rewritten."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.language import _
from acv_pipeline.publishing.release.changes import Changes, compare, differing, is_data
from acv_pipeline.publishing.release.describing import write_package, write_schemas
from acv_pipeline.publishing.release.documents import write_changes, write_dictionary, write_readme
from acv_pipeline.publishing.release.folder import (
    Version,
    latest_release,
    point_to,
    put_in_place,
    release_sha256,
    staging,
)
from acv_pipeline.publishing.release.origins import origins
from acv_pipeline.publishing.release.spreadsheets import write_spreadsheet
from acv_pipeline.publishing.release.writing import (
    ReleaseError,
    Rows,
    collected,
    first_provenance,
    months_of,
    write_csv,
    write_parquet,
)


@dataclass(frozen=True)
class Release:
    """A release on disk.

    Attributes:
        version: its folder's name: the day, with a number from the second of a day on.
        sha256: of its list of checksums, so of all of it.
        is_new: it was made now; else it stood already, with the same content.
        months: months of the headline figures, by indicator.
        row_counts: rows by table file, without extension.
    """

    path: Path
    version: str
    day: dt.date
    sha256: str
    is_new: bool
    months: dict[str, list[Month]]
    row_counts: dict[str, int]


def make_release(
    connection: duckdb.DuckDBPyConnection, contract: Contract, folder: Path, *, today: dt.date
) -> Release | None:
    """Write what is in force as a dated release; the standing one if its data are the same.

    There is none while no indicator has a figure in force. Data are the CSVs and their schemas:
    another day, or another wording of the description, makes no new release.

    Args:
        connection: the warehouse, with the marts built.
        folder: holds one folder per release, and ``latest``, a link to the standing one.
        today: the new release's day; never before the standing one's.

    Raises:
        ReleaseError: rows contradict their declaration, or the folder cannot be written.
    """
    try:
        with collected(connection, contract) as collection, staging(folder) as place:
            return _release(connection, contract, collection, place, today) if collection else None
    except (OSError, duckdb.IOException) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise ReleaseError(
            _("cannot write a release to {folder}: {reason}", folder=folder, reason=reason)
        ) from error


def _release(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    collection: list[Rows],
    place: Path,
    today: dt.date,
) -> Release:
    files = [rows.file for rows in collection]
    counts = {rows.file.stem: rows.count for rows in collection}
    months = {
        rows.file.indicator.id: months_of(connection, rows)
        for rows in collection
        if rows.file.indicator and rows.file.table.headline
    }
    for rows in collection:
        write_csv(connection, rows, place)
    write_schemas(files, place)
    standing = latest_release(place.parent)
    sums = {path.name: sha256(path) for path in place.iterdir() if is_data(path.name)}
    changed = differing(standing, sums) if standing else []
    if standing and not changed:
        target = standing
    else:
        for rows in collection:
            write_parquet(connection, rows, place)
        version = Version(today)
        changes: Changes | None = None
        if standing and (before := Version.of(standing.name)):
            version = before.next(today)
            changes = compare(connection, collection, standing, changed)
        example = first_provenance(connection, collection[0])
        whose = origins(connection, contract, collection)
        too_large = [
            rows.file.stem
            for rows in collection
            if not write_spreadsheet(connection, rows, whose, contract.dataset, place)
        ]
        write_readme(contract, files, counts, months, whose, example, version, too_large, place)
        write_dictionary(files, place)
        write_changes(contract, changes, version, place)
        write_package(contract, files, months, whose, version, place)
        target = place.parent / str(version)
        put_in_place(place, target)
    point_to(target)
    return Release(
        path=target,
        version=target.name,
        day=dt.date.fromisoformat(target.name[:10]),
        sha256=release_sha256(target),
        is_new=target != standing,
        months=months,
        row_counts=counts,
    )

"""Taking over a warehouse that an earlier version made, once: a step per schema version.

Tables and columns that are only added need none: ``schema`` makes them. 4 has no step either:
versions before would misread a warehouse whose tables an engine keeps in files.
"""

from __future__ import annotations

from importlib.metadata import version

import duckdb
from packaging.version import Version

from acv_pipeline.contract.tables import tables
from acv_pipeline.language import _
from acv_pipeline.warehouse.schema import fingerprints, own_tables
from acv_pipeline.warehouse.trouble import WarehouseError

SCHEMA_VERSION = 4
TABLES = "tables"  # the fingerprint of a warehouse with the tables that program and contract want
PROGRAM = "program"  # the fingerprint of a warehouse that says which version wrote it last


def program_version() -> str:
    """The version of this program, such as ``0.1.0``."""
    return version("acv_pipeline")


def written_by(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The version that wrote the warehouse last; None if it is new, or of one that did not say."""
    return fingerprints(connection).get(PROGRAM)


def is_up_to_date(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether this version of the program wrote the warehouse last.

    Raises:
        WarehouseError: a later version of this program wrote it.
    """
    writer, own = written_by(connection), program_version()
    if writer and Version(writer) > Version(own):
        raise WarehouseError(
            _(
                "version {writer} wrote the warehouse, this is {own}: install that version, or a "
                "later one",
                writer=writer,
                own=own,
            )
        )
    return is_current(connection) and writer == own


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Of a warehouse that was just made: today's; the first versions wrote none down."""
    there = own_tables(connection)
    if "raw.schema_version" in there:
        ((found,),) = connection.execute("select version from raw.schema_version").fetchall()
        return int(found)
    return 1 if "raw.deliveries" in there else SCHEMA_VERSION


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is nothing to migrate or write down.

    Raises:
        WarehouseError: a later version of this program made it.
    """
    if (found := schema_version(connection)) > SCHEMA_VERSION:
        raise WarehouseError(
            _(
                "the warehouse has schema version {version}, this program knows {known}: install "
                "the version of the program that made it, or a later one",
                version=found,
                known=SCHEMA_VERSION,
            )
        )
    return "raw.schema_version" in own_tables(connection) and found == SCHEMA_VERSION


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the warehouse to ``SCHEMA_VERSION``; call in a transaction."""
    if schema_version(connection) < 2:
        _keep_marts_as_tables(connection)
    if "validated.unrecorded" in own_tables(connection):
        connection.execute("alter table validated.unrecorded rename to due_months")
    connection.execute("create or replace table raw.schema_version (version bigint)")
    connection.execute("insert into raw.schema_version values (?)", [SCHEMA_VERSION])


def _keep_marts_as_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Version 1 kept the rows of marts in schema ``stored``, and marts were views of them."""
    marts = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'stored'"
        " and database_name = current_database() and not temporary"
    ).fetchall()
    for (mart,) in marts:
        connection.execute(f"create table marts.{mart}_kept as from marts.{mart}")
        connection.execute(f"drop view marts.{mart}")
        connection.execute(f"alter table marts.{mart}_kept rename to {mart}")
    connection.execute("drop schema if exists stored cascade")
    there = own_tables(connection)
    # some of what is a view now was a table at first
    for table in tables().values():
        if table.view and table.name in there:
            connection.execute(f"drop table {table.name}")
    if "raw.fitted" in there:
        connection.execute("alter table raw.fitted rename to fingerprints")

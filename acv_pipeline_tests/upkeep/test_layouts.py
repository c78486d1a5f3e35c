"""A home from before the first release: opened, brought up to date, same figures.

``layouts/`` has the tables of that time. Of each released version there is a real home, which
``test_homes`` takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.tables import tables as contract_tables
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse import WarehouseError, open_warehouse, own_tables
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import read_journal
from acv_pipeline.warehouse.migrations import SCHEMA_VERSION, program_version, schema_version
from acv_pipeline_tests.torture.forks import flow
from acv_pipeline_tests.upkeep.conftest import Contents

LAYOUTS = Path(__file__).with_name("layouts")


@pytest.mark.parametrize("layout", sorted(LAYOUTS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_warehouse_of_an_earlier_version_ends_with_the_same_tables(
    lived_in: Home,
    landing: Path,
    contract: Contract,
    tables: Callable[[Home], Contents],
    layout: Path,
) -> None:
    expected = tables(lived_in)
    _as_of_then(lived_in, layout)
    (lived_in.root / "journal.jsonl").unlink()
    flow(lived_in, landing)
    with open_warehouse(lived_in, contract) as connection:
        for table in contract_tables().values():
            columns = [row[:2] for row in connection.execute(f"describe {table.name}").fetchall()]
            if not table.view:
                assert sorted(columns) == sorted((c.name, c.type) for c in table.columns)
    found = tables(lived_in)
    assert {name: len(rows) for name, rows in found.items()} == {
        name: len(rows) for name, rows in expected.items()
    }
    # columns that were added since stand at the end of the table
    for name, rows in expected.items():
        assert sorted(map(_any_order, found[name])) == sorted(map(_any_order, rows)), name
    assert len(read_journal(lived_in)["validated.signoffs"]) == 1, "the journal begins"


def test_a_warehouse_of_schema_version_1_is_taken_over_once(
    lived_in: Home, landing: Path, contract: Contract, tables: Callable[[Home], Contents]
) -> None:
    expected = tables(lived_in)
    with duckdb.connect(str(lived_in.warehouse)) as connection:
        _as_of_version_1(connection)
    assert tables(lived_in) == expected
    with open_warehouse(lived_in, contract) as connection:
        assert schema_version(connection) == SCHEMA_VERSION
        kept = connection.execute("select schema_name, view_name from duckdb_views()").fetchall()
        assert "stored" not in {schema for schema, _ in kept}
        assert not [name for schema, name in kept if schema == "marts"]
        assert not own_tables(connection) & {
            "raw.fitted", "stored.series", "validated.unrecorded",
        }  # fmt: skip
    touched = lived_in.warehouse.stat().st_mtime_ns
    with open_warehouse(lived_in, contract):
        pass
    assert lived_in.warehouse.stat().st_mtime_ns == touched
    due, _ = Pipeline.configured(lived_in, landing).receive_due()
    assert due == [], "its marts are those that the same SQL gives"


LATER = pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "update raw.schema_version set version = version + 1",
            "has schema version 5, this program knows 4: install the version",
        ),
        (
            "update raw.fingerprints set fingerprint = '99.0.1' where what = 'program'",
            f"version 99.0.1 wrote the warehouse, this is {program_version()}: install that",
        ),
    ],
    ids=["other tables", "same tables"],
)


@LATER
def test_a_home_of_a_later_version_is_refused_and_left_alone(
    lived_in: Home, contract: Contract, change: str, told: str
) -> None:
    with duckdb.connect(str(lived_in.warehouse)) as connection:
        connection.execute(change)
    before = lived_in.warehouse.read_bytes()
    with pytest.raises(WarehouseError, match=told), open_warehouse(lived_in, contract):
        pass
    for command in ("upgrade", "run"):
        done = acv(command, "--home", str(lived_in.root))
        assert done.exit_code == 2 and told in done.output, done.output
    assert lived_in.warehouse.read_bytes() == before
    assert list(lived_in.root.parent.glob("*.tar.gz")) == []


@pytest.mark.parametrize("layout", sorted(LAYOUTS.glob("*.sql")), ids=lambda path: path.stem)
def test_upgrading_keeps_the_home_as_it_was(
    lived_in: Home, landing: Path, tables: Callable[[Home], Contents], layout: Path, tmp_path: Path
) -> None:
    """What the backup holds is what the earlier version left; what comes of it is the same."""
    expected = tables(lived_in)
    _as_of_then(lived_in, layout)
    then = lived_in.warehouse.read_bytes()
    kept = tmp_path / "kept.tar.gz"
    upgraded = acv("upgrade", "--home", str(lived_in.root), "--backup", str(kept))
    assert upgraded.exit_code == 0, upgraded.output
    first, second, *_ = upgraded.output.splitlines()
    assert first == (f"{lived_in.root}: written by an earlier version, now by {program_version()}")
    assert second.startswith(f"As it was before {program_version()}: {kept} (")
    restored = Home(tmp_path / "restored")
    assert acv("restore", str(kept), "--home", str(restored.root)).exit_code == 0
    with (
        duckdb.connect(str(restored.warehouse), read_only=True) as old,
        duckdb.connect() as asked,
    ):
        (tmp_path / "then.duckdb").write_bytes(then)
        asked.execute(f"attach '{tmp_path / 'then.duckdb'}' as was (read_only)")
        listed = "select schema_name, table_name, column_count from duckdb_tables() order by all"
        assert own_tables(old) and "raw.schema_version" not in own_tables(old)
        assert old.execute(listed).fetchall() == [
            row[1:]
            for row in asked.execute(
                "select database_name, schema_name, table_name, column_count"
                " from duckdb_tables() where database_name = 'was' order by all"
            ).fetchall()
        ]
    flow(lived_in, landing)
    assert {name: len(rows) for name, rows in tables(lived_in).items()} == {
        name: len(rows) for name, rows in expected.items()
    }
    before = lived_in.warehouse.stat().st_mtime_ns
    again = acv("upgrade", "--home", str(lived_in.root))
    nothing = f"{lived_in.root}: version {program_version()} wrote it, nothing to do"
    assert (again.exit_code, again.output.splitlines()) == (0, [nothing, second])
    assert lived_in.warehouse.stat().st_mtime_ns == before


def test_other_tables_of_the_same_version_are_taken_over_too(
    lived_in: Home, tmp_path: Path
) -> None:
    with duckdb.connect(str(lived_in.warehouse)) as connection:
        connection.execute("update raw.fingerprints set fingerprint = 'x' where what = 'tables'")
    kept = tmp_path / "kept.tar.gz"
    upgraded = acv("upgrade", "--home", str(lived_in.root), "--backup", str(kept))
    assert upgraded.exit_code == 0 and kept.exists(), upgraded.output
    assert "nothing to do" not in upgraded.output


def test_a_backup_that_cannot_be_written_leaves_the_home_as_it_was(
    lived_in: Home, tmp_path: Path
) -> None:
    with duckdb.connect(str(lived_in.warehouse)) as connection:
        connection.execute("delete from raw.fingerprints where what = 'program'")
    before = lived_in.warehouse.read_bytes()
    told = acv(
        "upgrade", "--home", str(lived_in.root), "--backup", str(tmp_path / "no" / "b.tar.gz")
    )
    assert told.exit_code == 2 and f"{tmp_path / 'no'} is not a folder" in told.output
    assert lived_in.warehouse.read_bytes() == before
    nothing = acv("upgrade", "--home", str(tmp_path / "nowhere"))
    assert nothing.exit_code == 2 and "holds no warehouse: nothing to upgrade" in nothing.output


def acv(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def _as_of_version_1(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows of marts with numbers for codes in schema ``stored``, marts as views of them."""
    connection.execute("create schema stored")
    marts = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts'"
    ).fetchall()
    for (mart,) in marts:
        connection.execute(
            f"create or replace temp type code as enum (select indicator_id from marts.{mart}"
            " where indicator_id is not null union select 'none')"
        )
        connection.execute(
            f"create table stored.{mart} as"
            f" select * replace (indicator_id::code as indicator_id) from marts.{mart}"
        )
        connection.execute(f"drop table marts.{mart}")
        connection.execute(
            f"create view marts.{mart} as"
            f" select * replace (indicator_id::varchar as indicator_id) from stored.{mart}"
        )
    # a view now, a table at first
    connection.execute("drop view validated.dwellings")
    connection.execute("create table validated.dwellings as select 1 as old")
    connection.execute("alter table raw.fingerprints rename to fitted")
    connection.execute("alter table validated.due_months rename to unrecorded")
    connection.execute("drop table raw.schema_version")


def _any_order(row: tuple[object, ...]) -> list[str]:
    return sorted(map(repr, row))


def _as_of_then(home: Home, layout: Path) -> None:
    """Give the warehouse the tables it had then, with what they could hold."""
    new = home.warehouse.rename(home.root / "new.duckdb")
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(layout.read_text(encoding="utf-8"))
        connection.execute(f"attach '{new}' as new (read_only)")
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = current_database()"
        ).fetchall():
            if table == "fitted":
                connection.execute("insert into raw.fitted values ('tables', 'of that time')")
            if table in ("fitted", "unrecorded"):
                continue
            names = [row[0] for row in connection.execute(f"describe {schema}.{table}").fetchall()]
            listed = ", ".join(f'"{name}"' for name in names)
            connection.execute(
                f"insert into {schema}.{table} ({listed}) select {listed} from new.{schema}.{table}"
            )
        # another version reads with another contract, so it reads everything again
        connection.execute("update raw.deliveries set read_with = 'of that time'")
        # the marts of that time are gone: a run of every month builds today's
        connection.execute(
            "insert into validated.unrecorded select distinct month from validated.dwellings"
        )
    new.unlink()

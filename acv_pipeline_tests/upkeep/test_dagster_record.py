"""``pg_dump`` reaches the database that the pipeline reaches, and tells nobody the password."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from acv_pipeline.operations.upkeep.dagster_record import main

TOLD = """#!/bin/sh
printf '%s\\n' "$@" "$PGPASSWORD" > "$TOLD"
"""


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (
            "postgresql+psycopg2://acv:p%40ss@db.example:5433/dagster"
            "?sslmode=verify-full&sslrootcert=/etc/acv/ca.pem",
            {"user": "acv", "host": "db.example", "port": "5433", "dbname": "dagster",
             "sslmode": "verify-full", "sslrootcert": "/etc/acv/ca.pem"},
        ),
        (
            "postgresql+psycopg2://acv@/dagster?host=/run/postgresql&password=p%40ss",
            {"user": "acv", "host": "/run/postgresql", "dbname": "dagster"},
        ),
    ],
    ids=["certificate", "socket"],
)  # fmt: skip
def test_it_is_given_the_whole_address(
    given: str, understood: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pg_dump").write_text(TOLD, encoding="utf-8")
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("ACV_STORAGE_URL", given)
    assert main("record.dump") == 0
    *options, address, password = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert options == ["--format=custom", "--file=record.dump"] and password == "p@ss"
    assert parse_dsn(address.removeprefix("--dbname=")) == understood

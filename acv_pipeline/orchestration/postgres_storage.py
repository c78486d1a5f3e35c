"""Dagster's record in Postgres, at the address that no file of Dagster's holds.

Of its events the stock storage opens up to four connections each, some only to ask whether a table
is there. A run over years of months records thousands, and connecting took two thirds of its time.
Here a process keeps a connection.
"""

from __future__ import annotations

from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import DagsterPostgresException, create_pg_engine

from acv_pipeline.environment.storage_url import STORAGE_URL, storage_url
from acv_pipeline.language import _
from acv_pipeline.warehouse import WarehouseError
from acv_pipeline.warehouse.trouble import first_line

# threads of a process beyond the first connect as the stock storage does
MORE_AT_ONCE = 20
# a firewall may forget a connection that is idle for longer
RENEW_AFTER_SECONDS = 240


class PooledPostgresEventLogStorage(PostgresEventLogStorage):
    """The stock storage of events, which keeps its connection."""

    def __init__(self, postgres_url: str) -> None:
        self._known_tables: set[str] = set()
        super().__init__(postgres_url)
        self._engine = create_pg_engine(
            postgres_url,
            isolation_level="AUTOCOMMIT",
            pool_size=1,
            max_overflow=MORE_AT_ONCE,
            pool_recycle=RENEW_AFTER_SECONDS,
            pool_pre_ping=True,  # the server may have been restarted
        )

    def has_table(self, table_name: str) -> bool:
        """Whether it is there; asked up to twice per event, and tables don't go away."""
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        self._engine.dispose()


class PostgresRecord(DagsterPostgresStorage):
    """The stock storage; its address is ``$ACV_STORAGE_URL``, or in ``$ACV_STORAGE_URL_FILE``."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        self._event_log_storage = PooledPostgresEventLogStorage(postgres_url)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Nothing: ``dagster.yaml`` goes to other processes on their command line."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]  # as Dagster's own
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> DagsterPostgresStorage:
        """As Dagster builds it from ``dagster.yaml``.

        Raises:
            SecretError: the address cannot be had.
            WarehouseError: nobody answers there, or lets us in.
        """
        url = storage_url().render_as_string(hide_password=False)
        try:
            return cls(postgres_url=url, inst_data=inst_data)
        except DagsterPostgresException as error:
            # what the driver said, which has no password in it
            said = getattr(error.__cause__, "orig", None) or error
            raise WarehouseError(
                _(
                    "Dagster's record cannot be had from its database ({why}): is that up, and is "
                    "{variable} right?",
                    why=first_line(said),
                    variable=STORAGE_URL,
                )
            ) from None

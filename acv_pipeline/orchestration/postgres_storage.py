"""Dagster's record in Postgres, at the address that no file of Dagster's holds."""

from __future__ import annotations

from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from acv_pipeline.environment.storage_url import storage_url


class PostgresRecord(DagsterPostgresStorage):
    """The stock storage; its address is ``$ACV_STORAGE_URL``, or in ``$ACV_STORAGE_URL_FILE``."""

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
        """
        url = storage_url().render_as_string(hide_password=False)
        return cls(postgres_url=url, inst_data=inst_data)

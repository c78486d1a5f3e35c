"""Dagster's record in Postgres, at the address that no file of Dagster's holds."""

from __future__ import annotations

from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import DagsterPostgresException

from acv_pipeline.environment.storage_url import STORAGE_URL, storage_url
from acv_pipeline.language import _
from acv_pipeline.warehouse import WarehouseError
from acv_pipeline.warehouse.trouble import first_line


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

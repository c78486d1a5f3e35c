"""Which engine a home has: one machine's unless the environment names the cluster's."""

from __future__ import annotations

from collections.abc import Mapping

from acv_pipeline.engines.duckdb import DuckDb
from acv_pipeline.engines.engine import Engine
from acv_pipeline.engines.spark import Spark
from acv_pipeline.language import _
from acv_pipeline.warehouse import WarehouseError
from acv_pipeline.warehouse.home import Home

ENGINE, MASTER, WAREHOUSE = "ACV_ENGINE", "ACV_SPARK_MASTER", "ACV_WAREHOUSE"


def engine_of(settings: Mapping[str, str], home: Home) -> Engine:
    """The engine that ``ACV_ENGINE`` names, ``duckdb`` if nothing does.

    Raises:
        WarehouseError: it names another, or Spark's address is one that cannot be used.
    """
    name, master = settings.get(ENGINE) or "duckdb", settings.get(MASTER) or "local[*]"
    if name == "duckdb":
        return DuckDb()
    if name != "spark":
        raise WarehouseError(
            _("{variable} is '{value}': write duckdb or spark", variable=ENGINE, value=name)
        )
    if master.startswith("sc://"):
        raise WarehouseError(
            _(
                "{variable} is '{value}': Spark Connect runs no tasks of ours; give the cluster's "
                "own master, such as spark://host:7077",
                variable=MASTER,
                value=master,
            )
        )
    return Spark(master, settings.get(WAREHOUSE) or "", home)

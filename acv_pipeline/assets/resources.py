"""What the assets need of the world, as Dagster resources: the *Resources* page lists them.

Their settings come from the environment (``$ACV_HOME`` and so on) when the definitions are loaded;
tests and users put others in their place.
"""

# no "from __future__ import annotations" here: Dagster reads the fields' annotations as classes

import gc
import os
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from pydantic import Field, PrivateAttr

from acv_pipeline.engines.chosen import ENGINE, MASTER, WAREHOUSE, engine_of
from acv_pipeline.engines.engine import Engine, Log
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.landing import Zone
from acv_pipeline.publishing.datagouv.settings import DATASET, MODE, OFF, URL, Settings
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home

GARBAGE_AFTER = 100_000  # objects


class LandingZone(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where deliveries arrive; files touched in the last ``settle_seconds`` are left alone."""

    address: str = Field(description="A folder or an address; from $ACV_LANDING.")
    settle_seconds: float = Field(default=0, ge=0)

    def zone(self, home: Home) -> Zone:
        """The landing zone; ``home`` keeps what was fetched of a remote one."""
        return home.zone(self.address)


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The DuckDB file that runs write; one run at a time has its turn.

    A run opens it in its first step that needs it, and has it until the last.
    """

    home: str = Field(description="The folder that everything is written to; from $ACV_HOME.")

    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _turn: Turn | None = PrivateAttr(default=None)

    def turn(self, pipeline: Pipeline, who: str, log: Log, insist: Log) -> Turn:
        """This run's turn at the warehouse; waits for those before it.

        Args:
            pipeline: what is true of the data; its home and landing zone are replaced.
            who: what those that wait are told of this run.
            log: told what goes on.
            insist: told once, if it has to wait.

        Raises:
            CorrectionsError: the corrections register cannot be used.
            WarehouseError: it cannot be opened or written.
        """
        if self._turn is None:
            if not pipeline.has_turn:
                self._stack.enter_context(pipeline.home.at_work(who, insist))
            connection = self._stack.enter_context(pipeline.warehouse(insist))
            # looking for garbage among what a run keeps to its end takes a tenth of its time
            self._stack.callback(gc.set_threshold, *gc.get_threshold())
            gc.set_threshold(GARBAGE_AFTER)
            self._turn = Turn(pipeline, connection, log)
        return self._turn

    def end_turn(self) -> None:
        """Let the next run have it."""
        self._turn = None
        self._stack.close()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """However the run ended."""
        self.end_turn()


class TableEngine(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What works on the tables: this machine's DuckDB, or tasks of a Spark cluster.

    Attributes:
        name: ``duckdb`` or ``spark``.
        spark_master: as Spark calls it: ``spark://host:7077``, ``yarn``, ``local[2]``.
        files: where Spark keeps the tables, a place that every machine of the cluster sees.
    """

    name: str = Field(default="duckdb", description=f"From ${ENGINE}.")
    spark_master: str = Field(default="", description=f"From ${MASTER}.")
    files: str = Field(default="", description=f"From ${WAREHOUSE}; by default in the home.")

    def engine(self, home: Home) -> Engine:
        """The engine, for a home.

        Raises:
            WarehouseError: there is none of that name, or it cannot be used.
        """
        said = {ENGINE: self.name, MASTER: self.spark_master, WAREHOUSE: self.files}
        return engine_of(said, home)


class PublishedCopy(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The figures as published: checked, consistent, and nobody's way.

    Releases and report page, which are made of the copy, lie beside it.
    """

    home: str = Field(description="What is published is written below it; from $ACV_HOME.")

    @property
    def place(self) -> Home:
        """Where the copy, the releases and the report page are."""
        return Home(Path(self.home))

    def connect(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A read-only connection, which keeps the figures it began with.

        Raises:
            WarehouseError: nothing was published yet.
        """
        return read_published(self.place)


class DataGouv(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where on data.gouv.fr the release goes; the key stays in the environment.

    Attributes:
        mode: ``off``, ``dry-run``, ``demo`` or ``live``.
        dataset: the data set that the files belong to.
        url: another portal's address.
    """

    mode: str = Field(default=OFF, description=f"From ${MODE}.")
    dataset: str = Field(default="", description=f"From ${DATASET}.")
    url: str = Field(default="", description=f"From ${URL}.")

    def settings(self) -> Settings:
        """With the key, to publish with.

        Raises:
            PublishError: one is missing or wrong.
        """
        said = {MODE: self.mode, DATASET: self.dataset, URL: self.url}
        return Settings.from_environment(os.environ | said)


def resources(pipeline: Pipeline) -> dict[str, dg.ConfigurableResource[Any]]:
    """The resources of a pipeline, by the names that assets ask for."""
    home = str(pipeline.home.root)
    return {
        "landing_zone": LandingZone(
            address=str(pipeline.landing),  # without secrets
            settle_seconds=pipeline.settle_seconds,
        ),
        "warehouse": Warehouse(home=home),
        "engine": TableEngine(
            name=os.environ.get(ENGINE) or "duckdb",
            spark_master=os.environ.get(MASTER, ""),
            files=os.environ.get(WAREHOUSE, ""),
        ),
        "published": PublishedCopy(home=home),
        "data_gouv": DataGouv(
            mode=os.environ.get(MODE, "").strip() or OFF,
            dataset=os.environ.get(DATASET, ""),
            url=os.environ.get(URL, ""),
        ),
    }


def located(
    pipeline: Pipeline, warehouse: Warehouse, zone: LandingZone, tables: TableEngine
) -> Pipeline:
    """The pipeline at the place, and with the engine, that the resources say."""
    home = Home(Path(warehouse.home))
    same_zone = zone.address == str(pipeline.landing)
    landing = pipeline.landing if same_zone else zone.zone(home)
    engine = tables.engine(home)
    # what this process judged already is not judged again
    engine = pipeline.engine if engine == pipeline.engine else engine
    return replace(
        pipeline, home=home, landing=landing, settle_seconds=zone.settle_seconds, engine=engine
    )

"""What the SQL project is made of: models, tests, seeds and sources, with their columns.

Here: plain definitions. Not here: reading them from the folder (``folder``), running them
(``building``), lineage (``lineage``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

_DIALECT = Environment(undefined=StrictUndefined, autoescape=False)


class SqlProjectError(ValueError):
    """The SQL project cannot be used as it stands; the message says which file and why."""


@dataclass(frozen=True)
class Column:
    """A column: its name, DuckDB type (lower case) and meaning, with its unit."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class Seed:
    """A reference table (``table``: its ``schema.name``), kept as the CSV file ``path``."""

    name: str
    table: str
    description: str
    columns: tuple[Column, ...]
    path: Path


@dataclass(frozen=True)
class Select:
    """One SELECT of the folder in dbt's dialect: ``ref``, ``source`` and ``config``.

    Attributes:
        refs: names of the models and seeds it reads, in the order first named.
        sources: ``schema.table`` of the sources it reads.
        config: what its ``config(...)`` says.
    """

    path: Path
    text: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]
    config: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Select:
        """Read a file and note what it refers to."""
        text = path.read_text(encoding="utf-8")
        refs: list[str] = []
        sources: list[str] = []
        config: dict[str, Any] = {}
        cls(path, text, (), ()).expand(refs.append, sources.append, config.update, as_of="")
        return cls(path, text, tuple(dict.fromkeys(refs)), tuple(dict.fromkeys(sources)), config)

    def expand(
        self,
        ref: Callable[[str], str | None],
        source: Callable[[str], str | None],
        config: Callable[..., None] = lambda **_: None,
        **variables: str,
    ) -> str:
        """The SQL with every ``ref`` and ``source`` (as ``schema.table``) replaced.

        Args:
            variables: SQL expressions that the text may use by these names.

        Raises:
            SqlProjectError: the text uses more of dbt's dialect than this, or is malformed.
        """

        def configured(**settings: Any) -> str:
            config(**settings)
            return ""

        try:
            text = _DIALECT.from_string(self.text).render(
                ref=ref,
                source=lambda schema, table: source(f"{schema}.{table}"),
                config=configured,
                **variables,
            )
        except TemplateError as error:
            raise SqlProjectError(
                f"{self.path}: {error}; the SQL may use ref(), source() and config() only"
            ) from error
        return text.strip()


@dataclass(frozen=True)
class Model:
    """One mart: one SELECT, one table, called ``table`` (``schema.name``).

    Attributes:
        depends_on: the models it reads.
        seeds: the seeds it reads.
        sources: ``schema.table`` of the sources it reads.
    """

    name: str
    table: str
    description: str
    columns: tuple[Column, ...]
    select: Select
    depends_on: tuple[str, ...]
    seeds: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """``schema.table`` of the sources it reads."""
        return self.select.sources


@dataclass(frozen=True)
class SqlTest:
    """A SELECT of offending rows; none is a pass.

    Attributes:
        severity: ``error`` or ``warn``.
        models: the models it reads, in build order.
        what_to_do: what a person does about offending rows.
    """

    name: str
    description: str
    what_to_do: str
    severity: str
    select: Select
    models: tuple[str, ...]

    @property
    def model(self) -> str | None:
        """The model it judges: the last built of those it reads; None when it reads none."""
        return self.models[-1] if self.models else None

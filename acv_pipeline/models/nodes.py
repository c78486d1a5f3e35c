"""What the SQL project is made of: models, tests and seeds, with their columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError, nodes

from acv_pipeline.language import Both, _

KNOWN_NAMES = {"ref", "source", "config", "as_of"}
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
    """

    path: Path
    text: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]
    config: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, path: Path, text: str) -> Select:
        """Note what a text, which ``path`` gave, refers to; nothing is rendered yet.

        Raises:
            SqlProjectError: the text uses more of dbt's dialect than ``ref``, ``source`` and
                ``config`` with plain arguments, or is malformed.
        """
        try:
            calls = _calls(text)
        except TemplateError as error:
            raise _unusable(path, error) from error
        refs, sources = (
            [".".join(map(str, args)) for name, args, _ in calls if name == kind]
            for kind in ("ref", "source")
        )
        config = {key: v for name, _, said in calls if name == "config" for key, v in said.items()}
        return cls(path, text, tuple(dict.fromkeys(refs)), tuple(dict.fromkeys(sources)), config)

    def expand(self, table: Callable[[str], str], **variables: str) -> str:
        """The SQL with every ``ref`` and ``source`` replaced.

        Args:
            table: what stands for a model, a seed or a source (``schema.table``).
            variables: SQL expressions that the text may use by these names.

        Raises:
            SqlProjectError: the text uses more of dbt's dialect than this, or is malformed.
        """
        try:
            text = _template(self.text).render(
                ref=table,
                source=lambda schema, name: table(f"{schema}.{name}"),
                config=lambda **_: "",
                **variables,
            )
        except TemplateError as error:
            raise _unusable(self.path, error) from error
        return text.strip()


_template = cache(_DIALECT.from_string)


@cache
def _calls(text: str) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """The calls in a template: function, arguments, keyword arguments.

    Raises:
        TemplateError: it is malformed, uses another name, or arguments that are no constants.
    """
    tree = _DIALECT.parse(text)
    if unknown := {name.name for name in tree.find_all(nodes.Name)} - KNOWN_NAMES:
        raise TemplateError(_("{names} is undefined", names=", ".join(sorted(unknown))))
    try:
        return [
            (
                getattr(call.node, "name", ""),
                [argument.as_const() for argument in call.args],
                {keyword.key: keyword.value.as_const() for keyword in call.kwargs},
            )
            for call in tree.find_all(nodes.Call)
        ]
    except nodes.Impossible as error:
        raise TemplateError(_("an argument is no constant")) from error


def _unusable(path: Path, error: TemplateError) -> SqlProjectError:
    return SqlProjectError(
        _(
            "{file}: {error}; the SQL may use ref(), source() and config() only",
            file=path,
            error=error,
        )
    )


@dataclass(frozen=True)
class Model:
    """One mart: one SELECT, kept as ``table`` (``schema.name``).

    Attributes:
        depends_on: the models it reads, itself or by way of an intermediate model.
        seeds: the seeds it reads, likewise.
        sources: ``schema.table`` of the sources it reads, likewise.
    """

    name: str
    table: str
    description: str
    columns: tuple[Column, ...]
    select: Select
    depends_on: tuple[str, ...]
    seeds: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class SqlTest:
    """A SELECT of offending rows; none is a pass.

    Attributes:
        severity: ``error`` or ``warn``.
        models: the models it reads, in build order.
        what_to_do: what a person does about offending rows.
    """

    name: str
    description: Both
    what_to_do: Both
    severity: str
    select: Select
    models: tuple[str, ...]

    @property
    def model(self) -> str | None:
        """The model it judges: the last built of those it reads; None when it reads none."""
        return self.models[-1] if self.models else None

"""What every asset shows in the UI: description, group, kinds, owner, columns, table."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from acv_pipeline.contract.tables import tables
from acv_pipeline.flow.previews import Preview

OWNER = "team:data-engineering"
CODE = Path(__file__).parents[1]


def spec(
    name: str,
    *,
    description: str,
    deps: list[str],
    group: str,
    kinds: set[str],
    code: Sequence[Path],
    partitions: dg.PartitionsDefinition[str] | None = None,
    table: str | None = None,
    columns: dg.TableSchema | None = None,
) -> dg.AssetSpec:
    """An asset spec with everything the UI can show before the first run.

    Args:
        code: the files that say how it is made.
        table: the table it writes, if it is one, and its columns.
        partitions: none where there is one of it, made of all months.
    """
    metadata: dict[str, Any] = {"dagster/code_references": _code_references(code)}
    if table:
        metadata |= {"dagster/table_name": table, "dagster/column_schema": columns}
    return dg.AssetSpec(
        name,
        description=description,
        deps=deps,
        group_name=group,
        kinds=kinds,
        owners=[OWNER],
        partitions_def=partitions,
        # what is fed by an asset follows it; the extracts are fed by the landing zone
        automation_condition=follows() if deps else None,
        metadata=metadata,
    )


def follows() -> dg.AutomationCondition[Any]:
    """A layer follows the one before it, for the months that moved: any, not the latest alone.

    Unlike ``eager``, a dependency that has nothing for the month keeps nothing waiting: a partner
    may be late, and the Baromètre publishes a few times a year. A month that a run could not
    materialise, because it is held, isn't asked for again for the same reason. Dependencies must
    have come to rest: of a run that ends while Dagster evaluates, it may have seen the first
    assets and not yet the last ones, which it would then make again.
    """
    condition = dg.AutomationCondition
    handled = (
        condition.newly_requested()
        | condition.newly_updated()
        | condition.execution_failed().newly_true()
        | condition.initial_evaluation()
    )
    return (
        condition.any_deps_updated().since(handled)
        & ~condition.any_deps_match(condition.newly_updated())
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    )


def table_schema(table: str) -> dg.TableSchema:
    """The columns of one of the warehouse's own tables, as the contract describes them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                column.description + (f" ({column.unit})" if column.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=column.name not in tables()[table].key
                ),
            )
            for column in tables()[table].columns
        ]
    )


def _code_references(files: Sequence[Path]) -> dg.CodeReferencesMetadataValue:
    with warnings.catch_warnings():
        # in beta; the UI shows them as links to the files
        warnings.simplefilter("ignore", category=dg.BetaWarning)
        return dg.CodeReferencesMetadataValue(
            code_references=[
                dg.LocalFileCodeReference(file_path=str(path), label=path.name) for path in files
            ]
        )


def lineage_shown(lineage: dg.TableColumnLineage) -> dict[str, Any]:
    """Column lineage, for tools that know the standard key and for people who look at the UI."""
    read: dict[str, list[str]] = {
        column: [f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps]
        for column, deps in lineage.deps_by_column.items()
    }
    return {
        "dagster/column_lineage": lineage,
        # the open-source UI shows nothing of the standard key
        "column lineage": rows_shown(
            [{"column": column, "computed from": ", ".join(of)} for column, of in read.items()]
        ),
    }


def preview_shown(shown: Preview) -> dict[str, Any]:
    """How many rows a table has, and some of them."""
    details: dict[str, Any] = {"dagster/row_count": shown.total_rows}
    if shown.common:
        details["preview of"] = ", ".join(f"{k} {v}" for k, v in shown.common.items())
    if shown.rows:
        details["preview"] = rows_shown(shown.rows)
    return details


def picture_shown(svg: bytes, what: str) -> dg.MarkdownMetadataValue:
    """A picture inside the metadata: nothing is loaded from anywhere."""
    return dg.MetadataValue.md(
        f"![{what}](data:image/svg+xml;base64,{base64.b64encode(svg).decode()})"
    )


def rows_shown(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Rows as a table; one that several findings fill may lack a column here and there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return dg.MetadataValue.table(
        [dg.TableRecord({name: _plain(row.get(name)) for name in names}) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(name) for name in names]),
    )


def _plain(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)

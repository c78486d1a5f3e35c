"""What dbt reads of the sources is what the contract's tables are.

After a change of ``tables.yml``: ``python -m acv_pipeline_tests.models.test_sources``.
"""

from __future__ import annotations

import json

from acv_pipeline.contract.loading import SQL_PROJECT
from acv_pipeline.contract.tables import tables
from acv_pipeline.contract.yaml_file import read_yaml

SOURCES = SQL_PROJECT / "models" / "sources.yml"
HEADER = """\
version: 2

# What the models read and never write: tables the pipeline creates and fills. Everything below the
# names of the tables is written from acv_pipeline/contract/tables.yml, which a test compares:
#   python -m acv_pipeline_tests.models.test_sources
sources:
"""


def test_sources_are_described_as_in_the_contract() -> None:
    assert SOURCES.read_text(encoding="utf-8") == _written()


def _written() -> str:
    lines = []
    for group in read_yaml(SOURCES)["sources"]:
        lines += [
            f"  - name: {group['name']}",
            f"    description: {group['description']}",
            "    tables:",
        ]
        for entry in group["tables"]:
            table = tables()[f"{group['name']}.{entry['name']}"]
            lines += [
                f"      - name: {entry['name']}",
                f"        description: {_text(table.description)}",
                "        columns:",
            ]
            lines += [
                f"          - {{name: {column.name}, data_type: {_text(column.type.lower())},"
                f" description: {_text(column.description)}}}"
                for column in table.columns
            ]
    return HEADER + "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return text if text.isalnum() else json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    SOURCES.write_text(_written(), encoding="utf-8")

"""``docs/explain.md`` and ``docs/as-of.md`` show what commands and queries really answer.

To renew the answers: ``python -m acv_pipeline_tests.explain.test_pages``.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path

import duckdb
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import load_contract
from acv_pipeline.models import Project
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.explain.conftest import fill
from acv_pipeline_tests.warehouses import published

DOCS = Path(__file__).parents[2] / "docs"
COMMAND = re.compile(r"(<!-- acv (?P<asked>explain .+?) -->\n```\n)(?P<answer>.*?)(```\n)", re.S)
QUERY = re.compile(r"(```sql\n(?P<asked>.+?)```\n\n```\n)(?P<answer>.*?)(```\n)", re.S)


def printed(home: Home, command: str) -> str:
    done = CliRunner().invoke(main, [*shlex.split(command), "--home", str(home.root)])
    assert done.exit_code in (0, 1), done.output
    return done.output.replace(home.option, "")  # the pages show the usual home


def table(home: Home, sql: str) -> str:
    """The rows as aligned text, from plain DuckDB."""
    with duckdb.connect(str(home.published), read_only=True) as plain:
        result = plain.execute(sql)
        rows = [[column[0] for column in result.description]]
        rows += [[str(value) for value in row] for row in result.fetchall()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def renewed(page: str, home: Home) -> str:
    """The page with every answer as it is now."""
    page = COMMAND.sub(lambda found: found[1] + printed(home, found["asked"]) + found[4], page)
    return QUERY.sub(lambda found: found[1] + table(home, found["asked"]) + found[4], page)


def test_the_pages_show_what_is_answered(known: Home) -> None:
    for name, answers in (("explain.md", COMMAND), ("as-of.md", QUERY)):
        page = (DOCS / name).read_text(encoding="utf-8")
        assert len(answers.findall(page)) >= 3, name
        assert renewed(page, known) == page, f"{name}: renew it as the module says"


def test_every_mart_can_be_asked_for_as_of_a_day(known: Home) -> None:
    with duckdb.connect(str(known.published), read_only=True) as plain:
        for name in Project.load().models:
            now = plain.execute(f"from marts.{name} order by all").fetchall()
            then = plain.execute(f"from marts.{name}_as_of('2100-01-01') order by all").fetchall()
            assert then == now, name


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        (landing := Path(folder) / "landing").mkdir()
        contract, home = load_contract(), Home(Path(folder) / "home")
        fill(landing, contract)
        published(home, contract, landing)
        for name in ("explain.md", "as-of.md"):
            text = (DOCS / name).read_text(encoding="utf-8")
            (DOCS / name).write_text(renewed(text, home), encoding="utf-8")

"""Writes the READMEs' list of assets and checks: ``python -m acv_pipeline_tests.readme``."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg

from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse.home import Home

README = Path(__file__).parents[1] / "README.md"
IN_FRENCH = README.with_name("README.fr.md")
HEADINGS = {
    README: "| Asset | Layer | Checks, per month |",
    IN_FRENCH: "| Asset | Couche | Contrôles, par mois |",
}
"""The READMEs, and how each heads the list."""
BLOCK = re.compile(
    r"(<!-- assets and checks: .*? -->\n).*?(<!-- /assets and checks -->)", re.DOTALL
)


def listing(heading: str) -> str:
    """One row per asset in the order of the flow, with its checks."""
    home = Home(Path("unused"))
    pipeline = Pipeline.configured(home, home.landing)
    graph = build_definitions(pipeline).resolve_asset_graph()
    checks = pipeline.checks()
    rows = [heading, "|---|---|---|"]
    for key in graph.toposorted_asset_keys:
        name = key.to_user_string()
        own = ", ".join(f"`{check.name}`" for check in checks if check.asset == name)
        rows.append(f"| `{name}` | {_group(graph, key)} | {own} |")
    return "\n".join(rows) + "\n"


def _group(graph: object, key: dg.AssetKey) -> str:
    return str(graph.get(key).group_name)  # type: ignore[attr-defined]


def with_listing(page: Path) -> str:
    """A README's text with the current list in it."""
    text = page.read_text(encoding="utf-8")
    return BLOCK.sub(lambda match: match[1] + listing(HEADINGS[page]) + match[2], text)


if __name__ == "__main__":
    for readme in HEADINGS:
        readme.write_text(with_listing(readme), encoding="utf-8")

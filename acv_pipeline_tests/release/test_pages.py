"""``docs/open-data.md`` says what is so: its files are the declared ones, its examples were run.

To renew both: ``python -m acv_pipeline_tests.release.test_pages``.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from pathlib import Path
from typing import Any

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.publishing.release.declared import tables
from acv_pipeline_tests.release.conftest import Released, build_small

PAGE = Path(__file__).parents[2] / "docs" / "open-data.md"
FILES = re.compile(r"(<!-- files: .*? -->\n).*?(<!-- /files -->)", re.DOTALL)
EXAMPLE = re.compile(r"(```python\n(?P<code>.+?)```\n\n```\n)(?P<answer>.*?)(```\n)", re.DOTALL)


def listed() -> str:
    rows = ["| File | One row per | Holds |", "|---|---|---|"]
    for table in tables():
        name = table.file.replace("{indicator}", "acv")
        rows.append(f"| `{name}` | {', '.join(table.key)} | {table.description.en} |")
    return "\n".join(rows) + "\n"


def renewed(text: str, folder: Path) -> str:
    """The page with its list, and every answer, as they are now."""
    words: dict[str, Any] = {}

    def run(found: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            exec(found["code"], words)
        return f"{found[1]}{printed.getvalue()}{found[4]}"

    text = FILES.sub(lambda found: found[1] + listed() + found[2], text)
    return EXAMPLE.sub(run, text)


def test_the_page_shows_what_is_so(small: Released) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(text)) == 4
    assert renewed(text, small.folder) == text, "renew it as the module says"


def test_the_release_describes_itself(small: Released, contract: Contract) -> None:
    readme = (small.folder / "README.md").read_text(encoding="utf-8")
    dataset = contract.dataset
    for words in (dataset.frequency, dataset.spatial_coverage, dataset.granularity, dataset.nature):
        assert f"| {words.fr} |" in readme and f"| {words.en} |" in readme
    assert "| Couverture temporelle, ACV | janvier 2020 – mars 2020 (3 mois) |" in readme
    assert "| Temporal coverage, PVD | October 2020 – November 2020 (2 months) |" in readme
    assert "etalab-2.0" in readme and "| Producteurs | Anah, Action Logement |" in readme
    dictionary = (small.folder / "dictionnaire.md").read_text(encoding="utf-8")
    for table in small.folder.glob("*.csv"):
        assert f"`{table.name}`" in readme
        for column in table.read_text(encoding="utf-8").splitlines()[0].split(","):
            assert f"\n| `{column}` | " in dictionary, column


def test_every_line_of_the_documents_was_filled_in(small: Released) -> None:
    for name in ("README.md", "dictionnaire.md", "CHANGES.md", "datapackage.json"):
        text = (small.folder / name).read_text(encoding="utf-8")
        assert "{{" not in text and "{%" not in text and "None" not in text
        assert "{label}" not in text and "{decimals}" not in text


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as place,
        build_small(load_contract(), Path(place)) as world,
    ):
        PAGE.write_text(renewed(PAGE.read_text("utf-8"), world.folder), encoding="utf-8")

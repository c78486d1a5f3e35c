"""What people read about a release: description, dictionary, changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import in_words
from acv_pipeline.publishing.release.changes import Cell, Changes
from acv_pipeline.publishing.release.declared import ReleaseFile
from acv_pipeline.publishing.release.describing import told
from acv_pipeline.publishing.release.folder import Version
from acv_pipeline.publishing.release.origins import Origins
from acv_pipeline.publishing.release.rendering import rendered


def write_readme(
    contract: Contract,
    files: list[ReleaseFile],
    counts: dict[str, int],
    months: dict[str, list[Month]],
    whose: Origins,
    example: str,
    version: Version,
    too_large: list[str],
    folder: Path,
) -> None:
    """The data set's description, in French and English.

    Args:
        counts: rows by file, without extension.
        months: months of the headline figures, by indicator.
        whose: who produced the figures, and whether they are real.
        example: a provenance as the release has it.
        too_large: tables that no spreadsheet can hold, by file without extension.
    """
    _write(
        folder / "README.md",
        rendered(
            "README.md.j2",
            dataset=contract.dataset,
            version=version,
            title=whose.title(contract.dataset.title),
            whose=whose,
            indicators=[
                {
                    "name": contract.indicators[indicator].short_name,
                    "fr": _span(found, lambda m: in_words(m).fr),
                    "en": _span(found, lambda m: in_words(m).en),
                    "months": len(found),
                }
                for indicator, found in months.items()
            ],
            files=files,
            codes=sorted({c.name for file in files for c in file.columns if c.looks_numeric}),
            counts=counts,
            example=example,
            too_large=too_large,
        ),
    )


def write_dictionary(files: list[ReleaseFile], folder: Path) -> None:
    """Every column once, with the files that have it."""
    columns = {column.name: column for file in files for column in file.columns}
    _write(
        folder / "dictionnaire.md",
        rendered(
            "dictionnaire.md.j2",
            files=files,
            columns=list(columns.values()),
            holders={
                name: [f.stem for f in files if name in (c.name for c in f.columns)]
                for name in columns
            },
            told=told,
        ),
    )


def write_changes(
    contract: Contract, changes: Changes | None, version: Version, folder: Path
) -> None:
    """What changed since the previous release; None when there is none."""
    places = contract.territories

    def place(cell: Cell) -> str:
        names = {"departemental": places.departments, "regional": places.regions}
        name = names.get(cell.level, {}).get(cell.territory)
        return f"{name} ({cell.territory})" if name else cell.territory

    names = {key: entry.short_name for key, entry in contract.indicators.items()}
    _write(
        folder / "CHANGES.md",
        rendered("CHANGES.md.j2", changes=changes, version=version, names=names, place=place),
    )


def _span(months: list[Month], named: Callable[[Month], str]) -> str:
    return f"{named(months[0])} – {named(months[-1])}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

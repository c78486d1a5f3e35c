"""Whose figures a release holds, and whether they are real."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.entries import Words
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.publishing.release.writing import Rows

DELIVERIES = "livraisons"


@dataclass(frozen=True)
class Origins:
    """What the cited deliveries have in common.

    Attributes:
        producers: names of the sources whose figures are the headline's.
        references: names of the cited sources of published figures.
        sources: names of all cited sources.
        files: how many deliveries are cited.
        synthetic_files: how many of them bear the mark of synthetic data.
    """

    producers: list[str]
    references: list[str]
    sources: list[str]
    files: int
    synthetic_files: int

    @property
    def is_synthetic(self) -> bool:
        """Whether any figure may be a made-up one."""
        return self.synthetic_files > 0

    @property
    def warning(self) -> Words | None:
        """What must be said of synthetic data before anything else; None for real data."""
        if not self.is_synthetic:
            return None
        n, files = self.synthetic_files, self.files
        return Words(
            fr=(
                f"DONNÉES SYNTHÉTIQUES : {n} des {files} fichiers reçus sont fabriqués pour l'essai"
                f" (« {FILE_MARK} » dans leur nom). Ces chiffres ne disent rien de la réalité,"
                " aucune licence n'est accordée, et cette version ne doit pas être publiée."
            ),
            en=(
                f"SYNTHETIC DATA: {n} of the {files} files received were made up for trying things"
                f' out ("{FILE_MARK}" in their names). These figures say nothing about reality, no'
                " licence is granted, and this release must not be published."
            ),
        )

    def title(self, title: Words) -> Words:
        """The title, which says so where data are synthetic."""
        if not self.is_synthetic:
            return title
        return Words(fr=f"[DONNÉES SYNTHÉTIQUES] {title.fr}", en=f"[SYNTHETIC DATA] {title.en}")

    def description(self, description: Words) -> Words:
        """The description, which begins with the warning where data are synthetic."""
        if (warning := self.warning) is None:
            return description
        return Words(
            fr=f"{warning.fr} {description.fr}",
            en=f"{warning.en} {description.en}",
        )


def origins(
    connection: duckdb.DuckDBPyConnection, contract: Contract, collection: list[Rows]
) -> Origins:
    """What the deliveries of a release that is being made say of it."""
    (cited,) = (rows.table for rows in collection if rows.file.table.name == DELIVERIES)
    deliveries = connection.execute(
        f"select source, libelle_source, nom_fichier from {cited} order by source"
    ).fetchall()
    labels = {source: label for source, label, _ in deliveries}
    produced = {
        source
        for rows in collection
        if rows.file.table.headline
        for (source,) in connection.execute(
            "select distinct split_part(unnest(string_split(provenance, ' ')), ':', 1)"
            f" from {rows.table}"
        ).fetchall()
    }
    # in the contract's order; a source that has left it comes last
    ordered = [s for s in dict.fromkeys([*contract.sources, *labels]) if s in labels]
    return Origins(
        producers=[labels[source] for source in ordered if source in produced],
        references=[
            labels[source]
            for source in ordered
            if source in contract.sources and contract.sources[source].role == "reference"
        ],
        sources=[labels[source] for source in ordered],
        files=len(deliveries),
        synthetic_files=sum(FILE_MARK in (name or "") for *_, name in deliveries),
    )


def is_synthetic(release: Path) -> bool:
    """Whether a release on disk cites a synthetic file, by its own list of deliveries."""
    with (release / f"{DELIVERIES}.csv").open(encoding="utf-8", newline="") as file:
        return any(FILE_MARK in (row["nom_fichier"] or "") for row in csv.DictReader(file))

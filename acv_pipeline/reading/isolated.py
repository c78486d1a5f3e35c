"""Starts the process that opens workbooks and Parquet, and takes what it leaves.

A reader of binary formats can panic, run out of memory or never end on a hostile file; in a
process of its own, with bounded memory and time, that is one refused delivery and nothing else.
Parquet goes there too: DuckDB reads it on its own default connection, apart from the warehouse.

Here: starting, waiting, refusing. Not here: reading (``worker``).
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.sheet import Limits, Sheet

WORKER = Path(__file__).with_name("worker.py")

SAID = {
    "encrypted": (
        "is protected by a password: ask for it without one",
        "est protégé par un mot de passe : le demander sans",
    ),
    "damaged": (
        "is damaged or cut short ({detail}): ask for it again",
        "est endommagé ou incomplet ({detail}) : le redemander",
    ),
    "too_big": (
        "unpacks to more than can be read: send the table alone, as CSV",
        "dépasse en mémoire ce qui peut être lu : envoyer le seul tableau, en CSV",
    ),
    "too_slow": (
        "takes too long to read: send the table alone, as CSV",
        "est trop long à lire : envoyer le seul tableau, en CSV",
    ),
    "too_many_columns": (
        "has a sheet of {detail} columns: check how it was exported",
        "a une feuille de {detail} colonnes : vérifier l'export",
    ),
    "too_many_rows": (
        "has a sheet of {detail} rows: check how it was exported",
        "a une feuille de {detail} lignes : vérifier l'export",
    ),
    "too_many_sheets": (
        "has {detail} sheets: send the table alone",
        "a {detail} feuilles : envoyer le seul tableau",
    ),
}


def refuse(path: Path, code: str, detail: str = "") -> DeliveryRefused:
    """The refusal of ``path`` for a reason of ``SAID``."""
    english, french = SAID[code]
    return DeliveryRefused(
        code,
        f"{path.name} {english.format(detail=detail)}",
        f"{path.name} {french.format(detail=detail)}",
    )


def read_isolated(path: Path, kind: str, limits: Limits) -> list[Sheet]:
    """The sheets of a workbook or a Parquet file.

    Args:
        path: the file.
        kind: ``workbook`` or ``parquet``.
        limits: memory, time and sizes.

    Raises:
        DeliveryRefused: a reason of ``SAID``.
    """
    with tempfile.TemporaryDirectory(prefix="acv-reading-") as name:
        folder = Path(name)
        command = [sys.executable, "-P", str(WORKER), kind, str(path.resolve()), name]
        command.append(json.dumps(dataclasses.asdict(limits)))
        try:
            subprocess.run(command, capture_output=True, timeout=limits.worker_seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise refuse(path, "too_slow") from error
        result = folder / "sheets.json"
        if not result.exists():
            refused = folder / "refused.json"
            if not refused.exists():  # killed, or out of memory beyond recovery
                raise refuse(path, "too_big")
            outcome = json.loads(refused.read_text(encoding="utf-8"))
            raise refuse(path, outcome["code"], outcome["detail"])
        described = json.loads(result.read_text(encoding="utf-8"))
        return [
            Sheet(
                sheet["name"],
                _cells(folder / f"{number}.csv"),
                filled=frozenset((row, column) for row, column in sheet["filled"]),
            )
            for number, sheet in enumerate(described)
        ]


def _cells(path: Path) -> pd.DataFrame:
    if path.stat().st_size == 0:
        return pd.DataFrame()
    cells = pd.read_csv(
        path, header=None, dtype="str", na_filter=False, skip_blank_lines=False, encoding="utf-8"
    )
    return cells.set_axis(range(cells.shape[1]), axis=1)

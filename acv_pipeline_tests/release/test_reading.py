"""Other programs read the CSVs back to the same figures: pandas, LibreOffice."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from acv_pipeline.publishing.release.declared import columns
from acv_pipeline_tests.release.conftest import FORMULA, Released

SOFFICE = shutil.which("soffice")
CSV_FILTER = "Text - txt - csv (StarCalc)"
COMMA_UTF8 = "44,34,76,1"  # separator, quote, character set, first line
TEXT = 2  # the type of a column in LibreOffice's import


def strings(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def through_libreoffice(path: Path, folder: Path) -> list[list[str]]:
    """Imported as the page says, with text columns typed as Text; exported again as shown."""
    fields = json.loads(path.with_suffix(".schema.json").read_text(encoding="utf-8"))["fields"]
    texts = [at for at, field in enumerate(fields, start=1) if field["type"] == "string"]
    typed = "/".join(f"{at}/{TEXT}" for at in texts)
    assert SOFFICE is not None
    done = subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--norestore",
            f"--infilter={CSV_FILTER}:{COMMA_UTF8},{typed}",
            "--convert-to",
            f"csv:{CSV_FILTER}:{COMMA_UTF8},,0,false,true,false,false,false,-1",
            "--outdir",
            str(folder / "out"),
            str(path),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    (written,) = (folder / "out").glob(f"{path.stem}*")
    assert done.returncode == 0, done.stderr
    return strings(written)


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_reads_the_same(small: Released, tmp_path: Path) -> None:
    """Codes keep their zeros, deliveries stay texts, and no file name is run."""
    for name in ("acv-logements-departemental.csv", "livraisons.csv"):
        mine = strings(small.folder / name)
        theirs = through_libreoffice(small.folder / name, tmp_path)
        shown = {"TRUE": "true", "FALSE": "false"}
        assert [[shown.get(cell, cell) for cell in row] for row in theirs] == mine
        if name == "livraisons.csv":
            (column,) = (at for at, title in enumerate(mine[0]) if title == "nom_fichier")
            (beware,) = (row[column] for row in theirs if "calc" in row[column])
            assert beware.startswith("'=cmd") and beware != FORMULA


def test_pandas_reads_the_same_without_being_told_more(small: Released) -> None:
    """The lines of README.md are enough: figures are whole numbers, texts stay as they are."""
    readme = (small.folder / "README.md").read_text(encoding="utf-8")
    assert "`pd.read_csv(fichier, dtype=codes)`" in readme
    (lines,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    words: dict[str, dict[str, type]] = {}
    exec(textwrap.dedent(lines), words)
    assert {"livraison", "ancienne_livraison", "nouvelle_livraison"} < set(words["codes"])
    for path in small.folder.glob("*.csv"):
        read = pd.read_csv(path, dtype=words["codes"])
        schema = json.loads(path.with_suffix(".schema.json").read_text(encoding="utf-8"))
        header, *rows = strings(path)
        assert list(read) == header
        for position, field in enumerate(schema["fields"]):
            written = [row[position] for row in rows]
            column = read[field["name"]]
            if field["type"] == "string":
                assert list(column.fillna("")) == written, (path.name, field["name"])
            elif rows and field["type"] == "integer" and field["constraints"]["required"]:
                assert column.dtype == "int64" and list(column.astype(str)) == written


@pytest.mark.parametrize("code", ["012345678901", "123e45678901", "01"])
def test_what_would_be_taken_for_a_number_is_among_the_codes(code: str) -> None:
    """By any column's pattern, a code that pandas would change is told to be text."""
    for column in columns().values():
        if column.type == "string" and re.fullmatch(column.pattern or "", code):
            assert column.looks_numeric or column.name in TOKENS, column.name


# words of this program or of the contract, never digits alone
TOKENS = {"id_indicateur", "serie", "source"}

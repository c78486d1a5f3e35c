"""Makes the small home that a released version leaves to those that come after it.

``python acv_pipeline_tests/upkeep/make_home.py FOLDER``, by the Python in which that version is
installed. FOLDER, which must not be there yet, gets the home, and ``homes/`` beside this script
gets it packed. Four months of synthetic deliveries in two runs: a row in quarantine, a partner's
correction and one of the register, a month that was signed off, one that is held still, a fall
that was explained.

It asks of the version no more than its commands and its sample data, so it can make the home of an
earlier one.
"""

from __future__ import annotations

import datetime as dt
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from acv_pipeline.contract import load_contract
from acv_pipeline.sample_data import SampleFile, generate

HOMES = Path(__file__).with_name("homes")
FEBRUARY, MARCH, APRIL, MAY = (dt.date(2021, month, 1) for month in range(2, 6))
PARTNER, OTHER = "anah", "action_logement"
FINE, HELD = 0, 1  # exit codes
REGISTER = """\
- source: anah
  indicator: ACV
  month: 2021-04
  department: "2A"
  delivered: {delivered}
  corrected: {corrected}
  reason: one dwelling forgotten, confirmed by telephone
  by: the statistics unit
  date: 2021-05-20
"""


def main(folder: Path) -> None:
    """Make the home, run by run, and pack it."""
    folder.mkdir(parents=True)
    home, sent = folder / "home", folder / "sent"
    # nobody's own settings
    for name in [name for name in os.environ if name.startswith("ACV_")]:
        del os.environ[name]
    os.environ["ACV_LANGUAGE"] = "en"
    contract = load_contract()
    files = generate(sent, contract=contract, first=FEBRUARY, last=MAY).files
    february, march, april = (_first(files, PARTNER, m) for m in (FEBRUARY, MARCH, APRIL))
    _edit(february, "05", lambda _: "n.c.")  # not understood: quarantined
    _edit(april, "62", lambda _: str(_figure(march, "62") - 1))  # falls
    _edit(_first(files, OTHER, APRIL), "59", None)  # lacking, nobody knows why: held
    may = _first(files, OTHER, MAY)
    tens = re.sub(rb"(?m)^(\w+;[^;\n]*;\d+)", rb"\g<1>0", may.read_bytes())
    may.write_bytes(tens)  # each figure ten times too large: held

    _arrive(files, sent, home, until=dt.date(2021, 6, 1))
    wrong = _figure(april, "2A")
    register = REGISTER.format(delivered=wrong, corrected=wrong + 1)
    (home / "corrections.yml").write_text(register, encoding="utf-8")
    print(_acv(home, HELD, "run"))
    (held,) = json.loads(_acv(home, HELD, "status", "--json"))["held"]
    _acv(home, FINE, "signoff", held["delivery_id"], "ACV", "2021-04",
         "--reason", "no city is left there", "--by", "head of unit")  # fmt: skip
    _acv(home, FINE, "explain", "62", "2021-04", "--series", PARTNER,
         "--say", "recounted", "--by", "data unit")  # fmt: skip
    _arrive(files, sent, home, until=dt.date(2022, 1, 1))
    print(_acv(home, HELD, "run"))
    shutil.rmtree(sent)
    _pack(home, HOMES / f"{version('acv_pipeline')}.tar.xz")


def _first(files: Sequence[SampleFile], source: str, month: dt.date) -> Path:
    """The first file in which a source has a month."""
    return next(file.path for file in files if file.source == source and month in file.months)


def _figure_of(path: Path, department: str) -> tuple[str, re.Match[str]]:
    text = path.read_bytes().decode("latin-1")  # keeps every byte
    code = f"0?{department.lstrip('0')}"
    found = re.search(rf"^(?:[^;\n]*;)??{code};[^;\n]*;(?:[\d/-]+;)?(\d+);.*\n", text, re.MULTILINE)
    assert found, f"{path} has no figure of {department}"
    return text, found


def _figure(path: Path, department: str) -> int:
    return int(_figure_of(path, department)[1][1])


def _edit(path: Path, department: str, figure: Callable[[int], str] | None) -> None:
    """Another figure in the first row of a département; None takes the row out."""
    text, found = _figure_of(path, department)
    begin, end = found.span(0 if figure is None else 1)
    new = "" if figure is None else figure(int(found[1]))
    path.write_bytes((text[:begin] + new + text[end:]).encode("latin-1"))


def _arrive(files: Sequence[SampleFile], sent: Path, home: Path, *, until: dt.date) -> None:
    """What came by that day lies in the landing zone, which is in the home."""
    landing = home / "landing"
    for path in [file.path for file in files if file.delivered_on <= until]:
        (folder := landing / path.parent.relative_to(sent)).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    shutil.copy(sent / "README.txt", landing)


def _acv(home: Path, expected: int, *arguments: str) -> str:
    acv = Path(sys.executable).with_name("acv")
    command = [str(acv), *arguments, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=home.parent)
    assert done.returncode == expected, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def _pack(home: Path, file: Path) -> None:
    """Everything but locks, and what a release says once more as Parquet and spreadsheets."""
    with tarfile.open(file, "w:xz", preset=9 | lzma.PRESET_EXTREME) as archive:
        for path in sorted(home.rglob("*"), key=lambda path: (path.suffix, path)):
            if path.suffix not in (".lock", ".parquet", ".xlsx"):
                archive.add(path, str(path.relative_to(home)), recursive=False, filter=_of_nobody)
    print(f"{file}: {file.stat().st_size / 1e3:.0f} kB")


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main(Path(sys.argv[1]))

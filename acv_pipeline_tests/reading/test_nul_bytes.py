"""A NUL byte in a cell costs its row at most; a file full of them is no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.reading import read_file
from acv_pipeline_tests.reading.test_hostile import refusal

LINES = ["dep;nom;cumul", *(f"{n:02};Département n° {n};{n * 10}" for n in range(1, 60))]
REMARK = ("some bytes are no text; they read as \ufffd",)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("nuls", [1, 30])
def test_a_few_nul_bytes(codec: str, nuls: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [*LINES]
    lines[7] = lines[7].replace("n° 7", "n° 7" + "\0" * nuls)
    path.write_bytes("\r\n".join(lines).encode(codec))
    sheet = read_file(path)[0]
    assert tuple(map(str, sheet.remarks)) == REMARK
    assert sheet.cells.iloc[7].tolist() == ["07", "Département n° 7" + "\ufffd" * nuls, "70"]
    others = sheet.cells.drop(index=7).to_numpy(dtype=object).tolist()
    assert others == [line.split(";") for at, line in enumerate(LINES) if at != 7]


def test_a_nul_byte_in_a_figure(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(LINES).replace(";70", ";7\0").encode())
    assert read_file(path)[0].cells.iloc[7, 2] == "7\ufffd"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_text(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(LINES).encode(codec))
    sheet = read_file(path)[0]
    assert sheet.remarks == ()
    assert sheet.cells.iloc[7].tolist() == ["07", "Département n° 7", "70"]


BINARY = {
    "many": b"dep;cumul\n" + b"01;2\n\0\0" * 500,
    "at the end": b"dep;cumul\n" + b"01;2\n" * 100 + b"\0" * 4096,
    "a database table": b"\x03\x79\x03\x1f\x3b\0\0\0\x41\0\x0e\0" + b"01 Ain          524" * 300,
    "control bytes": b"dep;cumul\n" + b"01;2\x02\x03\n" * 500,
}


@pytest.mark.parametrize("case", BINARY)
def test_binary_content(case: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(BINARY[case])
    assert refusal(tmp_path / "a.csv") == "not_text"

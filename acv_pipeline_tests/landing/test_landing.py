"""What is in the landing zone, and what is odd about where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.landing import LandingError, scan
from acv_pipeline.landing.whole_files import sha256

SOURCES = ["anah", "action_logement"]


def put(landing: Path, place: str, text: str = "x") -> Path:
    path = landing / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_found_with_their_source_and_day(landing: Path) -> None:
    put(landing, "anah/2021-04-06/acv mars.csv")
    put(landing, "action_logement/2021-04-07/a.xlsx")
    found = scan(landing, SOURCES)
    assert [(f.source, str(f.delivered_on), f.name) for f in found.files] == [
        ("action_logement", "2021-04-07", "a.xlsx"),
        ("anah", "2021-04-06", "acv mars.csv"),
    ]
    assert found.misplaced == []


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("caisse/2021-04-06/a.csv", "unknown source"),
        ("anah/2999-01-01/a.csv", "has not come yet"),
        ("anah/avril/a.csv", "2021-04-06"),
        ("anah/2021-04-06/sub/a.csv", "folder"),
        ("anah/a.csv", "2021-04-06"),
    ],
)
def test_misplaced_files_are_named_with_what_was_expected(
    landing: Path, place: str, word: str
) -> None:
    (landing / "anah").mkdir()
    put(landing, place)
    found = scan(landing, SOURCES)
    assert found.files == []
    assert len(found.misplaced) == 1 and word in found.misplaced[0]


@pytest.mark.parametrize(
    "place",
    ["README.txt", "anah/.DS_Store", "anah/2021-04-06/~$acv.xlsx", "anah/2021-04-06/x.part"],
)
def test_notes_and_lock_files_are_no_deliveries(landing: Path, place: str) -> None:
    (landing / "anah").mkdir()
    put(landing, place)
    assert scan(landing, SOURCES).files == []


def test_a_sidecar_belongs_to_its_file(landing: Path) -> None:
    put(landing, "anah/2021-04-06/acv.csv")
    put(landing, "anah/2021-04-06/acv.csv.control.csv")
    put(landing, "anah/2021-04-06/first.csv.control.csv")  # its file is still on the way
    found = scan(landing, SOURCES)
    assert [f.name for f in found.files] == ["acv.csv"]
    assert [p.name for p in found.sidecars] == ["acv.csv.control.csv", "first.csv.control.csv"]


def test_no_landing_zone_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match=r"is not a folder: expected .*<YYYY-MM-DD>"):
        scan(tmp_path / "nowhere", SOURCES)


def test_what_is_misplaced_is_told_in_french(
    landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    put(landing, "anah/2021-04-06/folder/acv.csv")
    assert scan(landing, SOURCES).misplaced == [
        f"{landing}/anah/2021-04-06/folder\u00a0: non lu\u00a0; attendu des fichiers, trouvé un "
        f"dossier"
    ]


def test_identity_is_the_sha256_of_the_bytes(landing: Path) -> None:
    path = put(landing, "anah/2021-04-06/acv.csv", "abc")
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_wrong_folder_is_a_clear_error(landing: Path) -> None:
    put(landing, "detail-departemental.csv")
    with pytest.raises(LandingError, match="has no folder of a source"):
        scan(landing, SOURCES)


def test_a_link_that_leads_nowhere_keeps_nothing_else_from_being_read(landing: Path) -> None:
    path = put(landing, "anah/2021-04-06/acv.csv")
    path.with_name("dead.csv").symlink_to(landing / "nowhere")
    found = scan(landing, SOURCES)
    assert [f.name for f in found.files] == ["acv.csv"]
    assert len(found.misplaced) == 1 and "dead.csv" in found.misplaced[0]

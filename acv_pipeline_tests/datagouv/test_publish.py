"""Publishing to a portal on this machine: once, again, after changes, and through failures."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import threading
import time
from pathlib import Path

import pytest

from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.publishing.datagouv import portal as client
from acv_pipeline.publishing.datagouv.publish import Outcome, publish
from acv_pipeline.publishing.datagouv.settings import PassingError, PublishError, Settings
from acv_pipeline_tests.datagouv.conftest import TABLES, write_release
from acv_pipeline_tests.datagouv.portal import DATASET, KEY, OTHERS_KEY, Portal

PAUSE = 0.002
UPLOAD = f"/datasets/{DATASET}/upload/$"
CSV = "acv-logements-departemental.csv"


def go(release: Path, settings: Settings, record: Path, **more: bool) -> Outcome:
    return publish(release, settings, record, pause=PAUSE, **more)


def done(outcome: Outcome) -> dict[str, str]:
    return {report.name: report.done for report in outcome.files}


def shows(portal: Portal, release: Path) -> bool:
    """Whether the portal holds every file of the release once, byte by byte."""
    sent = {path.name if path.suffix in (".csv", ".json", ".parquet") else f"{path.name}.txt": path
            for path in release.iterdir()}  # fmt: skip
    names = [resource["url"].rpartition("/")[2] for resource in portal.resources]
    return sorted(names) == sorted(sent) and all(
        portal.held(name) == path.read_bytes()
        and portal.named(name)["checksum"]["value"] == hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sent.items()
    )


def test_off_asks_nothing(portal: Portal, release: Path, record: Path) -> None:
    outcome = publish(release, Settings("off", portal.url, DATASET, KEY), record)
    assert outcome.summary == "publishing is off" and portal.seen == []


def test_first_each_file_is_created_and_described(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    lines: list[str] = []
    outcome = publish(release, settings, record, log=lines.append, pause=PAUSE)
    assert outcome.summary == (
        f"release 2026-01-15 to {portal.url}, data set {DATASET}: 10 created"
    )
    assert set(done(outcome).values()) == {"created"} and len(lines) == 10
    assert shows(portal, release)
    csv, schema = portal.named(CSV), portal.named(CSV.replace(".csv", ".schema.json"))
    assert csv["title"] == f"Titre de {CSV}" and csv["description"] == f"Ce que contient {CSV}."
    assert (csv["type"], csv["format"], csv["checksum"]["type"]) == ("main", "csv", "sha256")
    assert csv["schema"]["url"] == schema["latest"] != schema["url"]
    assert (schema["type"], schema["format"]) == ("documentation", "json")
    parquet = portal.named(CSV.replace(".csv", ".parquet"))
    assert (parquet["type"], parquet["schema"]) == ("other", None)
    # what people want is on top: the package says that all is there, so it comes last
    shown = [resource["url"].rpartition("/")[2] for resource in portal.resources]
    assert shown[:3] == ["datapackage.json", CSV, "livraisons.csv"]
    ids = json.loads(record.read_text())[f"{portal.url}/{DATASET}"]
    assert ids[CSV] == csv["id"] and len(ids) == 10
    assert outcome.files[-2].url == csv["latest"]


def test_again_writes_nothing(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    go(release, settings, record)
    portal.forget()
    again = go(release, settings, record)
    assert set(done(again).values()) == {"unchanged"} and portal.writes() == []
    assert again.summary.endswith("10 unchanged")


def test_a_new_release_replaces_what_changed_at_its_address(
    portal: Portal, release: Path, next_release: Path, settings: Settings, record: Path
) -> None:
    go(release, settings, record)
    before = {resource["id"]: resource["latest"] for resource in portal.resources}
    outcome = go(next_release, settings, record)
    assert {name for name, what in done(outcome).items() if what == "replaced"} == {
        CSV, CSV.replace(".csv", ".parquet"), "README.md", "CHANGES.md", "SHA256SUMS",
        "datapackage.json",
    }  # fmt: skip
    assert {resource["id"]: resource["latest"] for resource in portal.resources} == before
    assert shows(portal, next_release)
    assert portal.named(CSV)["title"] == f"Titre de {CSV}", "uploading had set the file's name"


def test_without_the_record_files_are_recognised(
    portal: Portal, release: Path, next_release: Path, settings: Settings, record: Path
) -> None:
    """By the name at the end of their address, whatever people made of the titles."""
    go(release, settings, record)
    ids = json.loads(record.read_text())
    record.unlink()
    portal.named(CSV)["title"] = "Logements accompagnés"
    outcome = go(next_release, settings, record)
    assert len(portal.resources) == 10 and done(outcome)[CSV] == "replaced"
    assert json.loads(record.read_text()) == ids
    portal.named("livraisons.csv")["description"] = "changed by hand"
    assert done(go(next_release, settings, record))["livraisons.csv"] == "described"
    record.write_text("{")
    with pytest.raises(PublishError, match=r"datagouv\.json is damaged: remove it"):
        go(next_release, settings, record)


def test_files_of_others_are_left_alone_and_gone_ones_are_told(
    portal: Portal, release: Path, settings: Settings, record: Path, tmp_path: Path
) -> None:
    go(release, settings, record)
    less = {"livraisons": TABLES["livraisons"]}
    outcome = go(write_release(tmp_path, "2026-03-15", less), settings, record)
    assert outcome.left == [
        "acv-logements-departemental.csv",
        "acv-logements-departemental.parquet",
        "acv-logements-departemental.schema.json",
    ]
    assert len(portal.resources) == 10 and "no longer in the release" in outcome.summary


def test_a_dry_run_tells_and_writes_nothing(
    portal: Portal, release: Path, next_release: Path, settings: Settings, record: Path
) -> None:
    dry = Settings("dry-run", portal.url, DATASET)
    outcome = go(release, dry, record)
    assert set(done(outcome).values()) == {"created"}
    go(release, settings, record)
    portal.forget()
    kept = record.read_bytes()
    outcome = go(next_release, dry, record)
    assert outcome.summary.startswith("dry run, nothing written: release 2026-02-15 to ")
    assert done(outcome)[CSV] == "replaced" and done(outcome)["livraisons.csv"] == "unchanged"
    assert portal.writes() == [] and record.read_bytes() == kept


def test_an_older_release_is_refused_unless_forced(
    portal: Portal, release: Path, next_release: Path, settings: Settings, record: Path
) -> None:
    go(next_release, settings, record)
    portal.forget()
    with pytest.raises(
        PublishError, match="the published release is 2026-02-15, later than 2026-01-15"
    ):
        go(release, settings, record)
    assert portal.writes() == []
    assert done(go(release, settings, record, force=True))[CSV] == "replaced"
    assert shows(portal, release)


def test_what_was_published_is_read_without_the_key(
    portal: Portal, release: Path, next_release: Path, settings: Settings, record: Path
) -> None:
    go(release, settings, record)
    go(next_release, settings, record)
    read = [key for path, key in portal.keys_seen if path.startswith("/resources/")]
    assert read == [None]


@pytest.mark.parametrize(
    ("method", "path", "how"),
    [
        ("GET", "/datasets/", 500),
        ("GET", "/datasets/", 503),
        ("POST", UPLOAD, 500),
        ("POST", UPLOAD, 502),
        ("POST", UPLOAD, "cut"),
        ("POST", UPLOAD, "lost"),
        ("POST", UPLOAD, "failed"),
        ("PUT", "/resources/", 500),
        ("PUT", "/resources/", "lost"),
    ],
)
def test_a_passing_failure_is_survived_without_a_trace(
    method: str,
    path: str,
    how: int | str,
    portal: Portal,
    release: Path,
    settings: Settings,
    record: Path,
) -> None:
    """Also when the file had arrived and only the answer was lost: it is there once."""
    portal.fail(method, path, how, times=2)
    outcome = go(release, settings, record)
    assert set(done(outcome).values()) == {"created"} and shows(portal, release)
    assert all(failure.times == 0 for failure in portal.failures)


@pytest.mark.parametrize("how", [500, "cut", "lost", "failed"])
def test_replacing_survives_too(
    how: int | str,
    portal: Portal,
    release: Path,
    next_release: Path,
    settings: Settings,
    record: Path,
) -> None:
    go(release, settings, record)
    portal.fail("POST", "/resources/.*/upload/", how, times=2)
    go(next_release, settings, record)
    assert shows(portal, next_release)


@pytest.mark.parametrize("path", ["/datasets/[^/]*/$", UPLOAD])
def test_the_wait_that_an_overloaded_portal_asks_for_is_kept(
    path: str, portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    portal.fail("GET" if path.endswith("*/$") else "POST", path, 429, Retry_After="1")
    started = time.monotonic()
    go(release, settings, record)
    assert time.monotonic() - started >= 1 and shows(portal, release)


def test_an_interrupted_publication_is_resumed_without_duplicates(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    """Wherever it stops: the n-th request and all after it get no answer."""
    for stop in (1, 8, 13, 20):  # of 20 requests that write
        portal.resources.clear()
        portal.content.clear()
        portal.failures.clear()
        record.unlink(missing_ok=True)
        writes = 0

        def answer(handler: object, stop: int = stop) -> object:
            nonlocal writes
            writes += handler.command != "GET"  # type: ignore[attr-defined]
            return _CUT if writes >= stop else None

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(portal.RequestHandlerClass, "failure", answer)
            with pytest.raises(PublishError, match="publishing again does the rest"):
                go(release, settings, record)
        if stop > 10:
            record.unlink()  # and without the record
        before = len(portal.resources)
        outcome = go(release, settings, record)
        assert shows(portal, release), stop
        assert list(done(outcome).values()).count("created") == 10 - before


class _Cut:
    how = "cut"


_CUT = _Cut()


def test_a_portal_that_does_not_answer_or_is_not_there(
    portal: Portal,
    release: Path,
    settings: Settings,
    record: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TIMEOUTS", (0.2, 0.2))
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    portal.fail("GET", "/datasets/", "slow", times=9)
    with pytest.raises(PublishError, match=f"{portal.url} does not answer: no answer in time"):
        go(release, settings, record)
    nobody = dataclasses.replace(settings, url="http://127.0.0.1:9")
    with pytest.raises(PublishError, match="does not answer: no connection, or it was cut"):
        go(release, nobody, record)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": "wrong"}, r"does not know the key \(401\): check ACV_DATAGOUV_KEY"),
        ({"key": OTHERS_KEY}, rf"may not edit the data set {DATASET} \(403\)"),
        ({"dataset": "unknown"}, r"has no data set unknown.* \(404\): check ACV_DATAGOUV_DATASET"),
    ],
)
def test_what_no_retry_helps_is_said_at_once(
    changes: dict[str, str],
    said: str,
    portal: Portal,
    release: Path,
    settings: Settings,
    record: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PublishError, match=said) as raised:
        go(release, dataclasses.replace(settings, **changes), record)
    assert portal.resources == [] and len(portal.writes()) <= 1
    for secret in (KEY, OTHERS_KEY):
        assert secret not in str(raised.value) + caplog.text


def test_a_deleted_data_set_is_said_so(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    portal.deleted = "2026-01-01T00:00:00"
    with pytest.raises(PublishError, match="was deleted on the portal"):
        go(release, settings, record)


def test_a_file_that_is_refused_does_not_stop_the_others(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    portal.fail("POST", UPLOAD, 413)  # the first that is sent
    with pytest.raises(PublishError, match=r"1 of 10 files .*: too large") as raised:
        go(release, settings, record)
    assert len(portal.resources) == 9
    portal.fail("PUT", "/resources/", 400)
    with pytest.raises(PublishError, match=r"refuses it \(400\): status 400 as asked by …"):
        go(release, settings, record)
    go(release, settings, record)
    assert shows(portal, release) and KEY not in str(raised.value)


def test_what_arrives_damaged_is_noticed_and_mended(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    (size,) = {path.stat().st_size for path in release.glob("livraisons.csv")}
    portal.fail("POST", UPLOAD, "damaged", times=10)
    with pytest.raises(PublishError, match=r"livraisons\.csv: what arrived is not what was sent"):
        go(release, settings, record)
    portal.failures.clear()
    go(release, settings, record)
    assert shows(portal, release) and portal.named("livraisons.csv")["filesize"] == size


def test_what_the_portal_lost_is_noticed(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    """It answered that all is well, and shows something else afterwards."""
    lost = threading.Event()

    def lose(line: str) -> None:
        if line.startswith("datapackage.json"):
            portal.named(CSV)["checksum"]["value"] = "0" * 64
            lost.set()

    with pytest.raises(PublishError, match="does not show what was sent"):
        publish(release, settings, record, log=lose, pause=PAUSE)
    assert lost.is_set()


def test_the_key_goes_to_the_portal_only(
    portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    portal.fail("GET", "/datasets/", 301, Location=f"{portal.url}/elsewhere/")
    with pytest.raises(PublishError, match=r"sends us elsewhere .*: set ACV_DATAGOUV_URL"):
        go(release, settings, record)
    assert not [path for path, _ in portal.keys_seen if "elsewhere" in path]


def test_only_a_release_as_it_was_made_is_published(
    portal: Portal, release: Path, settings: Settings, record: Path, tmp_path: Path
) -> None:
    (release / CSV).write_text("code_departement,date,valeur\n01,2020-01-31,8\n")
    with pytest.raises(PublishError, match=f"{CSV} is not as it was made; not published"):
        go(release, settings, record)
    with pytest.raises(PublishError, match="is not a complete release"):
        go(tmp_path, settings, record)
    assert portal.seen == []


def test_synthetic_data_never_go_live(
    portal: Portal, settings: Settings, record: Path, tmp_path: Path
) -> None:
    """Not even when forced; to try things out they may go to the demo platform."""
    named = TABLES["livraisons"].replace("logements.csv", f"ACV {FILE_MARK}.csv")
    release = write_release(tmp_path / "made-up", "2026-01-15", TABLES | {"livraisons": named})
    live = dataclasses.replace(settings, mode="live")
    for force in (False, True):
        with pytest.raises(PublishError, match="2026-01-15 holds synthetic data"):
            go(release, live, record, force=force)
    assert portal.seen == []
    go(release, settings, record)
    assert shows(portal, release)


def test_a_release_without_its_deliveries_does_not_go_live(
    portal: Portal, settings: Settings, record: Path, tmp_path: Path
) -> None:
    table = "acv-logements-departemental"
    release = write_release(tmp_path / "odd", "2026-01-15", {table: TABLES[table]})
    with pytest.raises(PublishError, match="does not list its deliveries"):
        go(release, dataclasses.replace(settings, mode="live"), record)
    assert portal.seen == []


def test_real_data_go_live(portal: Portal, release: Path, settings: Settings, record: Path) -> None:
    go(release, dataclasses.replace(settings, mode="live"), record)
    assert shows(portal, release)


@pytest.mark.parametrize("how", ["maintenance", "empty"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/datasets/"), ("POST", UPLOAD), ("PUT", "/resources/")]
)
def test_a_page_for_people_is_passing_trouble(
    method: str,
    path: str,
    how: str,
    portal: Portal,
    release: Path,
    settings: Settings,
    record: Path,
) -> None:
    """Under maintenance a portal answers 200 with something else."""
    portal.fail(method, path, how, times=99)
    with pytest.raises(PassingError, match=r"answers with something else .* maintenance"):
        go(release, settings, record)
    portal.failures.clear()
    go(release, settings, record)
    assert shows(portal, release)


@pytest.mark.parametrize("kind", [None, 7, "shake_128", "sha2"])
def test_a_checksum_of_no_known_kind_is_another_content(
    kind: object, portal: Portal, release: Path, settings: Settings, record: Path
) -> None:
    go(release, settings, record)
    portal.named(CSV)["checksum"]["type"] = kind
    assert done(go(release, settings, record))[CSV] == "replaced"
    assert shows(portal, release)


@pytest.mark.parametrize("status", [404, 410])
def test_a_published_package_that_is_gone_says_nothing_about_order(
    status: int,
    portal: Portal,
    release: Path,
    next_release: Path,
    settings: Settings,
    record: Path,
) -> None:
    go(release, settings, record)
    portal.fail("GET", "/resources/acv/", status, times=9)
    go(next_release, settings, record)
    assert shows(portal, next_release)


@pytest.mark.parametrize(("status", "is_passing"), [(503, True), (429, True), (403, False)])
def test_trouble_that_passes_is_told_from_what_no_waiting_helps(
    status: int,
    is_passing: bool,
    portal: Portal,
    release: Path,
    next_release: Path,
    settings: Settings,
    record: Path,
) -> None:
    go(release, settings, record)
    for path in ("/resources/acv/", f"/datasets/{DATASET}/$"):
        portal.failures.clear()
        portal.fail("GET", path, status, times=99)
        with pytest.raises(PublishError, match=str(status)) as raised:
            go(next_release, settings, record)
        assert isinstance(raised.value, PassingError) is is_passing
    portal.failures.clear()
    portal.fail("POST", "/upload/", status, times=99)
    with pytest.raises(PublishError, match=str(status)) as raised:
        go(next_release, settings, record)
    assert isinstance(raised.value, PassingError) is is_passing

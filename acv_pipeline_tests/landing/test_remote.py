"""A landing zone on a real server is like one in a folder, and says what is wrong with it."""

from __future__ import annotations

import gc
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from acv_pipeline.landing import Landing, LandingError, RemoteZone, receive, scan, server
from acv_pipeline.landing.mirror import Mirror
from acv_pipeline_tests.landing.conftest import Remote
from acv_pipeline_tests.landing.servers import SECRET_KEY, Sftp

SOURCES = ["anah", "action_logement"]
ACV = "anah/2021-04-06/acv.csv"
PLACES = [
    ACV,
    "anah/2021-04-06/acv.csv.control.csv",
    "anah/2021-04-06/ACV déc. n°2 +50%.csv",
    "anah/2021-04-06/half.csv.part",
    "anah/2021-04-06/~$acv.xlsx",
    "anah/2021-04-06/.hidden.csv",
    "anah/2021-04-06/sub/deep/a.csv",
    "anah/2999-01-01/a.csv",
    "anah/avril/a.csv",
    "anah/a.csv",
    "action_logement/2021-05-07/a.xlsx",
    "caisse/2021-04-06/a.csv",
    "README.txt",
]


def summary(found: Landing, shown: str) -> tuple[list[tuple[str, str, int]], list[str], list[str]]:
    files = [(f"{f.source}/{f.delivered_on}", f.name, f.byte_size) for f in found.files]
    lines = [line.removeprefix(shown) for line in found.misplaced]
    return files, [f.name for f in found.sidecars], lines


def test_the_rules_are_those_of_a_folder(remote: Remote, landing: Path) -> None:
    for number, place in enumerate(PLACES):
        remote.put(place, b"x" * number)
        (landing / place).parent.mkdir(parents=True, exist_ok=True)
        (landing / place).write_bytes(b"x" * number)
    local = scan(landing, SOURCES)
    assert len(local.files) == 3 and len(local.misplaced) == 5
    there = scan(remote.zone, SOURCES)
    assert summary(there, str(remote.zone)) == summary(local, str(landing))
    assert not [f for f in there.files if f.path.exists()], "a look fetches nothing"
    here = receive(remote.zone, SOURCES)
    assert summary(here, str(remote.zone)) == summary(local, str(landing))
    assert [f.path.read_bytes() for f in here.files] == [f.path.read_bytes() for f in local.files]


def test_what_is_here_is_not_fetched_again(remote: Remote) -> None:
    remote.put(ACV, b"one")
    remote.put("anah/2021-05-06/b.csv", b"two")
    fetched: list[str] = []

    def look() -> Landing:
        fetched.clear()
        return receive(remote.zone, SOURCES, progress=lambda *now: fetched.append(now[2]))

    first = look()
    assert fetched == ["acv.csv", "b.csv"]
    assert look() == first and fetched == []
    before = scan(remote.zone, SOURCES).fingerprint
    assert scan(remote.zone, SOURCES).fingerprint == before
    remote.put(ACV, b"new", age=30)  # as long as before
    assert scan(remote.zone, SOURCES).fingerprint != before
    assert look().files[0].path.read_bytes() == b"new" and fetched == ["acv.csv"]
    copy = first.files[1].path
    copy.write_bytes(b"")  # a power cut
    assert look().files[1].path.read_bytes() == b"two" and fetched == ["b.csv"]


def test_a_look_leaves_no_connection_open(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.put(ACV)
    scan(remote.zone, SOURCES)  # what a library starts once
    gc.collect()

    def open_now() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    before = open_now()
    for _ in range(3):
        scan(remote.zone, SOURCES)
    for name in ("AWS_SECRET_ACCESS_KEY", "HOME"):  # it refuses us, we refuse it
        monkeypatch.setenv(name, "/nowhere")
    for _ in range(3):
        complaint(remote.zone)
    gc.collect()
    deadline = time.monotonic() + 5  # threads take a moment to end
    while open_now() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_now() <= before


def test_what_is_gone_there_is_gone_here(remote: Remote) -> None:
    remote.put(ACV)
    remote.put(f"{ACV}.control.csv")
    first = receive(remote.zone, SOURCES)
    remote.remove(f"{ACV}.control.csv")
    second = receive(remote.zone, SOURCES)
    assert second.files == first.files and second.sidecars == []
    assert not first.sidecars[0].path.exists()


def test_a_file_still_being_written_waits(remote: Remote) -> None:
    remote.put(ACV, age=0)
    remote.put("anah/2021-05-06/b.csv", age=30)
    found = receive(remote.zone, SOURCES, settle_seconds=10)
    assert [f.name for f in found.files] == ["b.csv"]
    assert len(receive(remote.zone, SOURCES).files) == 2, "started by hand: as it is"


def test_a_file_that_grows_while_it_is_fetched_waits(
    sftp: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    sftp.put(ACV, b"half")
    sftp.put("anah/2021-05-06/b.csv")
    update = Mirror.update

    def late(mirror: Mirror, *arguments: object) -> dict[str, str]:
        sftp.put(ACV, b"half and more")
        return update(mirror, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Mirror, "update", late)
    found = receive(sftp.zone, SOURCES)
    assert [f.name for f in found.files] == ["b.csv"]
    assert len(found.unread) == 1 and "its size changed" in found.unread[0]
    assert found.misplaced == []


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[RemoteZone]:
    server = fsspec.filesystem("memory")
    server.pipe_file("/zone/anah/2021-04-06/acv.csv", b"half")
    yield RemoteZone("memory://zone", tmp_path / "received")
    server.rm("/zone", recursive=True)


def test_where_the_server_gives_no_time_two_looks_decide(
    memory: RemoteZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [time.time()]
    monkeypatch.setattr(time, "time", lambda: clock[0])

    def seen() -> int:
        return len(scan(memory, SOURCES, settle_seconds=10).files)

    assert seen() == 0
    clock[0] += 30
    fsspec.filesystem("memory").pipe_file("/zone/anah/2021-04-06/acv.csv", b"half and more")
    assert seen() == 0, "it grew"
    clock[0] += 9
    assert seen() == 0
    clock[0] += 2
    assert seen() == 1


def test_a_link_is_what_it_leads_to(sftp: Remote) -> None:
    sftp.put("../home/acv.csv", b"one")
    sftp.put("../home/2021-04-06/b.csv", b"two")
    sftp.put("anah/2021-05-06/c.csv", b"three")
    root = sftp.server.files / sftp.prefix
    (root / "anah/2021-05-06/link.csv").symlink_to(root.parent / "home/acv.csv")
    (root / "anah/2021-05-06/dead.csv").symlink_to(root / "nowhere")
    (root / "action_logement").symlink_to(root.parent / "home")
    found = receive(sftp.zone, SOURCES)
    assert [f.path.read_bytes() for f in found.files] == [b"two", b"three", b"one"]
    assert "action_logement/acv.csv: not read" in found.misplaced[0]
    assert "dead.csv: not read" in found.misplaced[1] and len(found.misplaced) == 2


def complaint(zone: RemoteZone) -> str:
    with pytest.raises(LandingError) as caught:
        scan(zone, SOURCES)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_an_interrupted_fetch_goes_on_where_it_stopped(
    sftp: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 6):
        sftp.put(f"anah/2021-04-0{day}/acv.csv", str(day).encode())
    done: list[int] = []

    def stop(number: int, _all: int, _name: str) -> None:
        done.append(number)
        if number == 2:
            sftp.server.stop()

    monkeypatch.setattr("acv_pipeline.landing.mirror.BATCH", 1)
    with pytest.raises(LandingError, match="cannot be read now"):
        receive(sftp.zone, SOURCES, progress=stop)
    sftp.server.start()
    rest: list[int] = []
    found = receive(sftp.zone, SOURCES, progress=lambda *now: rest.append(now[1]))
    assert len(found.files) == 5 and rest == [3, 3, 3]


def test_a_server_that_is_away_is_said_in_one_line(remote: Remote) -> None:
    remote.put(ACV)
    remote.server.stop()
    assert "is the server up" in complaint(remote.zone)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_server_that_never_answers_is_given_up(
    silent: int, s3: Remote, sftp: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("acv_pipeline.landing.sftp.ANSWER_SECONDS", 0.2)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent}")
    assert "is the server up" in complaint(s3.zone)
    assert "is the server up" in complaint(
        RemoteZone(f"sftp://127.0.0.1:{silent}/x", s3.zone.received)
    )


def test_wrong_credentials_are_refused_and_never_quoted(
    s3: Remote, sftp: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put(ACV)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    said = complaint(s3.zone)
    assert "refuses access" in said and "signature" in said and "hunter2" not in said
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEBODYELSE00001")
    assert "refuses access" in complaint(s3.zone)
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"look_for_keys": False, "allow_agent": False})
    url = f"sftp://someone:hunter%2B2@127.0.0.1:{sftp.server.port}/x"
    zone = RemoteZone(url, sftp.zone.received)
    said = complaint(zone)
    assert "refuses access" in said and f"sftp://127.0.0.1:{sftp.server.port}/x" in said
    for text in (said, str(zone), repr(zone), str(zone.mirror.folder)):
        assert "hunter" not in text and "someone" not in text


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:hunter2@bucket/landing",
        "sftp://someone:hun/ter2@host/landing",
        "sftp://someone:h@hunter2@host/landing",
        "sftp://someone:22/hunter2@host/landing",
        "simplecache::sftp://someone:hunter2@host/landing",
        "https://hunter2@host.invalid/landing?token=hunter2",
    ],
)
def test_no_form_of_an_address_gives_its_secret_away(url: str, tmp_path: Path) -> None:
    zone = RemoteZone(url, tmp_path)
    with pytest.raises(LandingError) as caught:
        scan(zone, SOURCES)
    for text in (str(caught.value), str(zone), repr(zone), str(zone.mirror.folder)):
        assert "hun" not in text and "ter2" not in text, text


def test_a_server_nobody_vouches_for_is_refused(sftp: Remote) -> None:
    sftp.put(ACV)
    assert isinstance(sftp.server, Sftp)
    known = sftp.server.home / ".ssh" / "known_hosts"
    try:
        known.write_text("")
        assert "is not among the known hosts" in complaint(sftp.zone)
        sftp.server.know_host(sftp.server.key)
        assert "shows another key" in complaint(sftp.zone)
    finally:
        sftp.server.know_host(sftp.server.host_key)
    assert len(scan(sftp.zone, SOURCES).files) == 1


def test_what_is_missing_is_named(
    s3: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nothing is at s3://" in complaint(s3.zone)
    assert "does not exist" in complaint(RemoteZone("s3://no-such-bucket/landing", tmp_path))
    assert "nosuch" in complaint(RemoteZone("nosuch://host/landing", tmp_path))
    s3.put("anah.csv")
    assert "has no folder of a source" in complaint(s3.zone)
    assert "nothing is at" in complaint(RemoteZone(f"{s3.zone.url}/anah.csv", tmp_path))
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    assert complaint(s3.zone).endswith("pip install 'acv_pipeline[s3]'")


def test_a_folder_one_may_not_list_is_no_empty_folder(
    memory: RemoteZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec.filesystem("memory").pipe_file("/zone/action_logement/2021-04-06/acv.csv", b"x")
    listed = MemoryFileSystem.ls

    def grumpy(server: MemoryFileSystem, path: str, **options: Any) -> Any:
        if path.endswith("action_logement"):
            raise PermissionError("not for you")
        return listed(server, path, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", grumpy)
    assert "refuses access (not for you)" in complaint(memory)


def test_our_own_disk_is_not_blamed_on_the_server(s3: Remote) -> None:
    s3.put(ACV)
    s3.zone.received.write_text("a file in the way")
    with pytest.raises(LandingError, match="cannot keep received files in"):
        receive(s3.zone, SOURCES)


def test_a_key_may_stand_in_a_file(
    s3: Remote, sftp: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put(ACV)
    sftp.put(ACV)
    file = tmp_path / "key"
    file.write_text(f"{SECRET_KEY}\n")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(file))
    assert len(scan(s3.zone, SOURCES).files) == 1
    file.write_text("another\n")
    assert "refuses access" in complaint(s3.zone)
    # an option of fsspec's, which fsspec itself would take for one called key_filename_file
    assert isinstance(sftp.server, Sftp)
    file.write_text(str(sftp.server.key))
    options = fsspec.config.conf["sftp"]
    monkeypatch.delitem(options, "key_filename")
    monkeypatch.setitem(options, "key_filename_file", str(file))
    monkeypatch.setenv("FSSPEC_SFTP_KEY_FILENAME_FILE", str(file))
    assert len(scan(sftp.zone, SOURCES).files) == 1
    file.unlink()
    assert "FSSPEC_SFTP_KEY_FILENAME_FILE: cannot read" in complaint(sftp.zone)

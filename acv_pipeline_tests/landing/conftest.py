"""Landing zones on servers: each test has a folder of its own on servers that all tests share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fsspec.config
import pytest

from acv_pipeline.landing import RemoteZone
from acv_pipeline_tests.landing.servers import S3, Server, Sftp


@dataclass(frozen=True)
class Remote:
    """A landing zone on a server, seen by the partner and by us."""

    server: Server
    prefix: str
    zone: RemoteZone

    def put(self, place: str, content: bytes = b"x", *, age: float = 60) -> None:
        self.server.put(f"{self.prefix}/{place}", content, age=age)

    def remove(self, place: str) -> None:
        self.server.remove(f"{self.prefix}/{place}")

    def upload(self, folder: Path) -> None:
        """Everything of a local landing zone."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.put(path.relative_to(folder).as_posix(), path.read_bytes())


def _running(server: Server) -> Iterator[Server]:
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(S3(tmp_path_factory.mktemp("s3")))


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(Sftp(tmp_path_factory.mktemp("sftp")))


@pytest.fixture
def s3(s3_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    return enter(s3_server, tmp_path, monkeypatch)


@pytest.fixture
def sftp(sftp_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    return enter(sftp_server, tmp_path, monkeypatch)


@pytest.fixture(params=["s3", "sftp"])
def remote(request: pytest.FixtureRequest) -> Remote:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def enter(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """A folder on the server, with what it takes to get in set in the environment."""
    if server.process is None:
        server.start()
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
        if name.startswith("FSSPEC_"):  # read when the library is imported
            kind = name.removeprefix("FSSPEC_").lower()
            monkeypatch.setitem(fsspec.config.conf, kind, json.loads(value))
    prefix = f"{uuid.uuid4().hex[:8]}/landing"
    return Remote(server, prefix, RemoteZone(server.address(prefix), tmp_path / "received"))

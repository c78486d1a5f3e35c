"""A portal on this machine that answers as udata's documented API does, failures included."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DATASET = "5bc04b2cff66bd680e499f4a"
KEY = "a-secret-key-of-an-editor"
OTHERS_KEY = "a-secret-key-of-somebody-else"
EXTENSIONS = {"csv", "txt", "json", "xml", "pdf", "xlsx", "ods", "zip", "parquet"}
TYPES = {"main", "documentation", "update", "api", "code", "other"}
CHECKSUMS = {"sha1", "sha2", "sha256", "md5", "crc"}


@dataclass
class Failure:
    """What goes wrong with the next requests that match.

    Attributes:
        how: a status; ``cut`` in the middle of the upload; ``lost``: carried out, then cut;
            ``failed``: carried out, then 500; ``slow``; ``damaged``: other bytes arrive;
            ``maintenance``: a page for people, status 200; ``empty``: an answer without content.
    """

    method: str
    path: str
    how: int | str
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)


class Portal(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.resources: list[dict[str, Any]] = []
        self.content: dict[str, bytes] = {}
        self.deleted: str | None = None
        self.limit = 50_000_000
        self.failures: list[Failure] = []
        self.seen: list[tuple[str, str]] = []
        self.keys_seen: list[tuple[str, str | None]] = []
        self.lock = threading.RLock()
        self.clock = dt.datetime(2026, 1, 1)

    def fail(self, method: str, path: str, how: int | str, times: int = 1, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures.append(Failure(method, path, how, times, named))

    def writes(self) -> list[tuple[str, str]]:
        return [request for request in self.seen if request[0] != "GET"]

    def forget(self) -> None:
        self.seen.clear()

    def named(self, name: str) -> dict[str, Any]:
        """The one resource whose file has this name."""
        (found,) = (r for r in self.resources if r["url"].endswith(f"/{name}"))
        return found

    def held(self, name: str) -> bytes:
        return self.content[self.named(name)["url"].removeprefix(self.url)]

    def now(self) -> str:
        """A second later each time."""
        self.clock += dt.timedelta(seconds=1)
        return self.clock.isoformat()


class RefusalError(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Portal

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer(self.get)

    def do_POST(self) -> None:
        self.answer(self.post)

    def do_PUT(self) -> None:
        self.answer(self.put)

    def answer(self, action: Callable[[], tuple[int, Any]]) -> None:
        portal = self.server
        portal.seen.append((self.command, self.path))
        portal.keys_seen.append((self.path, self.headers.get("X-API-KEY")))
        failure = self.failure()
        how = failure.how if failure else None
        if how == "slow":
            time.sleep(1.5)
        length = int(self.headers.get("Content-Length", 0))
        if how == "cut":
            self.rfile.read(length // 2)
            self.hang_up()
            return
        self.body = self.rfile.read(length)
        if how == "damaged":
            self.body = self.body.replace(b"0a0000000000", b"0b0000000000")
        if how == "maintenance":
            self.reply(200, b"<html>En maintenance</html>", {"Content-Type": "text/html"})
            return
        if how == "empty":
            self.reply(200, {}, {})
            return
        if isinstance(how, int):
            assert failure is not None
            said = f"status {how} as asked by {self.headers.get('X-API-KEY')}"
            self.reply(how, {"message": said}, failure.headers)
            return
        try:
            with portal.lock:
                status, content = action()
        except RefusalError as refusal:
            status, content = refusal.status, {"message": refusal.message}
        if how == "lost":
            self.hang_up()
        elif how == "failed":
            self.reply(500, {"message": "Internal Server Error"}, {})
        else:
            self.reply(status, content, {})

    def failure(self) -> Failure | None:
        for failure in self.server.failures:
            fits = failure.method == self.command and re.search(failure.path, self.path)
            if fits and failure.times > 0:
                failure.times -= 1
                return failure
        return None

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def reply(self, status: int, content: Any, headers: dict[str, str]) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def get(self) -> tuple[int, Any]:
        portal = self.server
        if self.path in portal.content:
            return 200, portal.content[self.path]
        self.the_data_set()
        return 200, {"id": DATASET, "deleted": portal.deleted, "resources": portal.resources}

    def post(self) -> tuple[int, Any]:
        self.editor()
        portal, rest = self.server, self.the_data_set()
        name, content = self.file()
        if len(content) > portal.limit:
            raise RefusalError(413, "Request Entity Too Large")
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        if extension not in EXTENSIONS:
            raise RefusalError(400, f"This file extension is not allowed: {extension!r}")
        stamp = portal.now()
        place = f"/resources/acv/{re.sub('[^0-9]', '', stamp)}/{name}"
        portal.content[place] = content
        given = {
            "title": name,
            "url": portal.url + place,
            "format": name.partition(".")[2].lower(),
            "filesize": len(content),
            "checksum": {"type": "sha1", "value": hashlib.sha1(content).hexdigest()},
            "last_modified": stamp,
        }
        if rest == "upload/":
            resource_id = str(uuid.uuid4())
            resource = {
                "id": resource_id,
                "created_at": stamp,
                "type": "main",
                "filetype": "file",
                "description": None,
                "schema": None,
                "latest": f"{portal.url}/fr/datasets/r/{resource_id}",
                **given,
            }
            portal.resources.insert(0, resource)
            return 201, resource
        resource = self.resource(rest.removesuffix("upload/"))
        del portal.content[resource["url"].removeprefix(portal.url)]
        resource.update(given)
        return 200, resource

    def put(self) -> tuple[int, Any]:
        self.editor()
        resource = self.resource(self.the_data_set())
        said = json.loads(self.body)
        errors = {}
        if not said.get("title", resource["title"]):
            errors["title"] = ["This field is required."]
        if said.get("type", "main") not in TYPES:
            errors["type"] = ["Not a valid choice"]
        if said.get("checksum", {"type": "sha1"})["type"] not in CHECKSUMS:
            errors["checksum"] = ["Not a valid choice"]
        if errors:
            return 400, {"message": "Validation error", "errors": errors}
        if "schema" in said:
            said["schema"] = {"name": None, "version": None, **said["schema"]}
        resource.update(said, last_modified=self.server.now())
        return 200, resource

    def editor(self) -> None:
        key = self.headers.get("X-API-KEY")
        if key not in (KEY, OTHERS_KEY):
            raise RefusalError(401, "Invalid API Key")
        if key == OTHERS_KEY:
            raise RefusalError(403, "You do not have permission to modify that object.")

    def the_data_set(self) -> str:
        """What the path asks of the data set."""
        start = f"/api/1/datasets/{DATASET}/"
        if not self.path.startswith(start):
            raise RefusalError(404, "The requested URL was not found on the server.")
        if self.server.deleted and self.command != "GET":
            raise RefusalError(410, "Dataset has been deleted")
        return self.path.removeprefix(start)

    def resource(self, rest: str) -> dict[str, Any]:
        for resource in self.server.resources:
            if rest == f"resources/{resource['id']}/":
                return resource
        raise RefusalError(404, "Resource does not exist")

    def file(self) -> tuple[str, bytes]:
        kind = self.headers["Content-Type"].encode()
        form = BytesParser().parsebytes(b"Content-Type: " + kind + b"\r\n\r\n" + self.body)
        for part in form.get_payload():
            if part.get_param("name", header="content-disposition") == "file":
                return part.get_filename(), part.get_payload(decode=True)
        raise RefusalError(400, "Missing file parameter")


@contextmanager
def running() -> Iterator[Portal]:
    portal = Portal()
    thread = threading.Thread(target=portal.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield portal
    finally:
        portal.shutdown()
        portal.server_close()
        thread.join()

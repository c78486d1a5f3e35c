"""The audit against a database of its own: found, waived, expired, out of reach."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from acv_pipeline_tests.supply_chain.audit import WAIVERS, main, read_waivers

LOCK = """\
click==8.1.0 \\
    --hash=sha256:{0}
six==1.16.0 \\
    --hash=sha256:{0}
""".format("0" * 64)
KNOWN = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "modified": "2026-01-01T00:00:00Z",
    "summary": "bad",
    "details": "very bad",
    "affected": [
        {
            "package": {"name": "click", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "8.1.1"}]}],
            "versions": ["8.1.0"],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    """Answers like OSV: one vulnerability of one package."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_click = asked["package"]["name"] == "click"
        body = json.dumps({"vulns": [KNOWN]} if is_click else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Database)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()


def audit(tmp_path: Path, url: str, waivers: str = "") -> Result:
    (tmp_path / "x.lock").write_text(LOCK, encoding="utf-8")
    (tmp_path / "waivers.toml").write_text(waivers, encoding="utf-8")
    return CliRunner().invoke(
        main,
        ["--lock", str(tmp_path / "x.lock"), "--waivers", str(tmp_path / "waivers.toml"),
         "--osv-url", url],
    )  # fmt: skip


def waiver(expires: str, package: str = "click", id_: str = "CVE-2026-0001") -> str:
    return (
        f'[[waiver]]\npackage = "{package}"\nid = "{id_}"\nreason = "not called"\n'
        f"expires = {expires}\n"
    )


def test_a_known_vulnerability_fails_with_its_name_and_remedy(
    tmp_path: Path, database: str
) -> None:
    result = audit(tmp_path, database)
    assert result.exit_code == 1
    assert "VULNERABLE click 8.1.0: CVE-2026-0001, PYSEC-2026-1 (fixed in 8.1.1)" in result.output


def test_a_waiver_holds_until_its_day(tmp_path: Path, database: str) -> None:
    later = (dt.date.today() + dt.timedelta(days=1)).isoformat()
    held = audit(tmp_path, database, waiver(later))
    assert held.exit_code == 0 and f"waived until {later}" in held.output, held.output
    expired = audit(tmp_path, database, waiver("2020-01-01"))
    assert expired.exit_code == 1 and "expired on 2020-01-01" in expired.output
    other = audit(tmp_path, database, waiver(later, id_="CVE-1999-1"))
    assert other.exit_code == 1 and "CVE-1999-1 (click) can go" in other.output


def test_a_database_out_of_reach_is_no_pass(tmp_path: Path) -> None:
    result = audit(tmp_path, "http://127.0.0.1:9/v1/query")
    assert result.exit_code == 2 and "NOT AUDITED" in result.output


@pytest.mark.parametrize(
    "text",
    ['[[waiver]]\npackage = "x"\nid = "y"\nexpires = 2027-01-01\n', waiver('"soon"')],
)
def test_a_waiver_without_a_reason_or_a_day_is_refused(
    tmp_path: Path, database: str, text: str
) -> None:
    result = audit(tmp_path, database, text)
    assert result.exit_code == 2 and "lacks" in result.output


def test_the_projects_own_waivers_can_be_read() -> None:
    read_waivers(WAIVERS)

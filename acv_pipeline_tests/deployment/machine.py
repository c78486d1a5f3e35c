"""One machine set up as ``docs/deployment.md`` says, from the files it ships, on free ports.

Passwords at nginx and sign-in at Apache stand in front of the same webserver; a real machine has
one of the two.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from acv_pipeline_tests.deployment.database import SECRET, Database, postgres_programs

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs" / "deployment"
NAME = "acv.example.org"
COOKIE_KEY = "of-the-cookies and long"
# of the provider of OpenID Connect
PEOPLE = {
    "vera": ["staff"],
    "otto": ["staff", "acv-operators"],
    "stella": ["acv-statisticians", "staff"],
    "paul": ["Projects,acv-statisticians", "Projects, acv-operators"],  # two groups
    "mallory": ["acv-statisticians"],
}
# what else the provider says of them
CLAIMS = {"mallory": {"email": "stella@example.org", "email_verified": False}}
PASSWORDS = {
    "operator": "letmelaunch", "viewer": "letmelook", "statistician": "letmesign",
    "Operator": "of-somebody-else",
}  # fmt: skip
GROUPS = {"operator": "acv-operators", "statistician": "acv-statisticians"}
# whose channels nobody answers
ALERTS = """json://of-the-webhook:of-its-user@127.0.0.1:9/of-the-path?+x=of-the-header
mailto://sender:of-the-mailbox@127.0.0.1:9?smtp=127.0.0.1&from=a@example.org&mode=insecure
"""
SECRETS = [
    SECRET,
    "of-the-webhook",
    "of-its-user",
    "of-the-path",
    "of-the-header",
    "of-the-mailbox",
]
PATIENCE_SECONDS = 400.0  # of a very busy machine
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6")
HAS_IPV6 = _NO_IPV6.exists() and _NO_IPV6.read_text(encoding="utf-8").strip() == "0"


APACHE_MODULES = Path("/usr/lib/apache2/modules")
# of Debian's: what its apache2 has from the beginning, and what the documentation enables
MODULES = (
    "mpm_event", "authn_core", "authz_core", "authz_user", "alias", "socache_shmcb", "ssl",
    "headers", "proxy", "proxy_http", "auth_openidc",
)  # fmt: skip


def missing() -> str | None:
    """What this machine lacks for the test."""
    if not (APACHE_MODULES / "mod_auth_openidc.so").exists():
        return "apache2 with libapache2-mod-auth-openidc is not installed"
    for program in ("nginx", "openssl"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            return f"{program} is not installed"
    if postgres_programs() is None:
        return "postgresql is not installed"
    return None


class Machine(Database):
    """Postgres, the units and nginx, started in the documented order."""

    def __init__(self) -> None:
        self.https, self.ui, database = free_ports(3)
        super().__init__(Path(tempfile.mkdtemp(prefix="acv-server-")), database)
        self.home, self.landing = self.root / "srv/acv/home", self.root / "srv/acv/landing"
        self.backups = self.root / "var/backups/acv"
        for folder in (self.landing, self.backups):
            folder.mkdir(parents=True)
        self.sign_in, self.provider = free_ports(2)
        self.http, self.http_of_sign_in = free_ports(2)
        self.signed_in_origin = f"https://localhost:{self.sign_in}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.client_id = self.client_secret = ""  # what the provider knows Apache by
        self.held = ""  # a delivery with a month that is held, where a test brings one
        self.environment: dict[str, str] = {}

    def start(self) -> None:
        self.start_postgres()
        self.environment = {**os.environ, **self._env_file()}
        self.run("acv-prepare")
        self._write_workspace()
        for unit in ("acv-code", "acv-ui", "acv-daemon"):
            self.start_unit(unit)
        self._make_certificate()
        self._start_nginx()
        self._start_provider()
        self._start_apache()
        self._until_all_get_answers()

    def stop(self) -> None:
        for wanted, seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 20.0)):
            for process in self.processes:
                with suppress(ProcessLookupError):  # with all that it started itself
                    os.killpg(process.pid, wanted)
            deadline = time.monotonic() + seconds
            for process in self.processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(deadline - time.monotonic(), 0.1))
        self.stop_postgres()
        shutil.rmtree(self.root, ignore_errors=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        user: str | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        host: str = NAME,
        at: str = "127.0.0.1",
    ) -> tuple[int, str]:
        """Status and body of one HTTPS request."""
        tls = ssl.create_default_context(cafile=str(self.root / "etc/acv/tls/certificate.pem"))
        connection = http.client.HTTPSConnection(at, self.https, context=tls, timeout=60)
        sent = {"Host": host, **(headers or {})}
        if user:
            token = base64.b64encode(f"{user}:{PASSWORDS[user]}".encode()).decode()
            sent["Authorization"] = f"Basic {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body and json.dumps(body), sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def graphql(self, user: str, query: str, **variables: Any) -> dict[str, Any]:
        """What the UI asks, as this user."""
        status, text = self.request(
            "POST", "/graphql", user=user, body={"query": query, "variables": variables}
        )
        assert status == 200, (status, text)
        answer: dict[str, Any] = json.loads(text)
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def tail(self) -> str:
        """The last lines of the log, and those that speak of failures."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        failures = [line for line in lines if "FAIL" in line or "rror" in line]
        return "\n".join(line[:500] for line in [*failures[-20:], *lines[-20:]])

    def _env_file(self) -> dict[str, str]:
        text = (FILES / "acv.env").read_text(encoding="utf-8")
        text = text.replace("/srv/acv", str(self.root / "srv/acv"))
        text = text.replace("/etc/acv", str(self.root / "etc/acv"))
        text = text.replace("https://acv.example.org", self.signed_in_origin)
        text = text.replace("#ACV_ALERT_URLS_FILE", "ACV_ALERT_URLS_FILE")
        settings = assignments(text)
        self._write_secret("storage-url", self.storage_url)
        self._write_secret("alert-urls", ALERTS)
        # one look at the landing zone, when the daemon starts: the runs here are the operator's
        return settings | {"ACV_TICK_SECONDS": "3600"}

    def _write_secret(self, name: str, content: str) -> Path:
        file = self.root / "etc/acv/secrets" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content + "\n", encoding="utf-8")
        return file

    def run(self, unit: str) -> None:
        """Let a unit that ends by itself do its work."""
        for command in self.commands(unit):
            self._done(command)

    def _done(self, command: list[str], **more: str) -> None:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment | more, check=False, timeout=PATIENCE_SECONDS,
            stdout=self.log.open("ab"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, self.tail()

    def start_unit(self, unit: str) -> subprocess.Popen[bytes]:
        """Start one that goes on; it is up when what the unit waits for is there."""
        (command,) = self.commands(unit)
        process = self._spawn(command)
        for waiting in self.commands(unit, "ExecStartPost"):
            self._done(waiting, MAINPID=str(process.pid))
        return process

    def _write_workspace(self) -> None:
        """Where UI and daemon find the code server, in a folder as systemd makes it."""
        (self.root / "run/acv").mkdir(parents=True, mode=0o700)
        text = (FILES / "workspace.yaml").read_text(encoding="utf-8")
        text = text.replace("/run/acv", str(self.root / "run/acv"))
        (self.root / "workspace.yaml").write_text(text, encoding="utf-8")

    def commands(self, unit: str, setting: str = "ExecStart") -> list[list[str]]:
        """What a unit runs, with the paths of here."""
        text = (FILES / f"{unit}.service").read_text(encoding="utf-8")
        for written, here in {
            "/opt/acv/docs/deployment/workspace.yaml": str(self.root / "workspace.yaml"),
            "/run/acv": str(self.root / "run/acv"),
            "/opt/acv/.venv/bin": str(Path(sys.executable).parent),
            "/opt/acv": str(ROOT),
            "/var/backups/acv": str(self.backups),
            "-p 3000": f"-p {self.ui}",
            "${ACV_LOG_FORMAT}": "json",
            "%%": "%",  # systemd's ways to write these two
            "$$": "$",
        }.items():
            text = text.replace(written, here)
        return [shlex.split(line) for line in re.findall(rf"^{setting}=(.*)$", text, re.MULTILINE)]

    def _spawn(self, command: list[str], **more: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment | more,
            stdout=self.log.open("ab"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def family(self) -> list[Path]:
        """The folders in ``/proc`` of all that was started here, but for the database."""
        groups = {process.pid for process in self.processes}
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # ended meanwhile
                if int(stat.read_text().rpartition(")")[2].split()[2]) in groups:
                    found.append(stat.parent)
        return found

    def _make_certificate(self) -> None:
        etc = self.root / "etc/acv"
        (etc / "tls").mkdir(parents=True)
        names = f"subjectAltName=DNS:{NAME},DNS:localhost,IP:127.0.0.1,IP:::1"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", f"/CN={NAME}", "-addext", names,
             "-keyout", str(etc / "tls/key.pem"), "-out", str(etc / "tls/certificate.pem")],
            check=True, capture_output=True,
        )  # fmt: skip

    def _start_provider(self) -> None:
        """Of OpenID Connect: it believes whoever says who they are."""
        people = []
        for name, groups in PEOPLE.items():
            email = {"email": f"{name}@example.org", "email_verified": True}
            claims = {"sub": name, "groups": groups} | email | CLAIMS.get(name, {})
            people += ["--user-claims", json.dumps(claims)]
        program = Path(sys.executable).with_name("oidc-provider-mock")
        self._spawn([str(program), "--port", str(self.provider), "--require-registration", *people])
        self._register()

    def _register(self) -> None:
        """Apache as a client of the provider's, which makes the secret they share."""
        body = json.dumps({"redirect_uris": [f"{self.signed_in_origin}/oauth2/callback"]})
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.provider}/oauth2/clients", body.encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    registered = json.load(answer)
                break
            except urllib.error.URLError:
                assert time.monotonic() < deadline, self.tail()
                time.sleep(0.2)
        self.client_id = registered["client_id"]
        self.client_secret = registered["client_secret"]
        self._write_secret("oidc-client-secret", self.client_secret)
        self._write_secret("oidc-cookie-key", COOKIE_KEY)

    def _start_apache(self) -> None:
        apache = self.root / "apache"
        apache.mkdir()
        site = (FILES / "apache.conf").read_text(encoding="utf-8")
        site = site.replace("https://${ACV_NAME}", self.signed_in_origin)
        site = site.replace("*:443", f"127.0.0.1:{self.sign_in}")
        site = site.replace("*:80", f"127.0.0.1:{self.http_of_sign_in}")
        site = site.replace("/etc/acv", str(self.root / "etc/acv"))
        (apache / "site.conf").write_text(site, encoding="utf-8")
        modules = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in MODULES]
        (apache / "apache.conf").write_text(
            "\n".join(modules)
            + f"""
                ServerRoot {apache}
                DefaultRuntimeDir {apache}
                PidFile {apache}/pid
                Mutex file:{apache}
                ErrorLog {self.log}
                User www-data
                Group www-data
                Listen 127.0.0.1:{self.sign_in}
                Listen 127.0.0.1:{self.http_of_sign_in}
                Include {apache}/site.conf
            """,
            encoding="utf-8",
        )
        text = (FILES / "oidc.env").read_text(encoding="utf-8")
        environment = assignments(text.replace("/etc/acv", str(self.root / "etc/acv"))) | {
            "APACHE_RUN_USER": "www-data",  # as after Debian's own settings, which are not for here
            "ACV_NAME": "localhost",
            "ACV_OIDC_CLIENT_ID": self.client_id,
            "ACV_OIDC_ISSUER": f"http://127.0.0.1:{self.provider}",
            "ACV_WEBSERVER": f"http://127.0.0.1:{self.ui}",
        }
        program = shutil.which("apache2", path=f"{os.environ['PATH']}:/usr/sbin")
        start = f". {FILES}/oidc-secrets.sh && exec {program} -f {apache}/apache.conf -DFOREGROUND"
        self._spawn(["sh", "-c", start], **environment)

    def _start_nginx(self) -> None:
        etc = self.root / "etc/acv"
        lines = []
        for user, password in PASSWORDS.items():
            hashed = subprocess.run(
                ["openssl", "passwd", "-apr1", password], check=True, capture_output=True, text=True
            )
            lines.append(f"{user}:{hashed.stdout.strip()}")
        (etc / "htpasswd").write_text("\n".join(lines) + "\n", encoding="utf-8")
        groups = "".join(f"{user} {group};\n" for user, group in GROUPS.items())
        (etc / "groups.conf").write_text(groups, encoding="utf-8")
        site = (FILES / "nginx.conf").read_text(encoding="utf-8")
        site = site.replace("/etc/acv", str(etc))
        site = site.replace("listen 443", f"listen 127.0.0.1:{self.https}")
        site = site.replace("listen 80;", f"listen 127.0.0.1:{self.http};")
        for port, here in (("443", self.https), ("80", self.http)):
            # some containers have none
            own = f"listen [::1]:{here}" if HAS_IPV6 else "# listen [::1]:0"
            site = site.replace(f"listen [::]:{port}", own)
        site = site.replace("127.0.0.1:3000", f"127.0.0.1:{self.ui}")
        (self.root / "site.conf").write_text(site, encoding="utf-8")
        run = self.root / "nginx"
        run.mkdir()
        places = " ".join(
            f"{kind}_temp_path {run};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.root / "nginx.conf").write_text(
            f"pid {run}/pid; error_log {run}/error.log; events {{}}\n"
            f"http {{ access_log off; {places} include {self.root}/site.conf; }}\n",
            encoding="utf-8",
        )
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        self._spawn([str(nginx), "-c", f"{self.root}/nginx.conf", "-g", "daemon off;"])

    def _until_all_get_answers(self) -> None:
        waiting = set(PASSWORDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while waiting:
            assert time.monotonic() < deadline, f"{waiting} got no answer: {self.tail()}"
            for user in sorted(waiting):
                try:
                    status, _ = self.request("GET", "/server_info", user=user)
                except OSError:
                    break
                if status == 200:
                    waiting.discard(user)
            time.sleep(0.5)


def assignments(text: str) -> dict[str, str]:
    """Those of a file of settings."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(opened.getsockname()[1]) for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports

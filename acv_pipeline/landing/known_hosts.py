"""Which SFTP servers are who they say: those of OpenSSH's lists of known hosts.

Here: the policy handed to the SSH library, which by itself trusts every server.
"""

from __future__ import annotations

from pathlib import Path

import paramiko

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
        host, _, port = hostname.strip("[]").partition("]:")
        how = f"ssh-keyscan -p {port or 22} {host} >> {FILES[0]}"
        if known.lookup(hostname):
            raise UnknownHostError(
                f"{hostname} shows another key than the one on record: ask who runs it whether "
                f"the key was changed, and only then take the old one out of {FILES[0]} and add "
                f"the new one: {how}"
            )
        raise UnknownHostError(
            f"{hostname} is not among the known hosts: compare its key with the one that who "
            f"runs it gave you, then add it: {how}"
        )

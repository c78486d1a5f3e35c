"""The address of a landing zone on a server, as people and files may see it.

Here: leaving secrets out. Not here: connecting (``connection``).
"""

from __future__ import annotations

import re
from urllib.parse import unquote


def shown(url: str) -> str:
    """The address without user, password and query: ``sftp://host:22/folder``."""
    scheme, _, rest = url.partition("://")
    _, rest = _split(rest)
    return f"{scheme}://{re.split('[?#]', rest)[0].rstrip('/')}"


def without_secrets(text: str, url: str) -> str:
    """``text`` of a library, which may quote the address, without what ``shown`` leaves out."""
    user, rest = _split(url.partition("://")[2])
    _, _, password = user.partition(":")
    hidden = {user, password, *re.findall(r"[?&][^=&#]*=([^&#]+)", rest)}
    # an address that was not understood is quoted in pieces
    hidden |= {piece for secret in hidden for piece in re.split("[/@:?#]", secret)}
    hidden |= {unquote(secret) for secret in hidden}
    for secret in sorted(hidden - {""}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _split(rest: str) -> tuple[str, str]:
    """Who connects, and where to.

    A password may hold a slash or an @ that should have been escaped: rather too much is taken
    for it than too little.
    """
    server = rest.partition("/")[0]
    if "@" in server:
        user = server.rpartition("@")[0]
    elif ":" in server and "@" in rest:
        user = rest.rpartition("@")[0]
    else:
        return "", rest
    return user, rest[len(user) + 1 :]

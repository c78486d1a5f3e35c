"""The address of a landing zone on a server, as people and files may see it."""

from __future__ import annotations

import re
from urllib.parse import unquote


def shown(url: str) -> str:
    """The address without user, password and query: ``sftp://host:22/folder``."""
    scheme, _, rest = url.partition("://")
    _, rest = _split(rest)
    return f"{scheme}://{re.split('[?#]', rest)[0].rstrip('/')}"


def without_secrets(text: str, url: str) -> str:
    """``text`` of a library, which may quote the address, without what ``shown`` leaves out.

    Passwords and values of the query are hidden wherever they are; a user's name may be a word
    like another (the name of a source), so it is hidden where it stands before an @ or a colon.
    """
    who, rest = _split(url.partition("://")[2])
    user, _, password = who.partition(":")
    for secret in _forms({password, *re.findall(r"[?&][^=&#]*=([^&#]+)", rest)}):
        text = text.replace(secret, "…")
    for name in _forms({user}):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?=[@:])", "…", text)
    return text


def _forms(words: set[str]) -> list[str]:
    """As written, as meant, and in pieces (of an address not understood); the longest first."""
    pieces = words | {piece for word in words for piece in re.split("[/@:?#]", word)}
    return sorted((pieces | {unquote(piece) for piece in pieces}) - {""}, key=len, reverse=True)


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

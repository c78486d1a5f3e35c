"""The page in the look of the State's design system (DSFR), for those who must.

It is no part of this project, and its terms keep it to the State: whoever may use it installs the
npm package ``@gouvfr/dsfr`` and names its folder ``dist``. Taken from there: the colours by what
they stand for, the typeface Marianne, the logo block. Not here: what else it asks of a site.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "ACV_DSFR"
ENTITY = "ACV_DSFR_ENTITY"

_LIGHT, _DARK = "core/core.main.min.css", "scheme/scheme.min.css"
_LOGO = ("component/logo/logo.main.min.css", "component/logo/logo.print.min.css")
_FONTS = {400: "fonts/Marianne-Regular.woff2", 700: "fonts/Marianne-Bold.woff2"}
_COLOURS = {
    "paper": "background-default-grey",
    "card": "background-alt-grey",
    "ink": "text-default-grey",
    "muted": "text-mention-grey",
    "line": "border-default-grey",
    "accent": "text-action-high-blue-france",
    "on-accent": "text-inverted-blue-france",
    "text-black-white-grey": "text-black-white-grey",  # the logo's own name of it
}
"""Variables of the page's style sheet, and what the design system calls the same."""

_SHAPE = """
:root{--sans:Marianne,Arial,sans-serif;--serif:Marianne,Arial,sans-serif;--radius:0}
h1,h2,.figure strong,.facts strong{font-weight:700}
.top .fr-logo{grid-area:1/1;margin:0 0 1rem} .top .kicker{grid-area:2/1}
@media (max-width:40rem){.top .fr-logo,.top .kicker{grid-area:auto;grid-column:1/-1}}
"""


class DsfrError(ValueError):
    """The design system is asked for and cannot be used; the message says why."""


@dataclass(frozen=True)
class Dsfr:
    """The design system in a folder, and whose name stands in the logo block, line by line."""

    folder: Path
    entity: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Dsfr | None:
        """As ``ACV_DSFR`` and ``ACV_DSFR_ENTITY`` say; None when they aren't set.

        Raises:
            DsfrError: a setting is missing.
        """
        folder = environment.get(FOLDER, "").strip()
        if not folder:
            return None
        lines = [line.strip() for line in environment.get(ENTITY, "").split("/")]
        if not any(lines):
            raise DsfrError(
                f"{ENTITY} is not set: the name in the logo block, with / between its lines, such"
                " as Ministère/chargé/du Logement"
            )
        return cls(Path(folder).expanduser(), tuple(filter(None, lines)))

    def style_sheet(self) -> str:
        """What follows the page's own style sheet; nothing in it has to be loaded.

        Raises:
            DsfrError: a file is missing, or a colour is not in it.
        """
        light = self._read(_LIGHT).decode()
        dark = self._read(_DARK).decode()
        pairs = ";".join(
            f"--{ours}:light-dark({_colour(theirs, light, light)},{_colour(theirs, light, dark)})"
            for ours, theirs in _COLOURS.items()
        )
        faces = "".join(
            f"@font-face{{font-family:Marianne;font-weight:{weight};src:url(data:font/woff2;base64,"
            f'{base64.b64encode(self._read(name)).decode()}) format("woff2")}}'
            for weight, name in _FONTS.items()
        )
        logo = "".join(self._read(name).decode() for name in _LOGO)
        return f":root{{{pairs}}}{faces}{logo}{_SHAPE}"

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise DsfrError(
                f"{FOLDER}={self.folder} must be the folder dist of the npm package @gouvfr/dsfr:"
                f" {name} cannot be read there ({error.strerror})"
            ) from None


def _colour(name: str, light: str, themed: str) -> str:
    """A colour in a theme: names lead to names in the light sheet, and at last to a value."""
    for _ in range(5):
        pattern = rf"--{re.escape(name)}:([^;}}]+)"
        found = re.search(pattern, themed) or re.search(pattern, light)
        if found is None:
            break
        if further := re.fullmatch(r"var\(--([\w-]+)\)", found[1].strip()):
            name = further[1]
        elif re.fullmatch(r"#[0-9a-fA-F]{3,8}", found[1].strip()):
            return found[1].strip()
        else:
            break
    raise DsfrError(f"{FOLDER}: the colour {name} has no value in {_LIGHT}; known to work: 1.15")

"""Passwords, keys and addresses that hold one: a variable, or the file that ``<NAME>_FILE`` names.

Such files are what Docker, Kubernetes and systemd give a process. What stands in one is never put
into the environment, which goes to every process that this one starts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from acv_pipeline.language import _

SUFFIX = "_FILE"


class SecretError(Exception):
    """A secret that is set cannot be had; the message says why and what to do, and no secret."""


def secret(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """What the variable says, else the content of the file that ``<name>_FILE`` names.

    Returns:
        Without the line end that editors put behind it; empty if neither variable is set.

    Raises:
        SecretError: both are set, or the file cannot be read or is empty.
    """
    said, place = environment.get(name, ""), environment.get(name + SUFFIX, "").strip()
    if not place:
        return said
    variable = name + SUFFIX
    if said:
        raise SecretError(
            _("{name} and {variable} are both set: leave one out", name=name, variable=variable)
        )
    path = Path(place)
    if not path.is_absolute():
        # not repeated here: it may be the secret itself
        raise SecretError(
            _(
                "{variable} must name a file by its whole path, such as /run/secrets/name; the "
                "secret itself goes into the file, or into {name}",
                variable=variable,
                name=name,
            )
        )
    try:
        content = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretError(
            _("{variable}: {file} is no text in UTF-8", variable=variable, file=path)
        ) from None  # which would quote it
    except OSError as error:
        raise SecretError(
            _(
                "{variable}: cannot read {file} ({why}): is it mounted, and readable for the user "
                "that runs this?",
                variable=variable,
                file=path,
                why=error.strerror,
            )
        ) from None
    if not content.strip():
        raise SecretError(
            _(
                "{variable}: {file} is empty: write the secret into it, or leave {variable} out",
                variable=variable,
                file=path,
            )
        )
    return content

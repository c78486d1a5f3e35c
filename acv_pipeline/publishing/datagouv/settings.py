"""Where to publish, with which key: read from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from acv_pipeline.environment import SecretError, secret

Mode = Literal["off", "dry-run", "demo", "live"]

MODE = "ACV_DATAGOUV"
DATASET = "ACV_DATAGOUV_DATASET"
KEY = "ACV_DATAGOUV_KEY"
URL = "ACV_DATAGOUV_URL"

OFF: Final = "off"
_LIVE = "https://www.data.gouv.fr"
_DEMO = "https://demo.data.gouv.fr"
_HERE = ("localhost", "127.0.0.1", "::1")


class PublishError(Exception):
    """Nothing, or not everything, was published; the message says why and never holds the key."""


class PassingError(PublishError):
    """The portal or the way to it has trouble: the same may well succeed later."""


@dataclass(frozen=True)
class Settings:
    """Where and how to publish.

    Attributes:
        url: the portal, without a path.
        dataset: identifier or short name (slug) of the data set that the files belong to.
        key: of somebody who may edit that data set.
    """

    mode: Mode = OFF
    url: str = _LIVE
    dataset: str = ""
    key: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings of ``ACV_DATAGOUV`` and its companions; off when it is not set.

        Raises:
            PublishError: a setting is missing or wrong.
        """
        given = {name: environment.get(name, "").strip() for name in (MODE, DATASET, URL)}
        mode = given[MODE] or OFF
        if mode not in get_args(Mode):
            raise PublishError(f"{MODE}={mode}: it must be one of {', '.join(get_args(Mode))}")
        if mode == OFF:
            return cls()
        try:
            given[KEY] = secret(KEY, environment).strip()
        except SecretError as error:
            raise PublishError(str(error)) from None
        if not re.fullmatch(r"[A-Za-z0-9-]+", given[DATASET]):
            raise PublishError(
                f"{DATASET} must be the identifier of the data set: it is shown under"
                " 'Informations' on its page"
            )
        if mode != "dry-run" and not given[KEY]:
            raise PublishError(f"{KEY} is not set: make one on your profile page of the portal")
        if not re.fullmatch(r"[!-~]*", given[KEY]):
            raise PublishError(f"{KEY} holds characters that no key has: copy it again")
        return cls(
            mode=mode,  # type: ignore[arg-type]  # looked up above
            url=_portal(given[URL] or (_DEMO if mode == "demo" else _LIVE)),
            dataset=given[DATASET],
            key=given[KEY] or None,
        )


def is_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether publishing was asked for, rightly set or not."""
    return (environment.get(MODE, "").strip() or OFF) != OFF


def _portal(url: str) -> str:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if is_safe and parts.hostname and not parts.username and parts.path in ("", "/"):
        return f"{parts.scheme}://{parts.netloc}"
    raise PublishError(
        f"{URL} must be an address like {_DEMO}: https, and nothing behind the name"
        " (plain http only for this machine)"
    )

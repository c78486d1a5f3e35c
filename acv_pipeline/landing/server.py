"""Connecting to the server of a landing zone, through fsspec, and saying why that failed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from acv_pipeline.environment import SecretError, secret
from acv_pipeline.environment.secret import SUFFIX
from acv_pipeline.landing.address import shown, without_secrets
from acv_pipeline.landing.layout import LandingError
from acv_pipeline.language import _

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# a look has to end within Dagster's patience with a sensor, a minute
CONNECT_SECONDS = 5
ANSWER_SECONDS = 8
EXTRAS = {"s3": "s3", "s3a": "s3", "sftp": "sftp", "ssh": "sftp"}
# what libraries call a refusal that is no PermissionError
REFUSALS = {
    "AuthenticationException", "BadAuthenticationType", "PasswordRequiredException",
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError",
}  # fmt: skip
# what s3fs calls those that Amazon's library takes from variables alone
S3_KEYS = {
    "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
}  # fmt: skip


@contextmanager
def connected(url: str) -> Iterator[tuple[AbstractFileSystem, str]]:
    """A fresh connection, with the folder's path there; nothing is remembered from earlier ones.

    Raises:
        LandingError: whatever the server or its library has against it.
    """
    server = None
    try:
        server, folder = _connect(url)
        yield server, folder
    except LandingError:
        raise
    except SecretError as error:
        raise LandingError(str(error)) from None
    except Exception as error:  # every library has errors of its own
        raise LandingError(explained(url, error)) from None
    finally:
        if server is not None and hasattr(server, "close"):
            server.close()


def _connect(url: str) -> tuple[AbstractFileSystem, str]:
    from fsspec import register_implementation
    from fsspec.core import url_to_fs

    if _kind(url) == "sftp":
        from acv_pipeline.landing.sftp import Sftp

        for name in Sftp.protocol:
            register_implementation(name, Sftp, clobber=True)
    return url_to_fs(url, skip_instance_cache=True, **_options(url))  # type: ignore[no-any-return]


def _kind(url: str) -> str:
    return EXTRAS.get(url.partition("://")[0].rpartition("::")[2], "")


def _options(url: str) -> dict[str, Any]:
    """Secrets that stand in files; our defaults, where fsspec's configuration says nothing."""
    from fsspec.config import conf

    protocol = url.partition("://")[0]
    options, configured = _secrets(protocol), conf.get(protocol, {})
    for name in options:
        # fsspec takes the variable for an option that its class doesn't have
        configured.pop(f"{name}{SUFFIX.lower()}", None)
    if EXTRAS.get(protocol) == "s3" and "config_kwargs" not in configured:
        # s3fs tries five times: together within Dagster's patience with a sensor, a minute
        patience = {"connect_timeout": CONNECT_SECONDS, "read_timeout": ANSWER_SECONDS}
        options["config_kwargs"] = {**patience, "retries": {"max_attempts": 0}}
    return options


def _secrets(protocol: str) -> dict[str, Any]:
    """Options of the protocol whose value is in the file that ``<variable>_FILE`` names.

    Raises:
        SecretError: one cannot be read.
    """
    start = f"FSSPEC_{protocol.upper()}_"
    named = {name.removesuffix(SUFFIX) for name in os.environ if name.endswith(SUFFIX)}
    options = {name[len(start) :].lower(): secret(name) for name in named if name.startswith(start)}
    if EXTRAS.get(protocol) == "s3" and named & S3_KEYS.keys():
        # the others with it: a key's name is no secret, and may be a plain variable
        options |= {key: value for name, key in S3_KEYS.items() if (value := secret(name))}
    return options


def explained(url: str, error: Exception) -> str:
    """What is the matter, where, and what to do, in one line without secrets."""
    where, kind = shown(url), type(error).__name__
    said = without_secrets(" ".join(str(error).split())[:300], url) or kind
    if isinstance(error, ImportError):
        extra = _kind(url)
        how = f"pip install 'acv_pipeline[{extra}]'" if extra else said
        return _("{where} needs a package that is not installed: {how}", where=where, how=how)
    if isinstance(error, ValueError) and "rotocol" in said:
        return _(
            "{where}: {error}; expected a folder, or an address such as s3://bucket/folder or "
            "sftp://user@host/folder",
            where=where,
            error=said,
        )
    if kind == "UnknownHostError":
        return _("{place}: {problem}", place=where, problem=said)
    if isinstance(error, PermissionError) or kind in REFUSALS:
        return _(
            "{where} refuses access ({error}): check the credentials (docs/landing.md), and that "
            "they may list and read",
            where=where,
            error=said,
        )
    if isinstance(error, FileNotFoundError):
        return _(
            "{where} does not exist ({error}): create it, or correct the address",
            where=where,
            error=said,
        )
    return _(
        "{where} cannot be read now ({kind}: {error}): is the server up, is the address right?",
        where=where,
        kind=kind,
        error=said,
    )

"""Where messages go: the addresses of ``ACV_ALERT_URLS``, in Apprise's notation."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acv_pipeline.environment import secret
from acv_pipeline.language import _
from acv_pipeline.operations.alerts.fact import Fact
from acv_pipeline.operations.alerts.mail import KEY_HEADER, send_mail, why_not
from acv_pipeline.operations.alerts.messages import Message

SETTING = "ACV_ALERT_URLS"
LOG = "log"

log = logging.getLogger("acv_pipeline.alerts")

# an address may hold commas itself: only one that another address follows separates
_SEPARATOR = re.compile(r"[\s,]+(?=(?:(?:error|warn|digest|digest\+page)=)?[A-Za-z0-9]+://)")
_ENTRY = re.compile(r"(?:(error|warn|digest)(\+page)?=)?(.*)", re.DOTALL)
_ADDRESS = re.compile(r"[A-Za-z0-9]+://\S")
_MAIL = ("mailto://", "mailtos://")


class SendError(Exception):
    """The message did not arrive, as far as is known; the text holds no secret."""


@dataclass(frozen=True)
class Channel:
    """One address, and what is told there.

    Attributes:
        label: names it in the outbox and in logs; the address cannot be told from it.
        only: ``error``, ``warn`` or ``digest`` when nothing else goes there.
        with_report: whether the report page is attached to digests.
        url: the address, which may hold a password or token; None for the local log.
    """

    label: str
    only: str | None = None
    with_report: bool = False
    url: str | None = field(default=None, repr=False)

    def wants(self, fact: Fact) -> bool:
        """Whether the fact is told here."""
        return self.only in (None, fact.severity)

    @property
    def is_address(self) -> bool:
        """Whether it looks like one at all; what is behind it, only sending tells."""
        return self.url is None or _ADDRESS.match(self.url) is not None

    @property
    def wants_digest(self) -> bool:
        """Whether the monthly digest goes here."""
        return self.only in (None, "digest")

    @property
    def is_mail(self) -> bool:
        """Whether files can go with what is sent here."""
        return self.url is not None and self.url.lower().startswith(_MAIL)

    def send(self, message: Message, files: Mapping[str, Path] | None = None) -> None:
        """Hand the message over, in mails with these files.

        Raises:
            SendError: it was not accepted.
        """
        if self.url is not None:
            return _send(self.url, message, (files or {}) if self.is_mail else None)
        # nothing below WARNING is shown where logging is not set up
        level = logging.ERROR if message.weight == "error" else logging.WARNING
        return log.log(
            level,
            _(
                "{subject} ({setting} sends such messages by mail or chat)",
                subject=message.subject,
                setting=SETTING,
            ),
        )


def configured(environment: Mapping[str, str] = os.environ) -> list[Channel]:
    """The channels of ``ACV_ALERT_URLS``; the local log alone when it is not set.

    Raises:
        SecretError: the file that ``$ACV_ALERT_URLS_FILE`` names cannot be read.
    """
    text = secret(SETTING, environment).strip(" \t\r\n,")
    if not text:
        return [Channel(LOG)]
    channels = {}
    for entry in _SEPARATOR.split(text):
        match = _ENTRY.fullmatch(entry)
        assert match is not None  # the pattern takes any text
        only, page, url = match.groups()
        label = _label(url) if only is None else f"{only}{page or ''}={_label(url)}"
        channels[label] = Channel(label, only, page is not None, url)
    return list(channels.values())


@functools.cache
def _label(url: str) -> str:
    """The kind of address and a slow hash: stable, and no way back to a password or token."""
    scheme = re.match(r"([A-Za-z0-9]+)://", url)
    digest = hashlib.scrypt(url.encode(), salt=b"acv_pipeline.alerts", n=2**14, r=8, p=1, dklen=5)
    return f"{scheme[1].lower() if scheme else 'unknown'}-{digest.hex()}"


def _send(url: str, message: Message, files: Mapping[str, Path] | None) -> None:
    """``files``: of mails, what goes with them."""
    with _diagnosis() as records:
        import apprise

        asset = apprise.AppriseAsset(app_id="acv_pipeline", app_url="", async_mode=False)
        try:
            target = apprise.Apprise.instantiate(url, asset=asset)
            if target is None:
                raise SendError(
                    _(
                        "this entry of {setting} is no address that the notification library "
                        "Apprise understands",
                        setting=SETTING,
                    )
                )
            if files is not None:
                if getattr(target, "pgp_mode", "no") != "no":
                    raise SendError(
                        _("mails are not signed or encrypted here: leave PGP out of it")
                    )
                # ?format=text in the address asks for plain text
                html = apprise.NotifyFormat.HTML
                send_mail(target, message, files, html=target.resolve_format(html) == html)
                return
            headers: Any = getattr(target, "headers", None)
            if isinstance(headers, dict):
                headers[KEY_HEADER] = message.key
            extras: Any = getattr(target, "payload_extras", None)
            if isinstance(extras, dict):
                extras["key"] = message.key
            if (
                not isinstance(headers, dict)
                and target.overflow_mode == apprise.OverflowMode.UPSTREAM
            ):
                # chats refuse long messages; whoever reads keys gets each message whole
                target.overflow_mode = apprise.OverflowMode.SPLIT
            manager = apprise.Apprise(asset=asset)
            manager.add(target)
            accepted = manager.notify(
                title=message.subject,
                body=message.text,
                body_format=apprise.NotifyFormat.TEXT,
                notify_type={
                    "error": apprise.NotifyType.FAILURE,
                    "warn": apprise.NotifyType.WARNING,
                }.get(message.weight, apprise.NotifyType.INFO),
            )
        except SendError:
            raise
        except OSError as error:  # of mails: a plugin keeps its own
            raise SendError(why_not(error)) from None
        except Exception as error:  # a plugin's fault must not take the other channels with it
            # its text may quote the address
            raise SendError(
                _("{error} in the notification library", error=type(error).__name__)
            ) from None
    if not accepted:
        raise SendError(_reason(records))


@contextmanager
def _diagnosis() -> Iterator[list[str]]:
    """What Apprise says while sending, kept from every log: it may quote addresses."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Keep()
    quiet = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
    before = [(logger, logger.level, logger.propagate, logger.handlers) for logger in quiet]
    for logger in quiet:
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        for logger, level, propagate, handlers in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def _reason(lines: list[str]) -> str:
    """Why, in words of our own: only numbers are taken from what Apprise said."""
    text = "\n".join(lines)
    if match := re.search(r"Errno (-?\d+)", text):
        return _("no connection: {reason}", reason=os.strerror(int(match[1])))
    if match := re.search(r"error=(\d{3})\b", text):
        return _("it answered with HTTP status {status}", status=match[1])
    if re.search(r"timed? ?out", text, re.IGNORECASE):
        return _("it did not answer in time")
    return _("it was not accepted")

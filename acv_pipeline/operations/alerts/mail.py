"""Messages as mails: text and HTML side by side, threads, attachments.

The library that knows the addresses (Apprise) reads them; it writes no mail: it would make the
plain text from the HTML, and gives every mail a Message-ID that nothing can refer to.
"""

from __future__ import annotations

import logging
import mimetypes
import os
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate
from pathlib import Path
from typing import Any

from acv_pipeline.language import _
from acv_pipeline.operations.alerts.messages import Message, ToForward

KEY_HEADER = "X-ACV-Alert-Key"
DOMAIN = "acv-pipeline.invalid"  # of Message-IDs: the same whatever server they are sent through

log = logging.getLogger("acv_pipeline.alerts")


def send_mail(target: Any, message: Message, files: Mapping[str, Path], *, html: bool) -> None:
    """Send a message to all recipients of an address, as one mail.

    Args:
        target: a mail address as Apprise understood it.
        files: what is attached; rows in quarantine by their delivery.
        html: whether HTML goes with the plain text.

    Raises:
        OSError: it was not accepted (``smtplib``'s errors are such).
    """
    mail = written(message, files, html=html)
    name, sender = target.from_addr
    mail["From"] = _address(name, sender)
    mail["To"] = ", ".join(_address(name, address) for name, address in target.targets)
    if copies := [_address(target.names.get(each), each) for each in sorted(target.cc)]:
        mail["Cc"] = ", ".join(copies)
    if answers := [_address(target.names.get(each), each) for each in sorted(target.reply_to)]:
        mail["Reply-To"] = ", ".join(answers)
    for header, value in target.headers.items():
        if header not in mail:
            mail[header] = value
    everybody = [*(address for _name, address in target.targets), *target.cc, *target.bcc]
    with _server(target) as server:
        refused = server.send_message(mail, sender, everybody)
    if refused:
        log.warning("the mail server refused %d of %d recipients", len(refused), len(everybody))


def why_not(error: OSError) -> str:
    """Why a mail was not accepted, in words without an address."""
    if isinstance(error, TimeoutError):
        return _("it did not answer in time")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, *_rest in error.recipients.values()})
        return _(
            "the mail server refused the recipients with status {status}", status=", ".join(codes)
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return _("the mail server answered with status {status}", status=error.smtp_code)
    if isinstance(error, smtplib.SMTPException) or error.errno is None:
        return _("{error} while speaking to the mail server", error=type(error).__name__)
    return _("no connection: {reason}", reason=os.strerror(error.errno))


def written(message: Message, files: Mapping[str, Path], *, html: bool = True) -> MIMEBase:
    """The mail but for who sends it to whom."""
    letters = [
        _letter(each, [files[delivery] for delivery, _name in each.sheets if delivery in files])
        for each in message.letters
    ]
    mail = _mail(
        message.subject,
        message.mail or message.text,
        message.html if html else None,
        [*letters, *map(_attached, files.values())],
    )
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = _id(message.key)
    if earlier := " ".join(map(_id, message.replies_to)):
        mail["In-Reply-To"] = earlier
        mail["References"] = earlier
    mail[KEY_HEADER] = message.key
    mail["Auto-Submitted"] = "auto-generated"  # no out-of-office answers
    return mail


def _mail(subject: str, text: str, html: str | None, attached: Sequence[MIMEBase]) -> MIMEBase:
    mail: MIMEBase = MIMEText(text, "plain", "utf-8")
    if html:
        mail = MIMEMultipart("alternative", None, [mail, MIMEText(html, "html", "utf-8")])
    if attached:
        mail = MIMEMultipart("mixed", None, [mail, *attached])
    # the newer interface of Python's library spoils long subjects with accents
    header = Header(re.sub(r"\s*[\r\n]\s*", " ", subject), header_name="Subject")
    mail["Subject"] = header  # type: ignore[assignment]  # as the library is documented
    return mail


def _letter(letter: ToForward, files: Sequence[Path]) -> MIMEBase:
    """A mail within the mail, to be opened and forwarded with all that goes with it."""
    mail = _mail(letter.subject, letter.text, letter.html, list(map(_attached, files)))
    mail["X-Unsent"] = "1"  # Outlook opens it as a draft
    part = MIMEMessage(mail)
    part.add_header("Content-Disposition", "attachment", filename="a_transmettre.eml")
    return part


def _attached(file: Path) -> MIMEBase:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    part = MIMEApplication(file.read_bytes(), kind.partition("/")[2])
    part.set_type(kind)
    part.add_header("Content-Disposition", "attachment", filename=file.name)
    return part


def _id(key: str) -> str:
    return f"<{key}@{DOMAIN}>"


def _address(name: str | bool | None, address: str) -> str:
    return formataddr((name if isinstance(name, str) else "", address), charset="utf-8")


def _server(target: Any) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if not target.verify_certificate:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    where = {"timeout": target.socket_connect_timeout}
    server = (
        smtplib.SMTP_SSL(target.smtp_host, target.port, context=context, **where)
        if target.secure_mode == "ssl"
        else smtplib.SMTP(target.smtp_host, target.port, **where)
    )
    try:
        if target.secure_mode == "starttls":
            server.starttls(context=context)
        if target.user and target.password:
            server.login(target.user, target.password)
    except BaseException:
        server.close()
        raise
    return server

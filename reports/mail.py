"""Reports by mail: the message, and the server that takes it (SMTP, RFC 5321; TLS as RFC 8314 asks).

A certificate that does not fit the server's name ends the attempt before anything is sent, the password
included.
"""

from __future__ import annotations

import base64
import hashlib
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from reports.language import Language
from reports.make import MEDIA_TYPES, File
from reports.period import Period

_SIGNED_IN = 235

TLS = Literal["starttls", "implicit", "none"]

TROUBLES = (smtplib.SMTPException, OSError)
"""What may befall a mail on its way; ``ssl.SSLError`` is one of them."""


@dataclass(frozen=True, slots=True)
class Post:
    """A server that takes mail. ``context`` says whose certificates are believed; unused where ``tls`` is
    ``none``."""

    host: str
    port: int
    tls: TLS
    context: ssl.SSLContext
    sender: str
    username: str | None = None
    password: str = field(default="", repr=False)
    timeout_s: float = 30.0

    def send(self, message: EmailMessage, to: Sequence[str]) -> dict[str, str]:
        """Hand over a message; gives the addresses that were refused while others were taken, and why.

        Raises:
            smtplib.SMTPException, OSError: nobody gets it (:data:`TROUBLES`).
        """
        with self._connected() as server:
            if self.tls == "starttls":
                server.starttls(context=self.context)
            if self.username is not None:
                self._sign_in(server, self.username)
            refused = server.send_message(message, self.sender, list(to))
        return {address: _answer(code, text) for address, (code, text) in refused.items()}

    def _sign_in(self, server: smtplib.SMTP, username: str) -> None:
        if username.isascii() and self.password.isascii():
            server.login(username, self.password)
            return
        shown = base64.b64encode(f"\0{username}\0{self.password}".encode())  # smtplib knows only ASCII
        server.ehlo_or_helo_if_needed()
        code, answer = server.docmd("AUTH", f"PLAIN {shown.decode()}")
        if code != _SIGNED_IN:
            raise smtplib.SMTPAuthenticationError(code, answer)

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "implicit":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=self.context)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)


def told(error: BaseException) -> str:
    """A failure in words, with the server's own; without the password, which no answer repeats."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        parts = (f"{address}: {_answer(code, text)}" for address, (code, text) in error.recipients.items())
        return "every address was refused: " + "; ".join(parts)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answers {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not believed: {error.verify_message}"
    return f"{type(error).__name__}: {error}"


def message_of(
    files: Sequence[File],
    about: tuple[str, Period],
    names: Mapping[str, str],
    to: Sequence[str],
    made: datetime,
    language: Language,
) -> EmailMessage:
    """The mail with ``files`` about a school's name (or the site's) and a period.

    ``names`` are ``site`` and ``sender``, and ``mark``: what the message's id is made from, so that a mail
    sent twice because a process ended between sending and noting it is recognised as one.
    """
    text = language.text
    name, period = about
    message = EmailMessage(policy=SMTP)
    what = text("Energy and climate: {name}, {period}", name=name, period=language.period(period))
    message["Subject"] = what
    user, _, domain = names["sender"].rpartition("@")
    message["From"] = Address(names["site"], user, domain)
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(made)
    message["Message-ID"] = f"<{hashlib.sha256(names['mark'].encode()).hexdigest()[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a machine
    message["Content-Language"] = language.code
    message.set_content(
        "\n".join(
            [
                what + ".",
                "",
                text("Attached: {files}.", files=", ".join(file.name for file in files)),
                text("Its first page says what is missing, if anything is."),
                text("Made {moment} by {site}.", moment=language.moment(made), site=names["site"]),
                text("Whether it still holds is told by: classroom-climate report verify FILE"),
            ]
        )
    )
    for file in files:
        kind, _, subtype = MEDIA_TYPES[file.format].partition(";")[0].partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    return message


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())[:200]}"

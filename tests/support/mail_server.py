"""A real SMTP server (aiosmtpd) with certificates of an authority made for the test."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from running import free_ports

USER, PASSWORD = "klimat", "åtta små möss"
UNKNOWN = "nobody@skola.example"
"""An address that the server refuses."""


class Certificates(NamedTuple):
    """An authority and a server's certificate signed by it, for 127.0.0.1."""

    ca: Path
    certificate: Path
    key: Path


def certificates(folder: Path, address: str = "127.0.0.1") -> Certificates:
    """Made anew in ``folder``."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    ca, ca_key, certificate, key = (folder / f"{name}.pem" for name in ("ca", "ca-key", "server", "key"))
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    authority = ["-subj", "/CN=Test CA", "-keyout", ca_key, "-out", ca, "-addext", "keyUsage=keyCertSign"]
    ours = [
        "-subj",
        "/CN=mail",
        "-addext",
        f"subjectAltName=IP:{address}",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    signed = ["-CA", ca, "-CAkey", ca_key, "-addext", "basicConstraints=critical,CA:FALSE"]
    for arguments in (authority, [*ours, *signed]):
        subprocess.run([*new, *arguments], check=True, capture_output=True)
    return Certificates(ca, certificate, key)


class Arrival(NamedTuple):
    """A mail as it came: its recipients, the message, and whether it came over TLS and by whom."""

    to: list[str]
    message: EmailMessage
    tls: bool
    user: str | None


class MailServer:
    """What came, and how many passwords were shown. An ``implicit`` one speaks nothing but TLS."""

    def __init__(self, port: int, *, implicit: bool) -> None:
        self.port = port
        self._implicit = implicit
        self.arrived: list[Arrival] = []
        self.passwords = 0
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Refuse one address."""
        if address == UNKNOWN:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail."""
        if self.answer.startswith("2"):
            message = cast("EmailMessage", message_from_bytes(envelope.content, policy=default))
            user = session.auth_data
            self.arrived.append(
                Arrival(envelope.rcpt_tos, message, self._implicit or session.ssl is not None, user)
            )
        return self.answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, shown: Any) -> AuthResult:
        """Whether user and password are right."""
        self.passwords += 1
        right = isinstance(shown, LoginPassword) and shown == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right, auth_data=USER if right else None)


@contextmanager
def mail_server(
    made: Certificates, tls: Literal["starttls", "implicit", "none"] = "starttls"
) -> Iterator[MailServer]:
    """A server on a free port around a block; with TLS it wants user and password."""
    server = MailServer(free_ports(1), implicit=tls == "implicit")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    more: dict[str, Any] = {}
    if tls == "starttls":
        more = {"tls_context": context, "require_starttls": True, "auth_required": True}
    elif tls == "implicit":
        more = {"auth_required": True, "auth_require_tls": False}  # it does not see that TLS is there already
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        ssl_context=context if tls == "implicit" else None,
        authenticator=server.authenticate,
        server_hostname="mail",
        **more,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()

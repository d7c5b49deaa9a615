"""The threshold: which hosts are answered, and the headers that every answer carries."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemError, problem_response

HEADERS: dict[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer: own scripts, styles and pictures only; framed by nobody."""

BODY_LIMIT_BYTES = 1_000_000
COUNTED_THERE = ("/api/v1/imports/", "/api/v1/readings/")
"""Below these paths routes take files and messages, and count their bytes themselves."""

_ONLY_HTTPS = "max-age=31536000"
_HOST = re.compile(r"^(\[[0-9a-f:.]+\]|[^:/?#@\[\]\s]+)(:\d{1,5})?$")


def _bounded(receive: Receive) -> Receive:
    """``receive``, up to BODY_LIMIT_BYTES; whoever reads a body gets no more of it."""
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT_BYTES:
            raise HTTPException(413, f"A request has at most {BODY_LIMIT_BYTES} bytes here.")
        return message

    return bounded


class Guard:
    """ASGI middleware: refuses unknown Host headers and large bodies, and adds :data:`HEADERS`.

    A page of another site could have its name resolve to 127.0.0.1 (DNS rebinding) and then read everything
    here as its own origin; the Host header gives it away.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], *, https: bool = False) -> None:
        self.app = app
        self.headers = HEADERS | ({"Strict-Transport-Security": _ONLY_HTTPS} if https else {})
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if self.admits(Headers(scope=scope).getlist("host")):
            bounded = receive if scope["path"].startswith(COUNTED_THERE) else _bounded(receive)
            await self.app(scope, bounded, send_with_headers)
            return
        known = ", ".join(sorted(self.hosts))
        refusal = ProblemError(400, f"This host is not served here. Use one of: {known}.")
        await problem_response(scope["path"], refusal)(scope, receive, send_with_headers)

    def admits(self, given: list[str]) -> bool:
        """Whether there is exactly one Host header and it names a host served here."""
        match = _HOST.match(given[0].lower()) if len(given) == 1 else None
        return match is not None and match[1] in self.hosts

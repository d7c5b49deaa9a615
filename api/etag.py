"""Conditional requests: an answer of the API that has not changed is not sent again."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_VARY = "Accept, Authorization, Cookie, X-Grafana-User"
_UNDER = "/api/v1/"


class EntityTags:
    """ASGI middleware: gives whole answers to GET below ``/api/v1`` an ETag and answers 304 to who has it.

    The tag is the content's hash: it changes with the answer and with nothing else. Streams have none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(_UNDER):
            known = Headers(scope=scope).getlist("if-none-match")
            await self.app(scope, receive, _Tagging(send, known))
        else:
            await self.app(scope, receive, send)


class _Tagging:
    """Holds the start of an answer back until its body is there, if that comes whole."""

    def __init__(self, send: Send, known: list[str]) -> None:
        self._send = send
        self._known = {tag.strip() for value in known for tag in value.split(",")}
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None and not message.get("more_body", False):
            start, message = self._tagged(start, message)
        if start is not None:
            await self._send(start)
        await self._send(message)

    def _tagged(self, start: Message, body: Message) -> tuple[Message, Message]:
        headers = MutableHeaders(raw=list(start["headers"]))
        tag = f'"{hashlib.sha256(body.get("body", b"")).hexdigest()[:24]}"'
        headers["ETag"] = tag
        headers["Vary"] = _VARY
        headers["Cache-Control"] = "private, no-cache"  # to be kept by its reader, and asked for each time
        if self._known.isdisjoint({tag, f"W/{tag}", "*"}):
            return {**start, "headers": headers.raw}, body
        del headers["content-length"]
        del headers["content-type"]
        return {**start, "status": 304, "headers": headers.raw}, {**body, "body": b""}

"""``/healthz``, ``/readyz`` and ``/metrics`` of a process that has no API."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from api.context import PartHealth


@contextmanager
def serving(
    sock: socket.socket | None,
    site: str,
    health: Callable[[], Sequence[PartHealth]],
    registry: CollectorRegistry,
) -> Iterator[None]:
    """Answer on a listening socket around a block; without one nothing is served."""
    if sock is None:
        yield
        return

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/healthz":
                self._json(200, {"status": "alive"})
            elif self.path == "/readyz":
                parts = [vars_of(part) for part in health()]
                ready = all(part["ok"] for part in parts)
                self._json(200 if ready else 503, {"site": site, "ready": ready, "parts": parts})
            else:
                self._json(404, {"detail": "There are /healthz, /readyz and /metrics."})

        def _json(self, status: int, content: object) -> None:
            self._answer(status, "application/json", json.dumps(content).encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Nothing: every look would be a line."""

    server = ThreadingHTTPServer(sock.getsockname()[:2], Answers, bind_and_activate=False)
    server.socket.close()
    server.socket = sock
    thread = threading.Thread(target=server.serve_forever, name="status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def vars_of(part: PartHealth) -> dict[str, object]:
    """A part as it is told."""
    return {"name": part.name, "ok": part.ok, "message": part.message}

"""A small HTTP proxy: shows Debian's InfluxDB 1.x under the paths of 2.x, and makes faults on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

_DROPPED = ("connection", "content-length", "content-encoding", "transfer-encoding", "host", "keep-alive")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[[Request], "Answer | None"]
"""Looks at a request before it is passed on: None passes it on, ``Answer(0)`` breaks the connection."""


class Proxy:
    """Passes requests on to ``target``; ``fault`` may be set at any time. ``v1``: the target is a 1.x."""

    def __init__(self, target: str, *, v1: bool = False) -> None:
        self.fault: Fault = lambda _: None
        self.seen: list[Request] = []
        self._v1 = v1
        self._http = httpx.Client(base_url=target, timeout=60, trust_env=False)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 65_536

            def handle_request(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = proxy.answer(Request(self.command, parts.path, query, dict(self.headers), body))
                if answer.status == 0:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for key, value in answer.headers.items():
                    if key.lower() not in _DROPPED:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_DELETE = handle_request  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._http.close()

    def answer(self, request: Request) -> Answer:
        self.seen.append(request)
        made = self.fault(request)
        return self.pass_on(request) if made is None else made

    def pass_on(self, request: Request) -> Answer:
        """The target's answer, whatever ``fault`` says."""
        return self._translate(request) if self._v1 else self._pass(request, request.path, request.query)

    def _pass(self, request: Request, path: str, query: dict[str, str]) -> Answer:
        headers = {key: value for key, value in request.headers.items() if key.lower() != "host"}
        try:
            found = self._http.request(
                request.method, path, params=query, headers=headers, content=request.body
            )
        except httpx.TransportError:  # as if there were no proxy between
            return Answer(0)
        return Answer(found.status_code, found.content, dict(found.headers))

    def _translate(self, request: Request) -> Answer:
        if request.path == "/api/v2/write":
            database = {"db": request.query["bucket"], "precision": "u"}
            return self._pass(request, "/write", database)
        if request.path == "/api/v2/buckets":
            return self._buckets(request.query["name"])
        if request.path == "/api/v2/delete":
            asked = json.loads(request.body)
            measurement, *tags = asked["predicate"].removeprefix("_measurement=").split(" AND ")
            tags = [tag.replace('"', "'") for tag in tags]  # 1.x quotes values singly
            condition = f"time >= '{asked['start']}' AND time <= '{asked['stop'].replace('+00:00', 'Z')}'"
            conditions = " AND ".join([condition, *tags])
            self.run(request.query["bucket"], f"DELETE FROM {measurement} WHERE {conditions}")  # noqa: S608
            return Answer(204)
        return self._pass(request, request.path, request.query)

    def run(self, database: str, statement: str) -> Any:
        found = (
            self._http.post("/query", params={"db": database}, data={"q": statement})
            .raise_for_status()
            .json()
        )
        assert "error" not in found["results"][0], found
        return found["results"][0].get("series", [])

    def _buckets(self, name: str) -> Answer:
        databases = [
            row[0] for series in self.run(name, "SHOW DATABASES") for row in series.get("values", [])
        ]
        rules = []
        if name in databases:
            (policies,) = self.run(name, f'SHOW RETENTION POLICIES ON "{name}"')
            rules = [{"everySeconds": _seconds(row[1])} for row in policies["values"] if row[-1]]
        buckets = [{"name": name, "retentionRules": rules}] if rules else []
        return Answer(200, json.dumps({"buckets": buckets}).encode(), {"X-Influxdb-Version": "1.6.7"})


def _seconds(duration: str) -> int:
    """``168h0m0s`` in seconds."""
    hours, _, rest = duration.partition("h")
    return int(hours) * 3600 if rest else 0


@contextmanager
def proxied(target: str, *, v1: bool = False) -> Iterator[Proxy]:
    proxy = Proxy(target, v1=v1)
    try:
        yield proxy
    finally:
        proxy.close()


def slow(seconds: float) -> Fault:
    """Every write takes so long."""

    def fault(request: Request) -> None:
        if request.path == "/api/v2/write":
            time.sleep(seconds)

    return fault

"""A bucket on an InfluxDB server: lines go in, tables come out, and what the server says becomes an error.

Writes take the v2 path (``/api/v2/write``, influxdb-client, synchronously: its batching writer loses data
without a word); reads take InfluxQL (``/query``) as CSV, the one way that 1.x, 2.x and 3.x share.
"""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlencode

import orjson
import pyarrow as pa
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from pyarrow import csv

from store.base import StoreError

LINES = 10_000
"""Lines a request: some 300 kB compressed, well below what servers and proxies take."""

_GZIP_LEVEL = 1  # level 9 costs seven times the CPU for a tenth fewer bytes
_CONNECTIONS = 8  # kept open; more threads get more, which are not kept
_SECTION = re.compile(rb"\n\n(?=name,tags,)")
_FEW = pa.dictionary(pa.int32(), pa.string())
_FIXED_TYPES = {"name": _FEW, "tags": _FEW, "time": pa.int64()}


class LinesRefused(Exception):  # noqa: N818
    """The server took some lines and will never take others; the message is its words."""


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket and how to reach it; tokens are empty for a server that asks for none."""

    url: str
    org: str
    bucket: str
    write_token: str = ""
    read_token: str = ""

    def __str__(self) -> str:
        return f"{self.url} bucket {self.bucket}"


class InfluxServer:
    """One bucket of a server. Connections are made when first needed; every method may be called by any
    thread.

    ``timeout_s``: longest wait for an answer [s].
    """

    def __init__(self, address: Address, timeout_s: float = 60.0) -> None:
        self.address = address
        self.version = ""
        self._closed = False
        self._lock = threading.Lock()
        self._client = InfluxDBClient(
            url=address.url, token=address.write_token, org=address.org, timeout=round(timeout_s * 1000)
        )
        # influxdb-client compresses at level 9 only; so the lines are handed over compressed.
        self._client.api_client.set_default_header("Content-Encoding", "gzip")  # type: ignore[no-untyped-call]
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        self._http = urllib3.PoolManager(  # takes half the CPU of httpx for an answer in many small chunks
            maxsize=_CONNECTIONS, retries=False, timeout=urllib3.Timeout(connect=10.0, read=timeout_s)
        )

    def close(self) -> None:
        """Release the connections."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._writer.close()  # type: ignore[no-untyped-call]
                self._client.close()  # type: ignore[no-untyped-call]
                self._http.clear()

    def write(self, lines: Sequence[str]) -> None:
        """Store lines (times in µs) durably; whatever can be stored is, even where others are refused.

        Raises:
            StoreError: some may not be stored; the same lines again do no harm.
            LinesRefused: some never will be, all others are stored.
        """
        refusals = [
            words
            for first in range(0, len(lines), LINES)
            for words in self._write_some(lines[first : first + LINES])
        ]
        if refusals:
            raise LinesRefused("; ".join(dict.fromkeys(refusals)))

    def _write_some(self, lines: Sequence[str]) -> list[str]:
        """Write one request's lines; the server's words about those it will never take."""
        body = gzip.compress("\n".join(lines).encode(), _GZIP_LEVEL, mtime=0)
        self._refuse_if_closed()
        try:
            self._writer.write(
                self.address.bucket,
                self.address.org,
                body,
                write_precision=WritePrecision.US,  # type: ignore[arg-type]
            )
        except ApiException as error:
            words = _words(error.body or "")
            if "partial write" in words:
                return [words]
            if error.status in (400, 413):  # 2.x takes nothing of a request with one line it cannot read
                if len(lines) == 1:
                    return [words]
                half = len(lines) // 2
                return self._write_some(lines[:half]) + self._write_some(lines[half:])
            raise self._error(error.status, words, error.headers or {}, "write") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._away(error) from error
        return []

    def query(
        self,
        statements: str,
        parameters: Mapping[str, str | int | float] | None = None,
        *,
        strings: Sequence[str] = (),
    ) -> list[pa.Table]:
        """Answers of InfluxQL statements: a table for each that has rows, in order.

        Columns: ``name`` (measurement), ``tags`` (dictionary; see :func:`store.influx_lines.tags_of`),
        ``time`` (µs), then what was selected: float64, or text for columns named in ``strings``. Text must
        hold no newline.
        """
        form = {"q": statements, "params": orjson.dumps(dict(parameters or {})).decode()}
        answer = self._send(
            "POST", "/query", {"db": self.address.bucket, "epoch": "u"}, urlencode(form).encode(),
            headers={"Accept": "application/csv", "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        if answer.startswith(b"error"):
            raise StoreError(f"InfluxDB at {self.address.url} cannot answer: {_words(answer)}")
        if answer.isspace() or not answer:
            return []
        cuts = [0, *(found.end() for found in _SECTION.finditer(answer)), len(answer)]
        return [_table(answer, start, end, strings) for start, end in pairwise(cuts)]

    def delete(self, measurement: str, before: datetime, narrower: str = "") -> None:
        """Delete a measurement's points older than ``before``; ``narrower`` is added to the predicate."""
        predicate = {
            "start": "1900-01-01T00:00:00Z",
            "stop": (before - timedelta(microseconds=1)).isoformat(),  # 2.9.1 deletes at stop too
            "predicate": f'_measurement="{measurement}"{narrower}',
        }
        place = {"org": self.address.org, "bucket": self.address.bucket}
        self._send("POST", "/api/v2/delete", place, orjson.dumps(predicate), kind="write")

    def retention_s(self) -> int:
        """After how long the bucket forgets [s]; 0 is never.

        Raises:
            StoreError: there is no such bucket, or the read token may not see it.
        """
        place = {"org": self.address.org, "name": self.address.bucket}
        buckets = orjson.loads(self._send("GET", "/api/v2/buckets", place))["buckets"]
        if not buckets:
            raise StoreError(
                f"InfluxDB at {self.address.url} has no bucket {self.address.bucket!r} in "
                f"{self.address.org!r}, or the read token may not read it. "
                "Make it with `classroom-climate store init`."
            )
        return sum(int(rule["everySeconds"]) for rule in buckets[0].get("retentionRules", []))

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | None = None,
        *,
        kind: str = "read",
        headers: Mapping[str, str] = {},
    ) -> bytes:
        """The answer to a request with the token of its ``kind``."""
        self._refuse_if_closed()
        token = self.address.write_token if kind == "write" else self.address.read_token
        sent = {"Accept-Encoding": "identity", **headers} | (
            {"Authorization": f"Token {token}"} if token else {}
        )
        url = f"{self.address.url}{path}?{urlencode(query)}"
        try:
            answer = self._http.request(method, url, body=body, headers=sent, redirect=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._away(error) from error
        self.version = answer.headers.get("X-Influxdb-Version", self.version)
        if answer.status >= 300:
            raise self._error(answer.status, _words(answer.data), answer.headers, kind)
        return answer.data

    def _away(self, error: Exception) -> StoreError:
        return StoreError(f"InfluxDB at {self.address.url} does not answer: {error or type(error).__name__}")

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(f"the store at {self.address} is closed")

    def _error(self, status: int, words: str, headers: Mapping[str, str], kind: str) -> StoreError:
        told = f"InfluxDB at {self.address.url} answers {status} to a {kind}: {words or '(no words)'}"
        if status in (401, 403):
            told += f". Check store.{kind}_token_file: its token must be allowed to {kind} it"
        elif status == 404 and "bucket" in words:
            told += ". Check store.bucket, or make it with `classroom-climate store init`"
        lowered = {key.lower(): value for key, value in headers.items()}
        wait = lowered.get("retry-after", "")
        return StoreError(told, float(wait) if wait.isdecimal() else 0.0)


def _table(answer: bytes, start: int, end: int, strings: Sequence[str]) -> pa.Table:
    """A section of an answer as a table; its bytes are read where they are."""
    head = answer[start : answer.index(b"\n", start)]
    header = [column.strip('"') for column in head.decode().split(",")]
    types = {column: pa.string() if column in strings else pa.float64() for column in header} | _FIXED_TYPES
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(memoryview(answer)[start:end])),
        read_options=csv.ReadOptions(column_names=header, skip_rows=1),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _words(body: str | bytes) -> str:
    """What the server says in an error, as JSON (2.x) or CSV (1.x)."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.removeprefix("error\n").strip().strip('"').replace('""', '"')
    if not isinstance(found, dict):
        return text
    return str(found.get("message") or found.get("error") or text)

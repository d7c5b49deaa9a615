"""Real InfluxDB servers for tests: found, started once a session, and a bucket of its own for every test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import pytest
from proxy import proxied

from running import free_ports, until
from store.influx_server import Address

STORES = [
    "duckdb",
    pytest.param("influx1", marks=pytest.mark.server),
    pytest.param("influx2", marks=pytest.mark.server),
]
"""Kinds of store: a file; Debian's real influxd 1.x behind a shim for the paths of 2.x; a real 2.x."""

_SETUP = {"username": "tester", "org": "tests", "bucket": "unused"}


@cache
def programs() -> dict[int, tuple[Path, str]]:
    """``influxd`` on PATH by major version: path and version."""
    found: dict[int, tuple[Path, str]] = {}
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = shutil.which("influxd", path=folder)
        if path is None:
            continue
        told = subprocess.run([path, "version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"v(\d+)\.\S+", told)
        if version:
            found.setdefault(int(version[1]), (Path(path), version[0]))
    return found


def server_url() -> str:
    """A running 2.x that tests may use, as continuous integration has one; empty if none is named."""
    return os.environ.get("INFLUXDB_URL") or os.environ.get("TEST_INFLUXDB_URL") or ""


def header() -> str:
    """Which servers were found, for the head of a test run."""
    known = {major: f"{version} ({path})" for major, (path, version) in programs().items()}
    if server_url():
        known[2] = f"at {server_url()}"
    return f"influxdb 1.x: {known.get(1, 'none')}; 2.x: {known.get(2, 'none')}"


@dataclass(frozen=True)
class Server:
    """A running server and how to administer it."""

    kind: str  # influx1, influx2
    url: str
    token: str = ""
    org_id: str = ""
    target: str = ""

    @contextmanager
    def bucket(self, retention_s: int = 0) -> Iterator[Address]:
        """A fresh bucket with a write and a read token of its own."""
        name = f"t{uuid.uuid4().hex}"
        if self.kind == "influx1":
            duration = f" WITH DURATION {retention_s}s" if retention_s else ""
            query = httpx.Client(base_url=self.target)
            query.post("/query", data={"q": f'CREATE DATABASE "{name}"{duration}'}).raise_for_status()
            yield Address(self.url, _SETUP["org"], name)
            query.post("/query", data={"q": f'DROP DATABASE "{name}"'})
            query.close()
            return
        rules = [{"type": "expire", "everySeconds": retention_s}] if retention_s else []
        with self.admin() as admin:
            body = {"orgID": self.org_id, "name": name, "retentionRules": rules}
            bucket = admin.post("/api/v2/buckets", json=body).raise_for_status().json()["id"]
            write, read = (self._mint(admin, bucket, action) for action in ("write", "read"))
            yield Address(self.url, _SETUP["org"], name, write, read)
            admin.delete(f"/api/v2/buckets/{bucket}")

    def admin(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Token {self.token}"}, timeout=60)

    def _mint(self, admin: httpx.Client, bucket: str, action: str) -> str:
        resource = {"type": "buckets", "id": bucket, "orgID": self.org_id}
        body = {"orgID": self.org_id, "permissions": [{"action": action, "resource": resource}]}
        token: str = admin.post("/api/v2/authorizations", json=body).raise_for_status().json()["token"]
        return token


@contextmanager
def started(kind: str, folder: Path, shared: Path) -> Iterator[Server]:
    """The session's server of a kind; ``shared`` is a folder all workers of the run see."""
    if kind == "influx1":
        if 1 not in programs():
            pytest.skip("no influxd 1.x on PATH: scripts/install-servers installs Debian's")
        with _influx1(folder) as url, proxied(url, v1=True) as proxy:
            yield Server(kind, proxy.url, target=url)
    elif server_url():
        yield set_up(server_url(), shared)
    elif 2 in programs():
        with _influx2(folder) as url:
            yield set_up(url, folder)
    else:
        pytest.skip("no InfluxDB 2.x: name one in INFLUXDB_URL, or put an influxd 2.x on PATH")


def set_up(url: str, shared: Path) -> Server:
    """Set a fresh server up, or learn the token from the worker that did."""
    kept = shared / "influx2-token"
    token = os.environ.get("INFLUXDB_TOKEN") or uuid.uuid4().hex
    body = {**_SETUP, "password": uuid.uuid4().hex, "token": token}
    if httpx.post(f"{url}/api/v2/setup", json=body, timeout=60).status_code == 201:
        kept.write_text(token)
    elif not os.environ.get("INFLUXDB_TOKEN"):
        until(kept.exists, f"{url} was set up by somebody else: name its token in INFLUXDB_TOKEN", 30)
        time.sleep(0.1)
        token = kept.read_text()
    organisations = httpx.get(
        f"{url}/api/v2/orgs", params={"org": _SETUP["org"]}, headers={"Authorization": f"Token {token}"}
    )
    return Server("influx2", url, token, organisations.raise_for_status().json()["orgs"][0]["id"])


@contextmanager
def _process(command: list[str], url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    def answers() -> bool:
        try:
            return httpx.get(f"{url}/ping", timeout=2).status_code == 204
        except httpx.TransportError:
            return False

    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb"))
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            until(answers, f"{command[0]} answers (see {log})", 60)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def influx1_process(folder: Path, port: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """An influxd 1.x on a port of our choice and the one behind it."""
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{port + 1}"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        'index-version = "tsi1"\nquery-log-enabled = false\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n'
        "[continuous_queries]\nenabled = false\n"
    )
    url = f"http://127.0.0.1:{port}"
    command = [str(programs()[1][0]), "run", "-config", str(config)]
    with _process(command, url, folder / "influxd.log") as process:
        yield url, process


@contextmanager
def _influx1(folder: Path) -> Iterator[str]:
    with influx1_process(folder, free_ports(2)) as (url, _):
        yield url


@contextmanager
def influx2_process(folder: Path, port: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """An influxd 2.x on a port of our choice, for tests that stop and start it."""
    url = f"http://127.0.0.1:{port}"
    command = [
        str(programs()[2][0]), "--bolt-path", f"{folder}/influxd.bolt",
        "--sqlite-path", f"{folder}/influxd.sqlite",
        "--engine-path", f"{folder}/engine", "--http-bind-address", f"127.0.0.1:{port}",
        "--reporting-disabled", "--log-level", "warn",
    ]  # fmt: skip
    with _process(command, url, folder / "influxd.log") as process:
        yield url, process


@contextmanager
def _influx2(folder: Path) -> Iterator[str]:
    with influx2_process(folder, free_ports(1)) as (url, _):
        yield url

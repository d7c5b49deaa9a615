"""What every test run shows first, an embedded store, and the real InfluxDB servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from influx import Server, header, started

from store.duckdb_store import DuckDBStore
from store.influx_server import Address


def pytest_report_header() -> str:
    """The servers that tests marked ``server`` will meet."""
    return header()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """An empty store in a file."""
    with closing(DuckDBStore(tmp_path / "store.duckdb", memory_limit_mb=200)) as opened:
        yield opened


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """The session's server of a kind (``influx1``, ``influx2``), started when first asked for."""
    known: dict[str, Server] = {}
    with ExitStack() as stack:

        def server(kind: str) -> Server:
            if kind not in known:
                folder, shared = tmp_path_factory.mktemp(kind), tmp_path_factory.getbasetemp().parent
                known[kind] = stack.enter_context(started(kind, folder, shared))
            return known[kind]

        yield server


@pytest.fixture(params=["influx1", "influx2"])
def bucket(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Iterator[Address]:
    """A fresh bucket on each kind of server."""
    with servers(request.param).bucket() as address:
        yield address

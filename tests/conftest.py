"""What every test run shows first, an embedded store, one of each kind, and the real InfluxDB servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from influx import STORES, Server, header, started

from store.base import Store
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore


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


@pytest.fixture(params=STORES)
def reopen(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], Server]
) -> Iterator[Callable[[], Store]]:
    """Open the test's own place in a store of each kind; called again, close it and open it anew."""
    with ExitStack() as place, ExitStack() as opened:
        opener: Callable[[], Store]
        if request.param == "duckdb":
            path = tmp_path / "store.duckdb"
            opener = lambda: DuckDBStore(path)  # noqa: E731
        else:
            address = place.enter_context(servers(request.param).bucket())
            opener = lambda: InfluxStore(address)  # noqa: E731

        def open_again() -> Store:
            opened.close()
            return opened.enter_context(closing(opener()))

        yield open_again

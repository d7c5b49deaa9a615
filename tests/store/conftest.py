"""Every kind of store, under one contract: a test that asks for ``store`` runs on each of them.

``duckdb`` is a file; ``influx1`` is Debian's real influxd 1.x behind a shim for the paths of 2.x; ``influx2``
a real 2.x. A server is started once a session and worker, every test has a bucket of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from influx import Server

from store.base import Store
from store.duckdb_store import DuckDBStore
from store.influx_store import InfluxStore

KINDS = [
    "duckdb",
    pytest.param("influx1", marks=pytest.mark.server),
    pytest.param("influx2", marks=pytest.mark.server),
]


@pytest.fixture(params=KINDS)
def reopen(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], Server]
) -> Iterator[Callable[[], Store]]:
    """Open the test's own place; called again, close it and open it anew."""
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


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    """An empty store."""
    return reopen()

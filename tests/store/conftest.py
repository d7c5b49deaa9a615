"""Every kind of store, under one contract: a test that asks for ``store`` runs on each of them.

Another kind joins by an entry in ``OPENERS``; it may need a server, so its entry carries a mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from store.base import Store
from store.duckdb_store import DuckDBStore

Opener = Callable[[Path], Store]

OPENERS: dict[str, Opener] = {"duckdb": lambda folder: DuckDBStore(folder / "store.duckdb")}


@pytest.fixture(params=[pytest.param(opener, id=kind) for kind, opener in OPENERS.items()])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the test's own place; called again, close it and open it anew."""
    opener: Opener = request.param
    with ExitStack() as stack:

        def open_again() -> Store:
            stack.close()
            return stack.enter_context(closing(opener(tmp_path)))

        yield open_again


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    """An empty store."""
    return reopen()

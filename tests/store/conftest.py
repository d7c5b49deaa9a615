"""Every kind of store, under one contract: a test that asks for ``store`` runs on each of them.

A server is started once a session and worker, every test has a bucket of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from store.base import Store


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    """An empty store."""
    return reopen()

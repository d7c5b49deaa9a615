"""A simulated city served by the real application, and every dashboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dashboard_city import dashboard_context
from fastapi.testclient import TestClient

from api.app import create_app


@pytest.fixture(scope="session")
def city_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The API over the city; tests only read it."""
    context, store = dashboard_context(tmp_path_factory.mktemp("dashboards"))
    with TestClient(create_app(context), base_url="http://127.0.0.1:8000") as client:
        yield client
    store.close()

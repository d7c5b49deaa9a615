"""A site with weather and an open store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from heated import NOW, TEXTS

from classroom.site import Site
from classroom.sitefiles import parse_site
from reports.fits import Fits
from reports.sources import Sources
from store.duckdb_store import DuckDBStore


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / "climate.duckdb", memory_limit_mb=200)
    yield opened
    opened.close()


@pytest.fixture
def sources(store: DuckDBStore, site: Site) -> Sources:
    return Sources.of(store, site, Fits(), NOW)

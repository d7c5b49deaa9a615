"""A site with weather and an open store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from heated import NOW, TEXTS

from classroom.site import Site
from classroom.sitefiles import parse_site
from reported_city import City, made_city, reports_over
from reports.fits import Fits
from reports.service import Reports
from reports.sources import Sources
from store.duckdb_store import DuckDBStore


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def sources(store: DuckDBStore, site: Site) -> Sources:
    return Sources.of(store, site, Fits(), NOW)


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The small city that reports are proven on; its store is closed."""
    return made_city(tmp_path_factory.mktemp("reported"))


@pytest.fixture
def its_store(reported: City, tmp_path: Path) -> Iterator[DuckDBStore]:
    """A copy of that city's store, to be changed at will."""
    path = tmp_path / "reported.duckdb"
    path.write_bytes((reported.folder / "classroom.duckdb").read_bytes())
    opened = DuckDBStore(path, memory_limit_mb=200)
    yield opened
    opened.close()


@pytest.fixture
def reports(reported: City, its_store: DuckDBStore) -> Reports:
    return reports_over(its_store, reported.site)

"""The made-up school, served by the real application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import ARGS, CHROMIUM
from fastapi.testclient import TestClient
from lived_in import live_in
from made_up_school import (
    FILES,
    TEXTS,
    Served,
    context_over,
    experiment,
    fill,
    hang_screens,
    learn,
    serve,
)
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext
from classroom.sitefiles import parse_site
from store.duckdb_store import DuckDBStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def open_context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ApiContext]]:
    """Contexts over stores of their own, by the texts that differ from TEXTS; closed at the end."""
    opened: list[DuckDBStore] = []

    def open_one(
        *, filled: bool = True, learned: bool = False, tried: bool = False, **texts: str
    ) -> ApiContext:
        site = parse_site(
            {
                **TEXTS,
                **{FILES.get(name, f"{name.removesuffix('_csv')}.csv"): text for name, text in texts.items()},
            }
        )
        path: Path = tmp_path_factory.mktemp("pages") / "climate.duckdb"
        store = DuckDBStore(path, memory_limit_mb=200)
        opened.append(store)
        if filled:
            fill(store, site)
        if learned:
            learn(store, site)
            live_in(store, site)
        if tried:
            experiment(store, site)
        return context_over(store, site)

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def school_context(open_context: Callable[..., ApiContext]) -> ApiContext:
    """The filled context, shared: tests only read it."""
    return open_context(learned=True)


@pytest.fixture(scope="session")
def served(open_context: Callable[..., ApiContext]) -> Iterator[Served]:
    """The filled application on a port of its own; tests may publish live readings."""
    context = open_context(learned=True, tried=True)
    server, thread, url = serve(context)
    yield Served(url, context, hang_screens(context))
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def school_client(school_context: ApiContext) -> Iterator[TestClient]:
    """A client of the filled application."""
    with TestClient(create_app(school_context), base_url=HERE) as client:
        yield client


@pytest.fixture
def visit(school_client: TestClient) -> Visit:
    """The text of a page, in Swedish unless told."""

    def read(path: str, lang: str = "sv") -> str:
        answer = school_client.get(path, headers={"Accept-Language": lang})
        assert answer.status_code == 200
        return text_of(answer.text)

    return read


@pytest.fixture(scope="module")  # its event loop would disturb asyncio in other modules
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()

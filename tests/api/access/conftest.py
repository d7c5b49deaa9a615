"""Two schools, one of them a secret, and everybody who may ask for something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from visitors import SETTINGS, TABLES, URL, Somebody

from api.access.file import AccessFile
from api.access.sessions import Sessions
from api.access.tokens import Tokens
from api.app import create_app
from api.context import Access, ApiContext, Control
from classroom.access import Grant, Role
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from cli.imports import ServedImports
from ingest.imports.folder import ImportFolder
from ingest.imports.job import Hands
from ingest.imports.watcher import ImportWatcher
from ingest.imports.writing import directly
from ingest.letter import Sighting
from ingest.letters import Letters
from store.duckdb_store import DuckDBStore


@pytest.fixture
def file(tmp_path: Path) -> Iterator[AccessFile]:
    opened = AccessFile(tmp_path / "data" / "access.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def tokens(file: AccessFile) -> Tokens:
    return Tokens(file)


@pytest.fixture
def guarded_site() -> Site:
    return parse_site({"classroom.toml": SETTINGS.format(public="false"), **TABLES})


@pytest.fixture
def context(
    context: ApiContext,
    guarded_site: Site,
    file: AccessFile,
    letters: Letters,
    store: DuckDBStore,
    tmp_path: Path,
) -> ApiContext:
    """Everything is wired, so that every route is there; streams end at once."""

    def push(topic: str, payload: bytes) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    folder = ImportFolder(tmp_path / "imports", context.clock)
    hands = Hands(store, directly(store), letters, lambda _: True)
    zone = ZoneInfo("Europe/Stockholm")
    watcher = ImportWatcher(folder, hands, zone, context.clock, 600, tmp_path / "work", lambda: None)
    assert context.control is not None
    control = Control(context.control.key, context.control.letters, ServedImports(watcher, 1_000), push)
    now = context.clock()
    heard = [
        Sighting(device, "native", now, now, f"classroom/{device}", 1, {})
        for device in ("air", "hemlig-air", "hemlig-ny")
    ]
    letters.write("spool", 1, [], heard)
    context.live.publish(
        [Reading("air", "co2_ppm", now, 700.0), Reading("hemlig-air", "co2_ppm", now, 900.0)]
    )
    context.live.close()
    return replace(context, site=lambda: guarded_site, control=control, access=Access(file))


Client = Callable[..., TestClient]


@pytest.fixture
def open_app(context: ApiContext) -> Iterator[Client]:
    """A client of the application over a site with these settings; the guarded one where none are given."""
    with ExitStack() as stack:

        def opened(settings: str | None = None) -> TestClient:
            site = context.site()
            if settings is not None:
                site = parse_site({"classroom.toml": settings, **TABLES})
            app = create_app(replace(context, site=lambda: site))
            return stack.enter_context(TestClient(app, base_url=URL, raise_server_exceptions=False))

        yield opened


@pytest.fixture
def everybody(open_app: Client, context: ApiContext, tokens: Tokens, file: AccessFile) -> dict[str, Somebody]:
    """By name: everybody who may come to the door."""
    now = context.clock()

    def bearer(role: Role, *schools: str) -> dict[str, str]:
        _, text = tokens.create(Grant(role=role, schools=schools), "", now, now + timedelta(days=1))
        return {"Authorization": f"Bearer {text}"}

    def person(*groups: str) -> dict[str, str]:
        kept = {"name": "person anna", "groups": list(groups)}
        name = Sessions(file).begin(kept, now, timedelta(hours=1))
        return {"Cookie": f"classroom-session={name}", "Sec-Fetch-Site": "same-origin"}

    guarded, public = open_app(), open_app(SETTINGS.format(public="true"))
    local = open_app('[site]\ntime_zone = "Europe/Stockholm"\n')
    _, link = tokens.create_screen("oppen", "rum1", "", now, None)
    return {
        "nobody": Somebody(guarded, {}),
        "public": Somebody(public, {}),
        "local": Somebody(local, {"Sec-Fetch-Site": "same-origin"}),
        "screen": Somebody(guarded, {"Cookie": f"classroom-session={link}"}),
        "reader": Somebody(guarded, bearer(Role.READ, "oppen")),
        "staff": Somebody(guarded, bearer(Role.STAFF, "oppen")),
        "school admin": Somebody(guarded, bearer(Role.ADMIN, "oppen")),
        "teacher": Somebody(guarded, person("teachers")),
        "janitor": Somebody(guarded, person("janitors")),
        "stranger": Somebody(guarded, person()),
        "city reader": Somebody(guarded, bearer(Role.READ, "*")),
        "technician": Somebody(guarded, bearer(Role.STAFF, "*")),
        "admin": Somebody(guarded, bearer(Role.ADMIN, "*")),
        "control": Somebody(guarded, {"Authorization": "Bearer the key"}),
    }

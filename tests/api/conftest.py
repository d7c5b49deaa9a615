"""A small hand-made site, a real store, and the application over both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.context import ApiContext, Control, NotNowError, PartHealth
from api.live import LiveHub
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from ingest.letters import Letters
from ingest.replaying import Replayed
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Stockholm

TEXTS = {
    "classroom.toml": '[site]\ntime_zone = "Europe/Stockholm"\n',
    "schools.csv": "key,name,municipality,latitude,longitude\n"
    "tagaborg,Tågaborgsskolan,Helsingborg,56.05,12.69\n"
    "empty,Tomma skolan,,,\n",
    "school_attributes.csv": "school,valid_from,atemp_m2,pupils,tenure,ventilation_hours\n"
    "tagaborg,2025-01-01,4200,390,owned,06:00-18:00\n"
    "tagaborg,2027-01-01,4300,400,owned,\n",
    "buildings.csv": "school,key,name,atemp_m2\ntagaborg,hus-a,Hus A,4200\n",
    "rooms.csv": "school,key,name,building,area_m2,volume_m3,persons,age_group,ventilation,openable_windows\n"
    "tagaborg,a101,Sal 101,hus-a,60,165,28,11-15,FTX,true\n"
    "tagaborg,a102,=Sal 102,,,,,,,\n",
    "meters.csv": "school,key,name,carrier,role,building\ntagaborg,el,Elmätare,electricity,main,hus-a\n",
    "devices.csv": "key,school,room,meter,interval_s,valid_from,valid_to\n"
    "first,tagaborg,a101,,300,2026-01-01T00:00:00Z,\n"
    "moved,tagaborg,a102,,600,2026-01-01T00:00:00Z,2026-11-16T07:00:00Z\n"
    "moved,tagaborg,a101,,600,2026-11-16T07:00:00Z,\n"
    "el-1,tagaborg,,el,900,,\n",
}


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def co2() -> Callable[..., Reading]:
    """A CO2 reading of a device, so many minutes before now."""

    def make(device: str, minutes_ago: float, ppm: float, flag: int = 0) -> Reading:
        return Reading(device, "co2_ppm", NOW - timedelta(minutes=minutes_ago), ppm, flag)

    return make


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    return Letters(tmp_path / "letters.sqlite")


@pytest.fixture
def health() -> list[PartHealth]:
    return [PartHealth("broker", True, "connected")]


class Asked:
    """Where ``cli`` puts a running pipeline: deletes real letters, remembers what is to be replayed."""

    def __init__(self, letters: Letters) -> None:
        self.letters = letters
        self.replays: list[dict[str, object]] = []
        self.refuse = ""

    def replay(self, **asked: object) -> Replayed:
        if self.refuse:
            raise NotNowError(self.refuse)
        self.replays.append(asked)
        return Replayed(3, {"not_json": 1}, 1, 0, None, 5)

    def purge(self, **asked: Any) -> int:
        if self.refuse:
            raise NotNowError(self.refuse)
        return self.letters.purge(**asked)


@pytest.fixture
def asked(letters: Letters) -> Asked:
    return Asked(letters)


@pytest.fixture
def control(asked: Asked) -> Control:
    return Control("the key", asked)


@pytest.fixture
def context(
    site: Site,
    store: DuckDBStore,
    letters: Letters,
    health: list[PartHealth],
    control: Control,
    now: datetime,
) -> ApiContext:
    registry = CollectorRegistry()
    return ApiContext(
        site=lambda: site,
        store=store,
        clock=lambda: now,
        live=LiveHub(lambda: site, registry),
        letters=letters,
        sightings=letters,
        health=lambda: health,
        registry=registry,
        control=control,
    )


@pytest.fixture
def client(context: ApiContext) -> Iterator[TestClient]:
    with TestClient(
        create_app(context), base_url="http://127.0.0.1:8000", raise_server_exceptions=False
    ) as opened:
        yield opened

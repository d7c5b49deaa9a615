"""A small site and files to import into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from classroom.site import Site
from classroom.sitefiles import parse_site
from ingest.tables.ical import Bounds

TEXTS = {
    "classroom.toml": "",
    "schools.csv": "key,name,municipality\nnorra,Norra skolan,Helsingborg\nsodra,Södra skolan,Helsingborg\n",
    "rooms.csv": "school,key,name\nnorra,a1,Sal A1\nnorra,a2,Sal A2\nsodra,a1,Sal 1\n",
    "calendar.csv": (
        "municipality,first,last,day_type\n"
        "Helsingborg,2026-08-18,2026-12-18,term\nHelsingborg,2026-10-26,2026-10-30,lov\n"
    ),
}


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def bounds() -> Bounds:
    return Bounds(date(2026, 7, 1), date(2027, 6, 30))


@pytest.fixture
def ics(tmp_path: Path) -> Callable[..., Path]:
    """Writes VEVENTs, each given by its lines, as a calendar file."""

    def write(*events: str, name: str = "calendar.ics", head: str = "") -> Path:
        parts = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
        path = tmp_path / name
        path.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{parts}END:VCALENDAR\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write

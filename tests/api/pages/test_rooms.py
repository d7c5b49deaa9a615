"""Rooms side by side: the week's air in occupied time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from reading import Visit

from api.pages.room_weeks import RoomWeek, room_weeks, school_air
from classroom.metric import Interval, Metric, Scope, Status

START = datetime(2026, 11, 15, 23, tzinfo=UTC)


def _order(client: TestClient, query: str) -> list[str]:
    page = client.get(f"/rooms{query}", headers={"Accept-Language": "sv"}).text
    return re.findall(r'rowheader"><a href="/schools/\w+/rooms/(\w+)"', page)


def test_the_stuffiest_room_stands_first_with_its_coverage(visit: Visit) -> None:
    text = visit("/rooms")
    assert re.search(r"Sal A103 Tågaborgsskolan 74 % \d+ ppm \d+ %", text.replace(" ", " "))
    assert "Grupprummet Tågaborgsskolan – – – inget mättes" in text  # never measured: no figure, and last
    assert text.index("Sal A103") < text.index("Sal A102") < text.index("Grupprummet")


STUFFY = ["a103", "slojd", "a102", "bibliotek", "a101"]
SILENT = ["grupp", "musik", "b1", "c1"]


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", STUFFY + SILENT),
        ("?sort=above&order=down", STUFFY + SILENT),
        ("?sort=above", [*STUFFY[::-1], *SILENT]),
        ("?sort=name&school=tagaborg", ["bibliotek", "grupp", "musik", "a101", "a102", "a103", "slojd"]),
        ("?above=tenth", STUFFY[:3]),
        ("?above=quarter&q=sal+a1", ["a103", "a102"]),
        ("?school=olympia", ["c1"]),
        ("?school=nobody&above=x&sort=__class__&from=-1", STUFFY + SILENT),
        ("?from=7", ["b1", "c1"]),
        ("?from=700", []),
    ],
)
def test_the_address_sorts_and_filters(school_client: TestClient, query: str, order: list[str]) -> None:
    assert _order(school_client, query) == order


def test_weeks_are_walked(school_client: TestClient) -> None:
    page = school_client.get("/rooms?school=tagaborg").text
    assert 'href="?school=tagaborg&amp;week=2026-W46"' in page
    assert "week=2026-W48" not in page
    assert school_client.get("/rooms?week=2026-W60").status_code == 404


def _metric(room: str, name: str, value: float | None, coverage: float) -> Metric:
    return Metric(
        START, START + timedelta(days=7), Interval.WEEK, "s", Scope.ROOM, room, name, None, None, value, None,
        None, "1", coverage, Status.OK, None, "m/1", (), "f",
    )  # fmt: skip


def test_rooms_weigh_by_their_measured_hours() -> None:
    found = room_weeks(
        [
            _metric("a", "co2_above_limit_share", 0.5, 0.5),
            _metric("a", "occupied_h", 20.0, 1.0),
            _metric("b", "co2_above_limit_share", 0.0, 1.0),
            _metric("b", "occupied_h", 30.0, 1.0),
            _metric("c", "occupied_h", 30.0, 1.0),
        ]
    )
    assert found == {("s", "a"): RoomWeek(0.5, None, 0.5, 10.0), ("s", "b"): RoomWeek(0.0, None, 1.0, 30.0)}
    together = school_air([found["s", "a"], found["s", "b"], None])
    assert together is not None
    assert together.above_share == pytest.approx(0.5 * 10 / 40)
    assert together.coverage == pytest.approx(0.5)  # of three rooms one says nothing
    assert school_air([None, RoomWeek(None, 800.0, 1.0, 0.0)]) is None
    assert school_air([]) is None

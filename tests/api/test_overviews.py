from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi.testclient import TestClient

from api.app import create_app
from api.context import ApiContext
from classroom.metric import Interval, Metric, Scope, Status
from classroom.reading import Flag, Reading
from classroom.sitefiles import parse_site
from classroom.timetable import day_span
from ingest.letters import Letters, Sighting
from store.duckdb_store import DuckDBStore

ROOMS, HEALTH = "/api/v1/rooms/now", "/api/v1/devices/health"


def test_every_room_now_in_a_line(
    client: TestClient, context: ApiContext, co2: Callable[..., Reading], now: datetime
) -> None:
    warm = Reading("first", "temperature_c", now - timedelta(hours=3), 21.5)
    context.live.publish([co2("first", 5, 1_530.0), warm])

    first, second = client.get(ROOMS).json()

    assert first == {
        "school": "tagaborg",
        "school_name": "Tågaborgsskolan",
        "room": "a101",
        "name": "Sal 101",
        "in_lesson": True,  # no timetable: the school's hours
        "level": "now",
        "reason": None,
        "co2_ppm": 1530.0,
        "temperature_c": None,  # three hours old
        "humidity_pct": None,
        "time": "2026-11-16T08:55:00Z",
        "age_s": 300.0,
    }
    assert (second["room"], second["level"], second["reason"]) == ("a102", None, "no_reading")
    assert (second["time"], second["age_s"]) == (None, None)


def test_rooms_of_one_school_and_as_csv(client: TestClient) -> None:
    assert len(client.get(ROOMS, params={"school": "tagaborg"}).json()) == 2
    assert client.get(ROOMS, params={"school": "empty"}).json() == []
    assert client.get(ROOMS, params={"school": "nowhere"}).json() == []
    assert [line["room"] for line in client.get(ROOMS, params={"room": "a102"}).json()] == ["a102"]
    assert client.get(ROOMS, params={"in_lesson": "false"}).json() == []
    lines = client.get(ROOMS, params={"format": "csv"}).text.splitlines()
    assert lines[0].startswith("school,school_name,room,name,in_lesson,level")
    assert len(lines) == 3


def test_nobody_is_in_a_lesson_at_night(context: ApiContext, now: datetime) -> None:
    night = replace(context, clock=lambda: now + timedelta(hours=12))
    with TestClient(create_app(night), base_url="http://127.0.0.1") as client:
        assert [line["in_lesson"] for line in client.get(ROOMS).json()] == [False, False]


def test_devices_and_what_is_wrong_with_them(
    client: TestClient, context: ApiContext, co2: Callable[..., Reading], now: datetime
) -> None:
    low = Reading("first", "battery_pct", now - timedelta(minutes=5), 12.0)
    context.live.publish([co2("first", 5, 700.0), low, co2("moved", 60, 640.0)])

    lines = {line["device"]: line for line in client.get(HEALTH, params={"school": "tagaborg"}).json()}

    assert {key: line["trouble"] for key, line in lines.items()} == {
        "el-1": "never",
        "first": "battery",
        "moved": "silent",
    }
    assert [d["device"] for d in client.get(HEALTH, params={"trouble": "silent"}).json()] == ["moved"]
    assert client.get(HEALTH, params={"in_trouble": "false"}).json() == []
    assert lines["moved"] == {
        "device": "moved",
        "family": None,
        "school": "tagaborg",
        "room": "a101",
        "meter": None,
        "trouble": "silent",
        "last_seen": "2026-11-16T08:00:00Z",
        "age_s": 3600.0,
        "interval_s": 600,
        "battery_pct": None,
        "battery_v": None,
    }


def a_day(store: DuckDBStore, context: ApiContext, room: str, **values: float | None) -> None:
    zone = context.site().zone
    start, end = day_span(datetime(2026, 11, 12, tzinfo=zone).date(), zone)
    store.write_metrics(
        [
            Metric(
                *(start, end, Interval.DAY, "tagaborg", Scope.ROOM, room, name, None, None, value),
                *(None, None, "1", 0.75, Status.PARTIAL, None, "indoor.room_day/1", (), "f"),
            )
            for name, value in values.items()
        ]
    )


def test_rooms_side_by_side_by_period(client: TestClient, store: DuckDBStore, context: ApiContext) -> None:
    a_day(store, context, "a102", co2_mean_ppm=None)
    a_day(store, context, "a101", co2_mean_ppm=812.5, co2_above_limit_share=0.125, occupied_h=6.0)

    rows = client.get("/api/v1/schools/tagaborg/room-periods", params={"from": "2026-11-01"}).json()

    assert [(row["room"], row["name"]) for row in rows] == [("a101", "Sal 101"), ("a102", "=Sal 102")]
    assert rows[0]["time"] == "2026-11-11T23:00:00Z"
    assert (rows[0]["co2_mean_ppm"], rows[0]["co2_above_limit_share"]) == (812.5, 0.125)
    assert (rows[0]["occupied_h"], rows[0]["comfort_share"]) == (6.0, None)
    assert (rows[0]["coverage"], rows[0]["status"]) == (0.75, "partial")
    assert rows[1]["co2_mean_ppm"] is None

    month = {"from": "2026-11-01", "interval": "month"}
    (of_month, *_) = client.get("/api/v1/schools/tagaborg/room-periods", params=month).json()
    assert of_month["time"] == "2026-10-31T23:00:00Z"
    assert (of_month["co2_mean_ppm"], of_month["status"]) == (None, "insufficient")  # a day is no month
    assert client.get("/api/v1/schools/nowhere/room-periods").status_code == 404


def test_targets_are_those_of_the_settings(client: TestClient, context: ApiContext) -> None:
    assert client.get("/api/v1/portfolio/targets").json() == {
        "saving_pct": None,
        "base_year": None,
        "target_year": None,
        "target_reduction_share": None,
    }
    toml = (
        "[targets]\nsaving_pct = 5\n[reports]\nbase_year = 2019\n"
        "target_year = 2030\ntarget_reduction_share = 0.3\n"
    )
    aiming = parse_site({"classroom.toml": toml})
    with TestClient(create_app(replace(context, site=lambda: aiming)), base_url="http://127.0.0.1") as other:
        assert list(other.get("/api/v1/portfolio/targets").json().values()) == [5.0, 2019, 2030, 0.3]


def test_the_service_in_figures(
    client: TestClient, context: ApiContext, letters: Letters, co2: Callable[..., Reading], now: datetime
) -> None:
    context.live.publish([co2("first", 5, 700.0, Flag.LIMITS)])
    before = now - timedelta(minutes=40)
    heard = [Sighting(key, "elsys", before, before, "t", 1, {}) for key in ("first", "nobody's")]
    letters.write("spool", 1, [], heard)

    found = client.get("/api/v1/operations").json()

    assert found["parts"] == [{"name": "broker", "ok": True, "message": "connected"}]
    assert (found["devices"], found["devices_in_trouble"], found["devices_pending"]) == (3, 2, 1)
    assert [(one["device"], one["family"]) for one in found["pending"]] == [("nobody's", "elsys")]
    assert (found["newest_message"], found["newest_message_age_s"]) == ("2026-11-16T08:20:00Z", 2400.0)
    assert (found["dead_letters"], found["dead_letters_by_reason"]) == (0, [])
    assert found["messages_received"] is None  # this process does not ingest
    assert found["live_readers"] == 0

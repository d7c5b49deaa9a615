"""Lessons over the API: a hand-made room whose class and flow are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.context import ApiContext
from classroom.factors import Factor
from classroom.places import Lesson, Station
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from store.base import CHANGED_COLUMNS, VERDICT_COLUMNS
from store.duckdb_store import DuckDBStore

URL = "/api/v1/schools/tagaborg/rooms/a101/lessons"
FRIDAY = date(2026, 11, 13)
MIDNIGHT = datetime(2026, 11, 12, 23, tzinfo=UTC)
BELLS = (("08:00", "09:00"), ("09:20", "10:20"))
RATE = 3.0
EACH = 0.004125e-3 * 295 / 273  # a pupil of 11 to 15 years, m³/s at 22 °C


@pytest.fixture
def taught(site: Site) -> Site:
    """The room's lessons on Fridays with groups of 25, a station, a factor for electric heat."""
    lessons = [
        Lesson(school="tagaborg", room="a101", weekday=5, start=start, end=end, group_size=25)
        for start, end in BELLS
    ]
    factor = Factor(
        id="el", carrier=Carrier.ELECTRICITY, year=2026, g_per_kwh=100, basis="location", covers="direct",
        area="test", source="test",
    )  # fmt: skip
    settings = Settings(site=site.settings.site, factors={"chosen": ("el",)})
    station = Station(key="weather", name="Weather", school="tagaborg")
    return replace(
        site, lessons=lessons, own_factors=[factor], settings=settings, stations=[station], _timetables={}
    )


@pytest.fixture
def rooms(context: ApiContext, taught: Site) -> Iterator[TestClient]:
    with TestClient(
        create_app(replace(context, site=lambda: taught)), base_url="http://127.0.0.1:8000"
    ) as opened:
        yield opened


def fill(store: DuckDBStore, *, airing_1_h: float = 0.0, warm_c: float = 21.0) -> None:
    """Two weeks of nights at 435 ppm, then Friday minute by minute, read every 5 minutes; 5 °C outdoors."""
    minutes = np.arange(24 * 60)
    rate = np.where((minutes >= 360) & (minutes < 1080), RATE, 0.1)
    inside = np.zeros(len(minutes))
    people = 0.94 * 25 * EACH + 0.006075e-3 * 295 / 273
    for first, last in ((480, 540), (560, 620)):
        inside[first:last] = people * 60e6 / 165
    rate[540:560] += airing_1_h
    excess = np.zeros(len(minutes))
    for at in range(1, len(minutes)):
        excess[at] = excess[at - 1] * np.exp(-rate[at] / 60) + inside[at]
    found = [
        Reading("first", quantity, MIDNIGHT + timedelta(minutes=int(at)), value)
        for at in range(0, 1440, 5)
        for quantity, value in (("co2_ppm", 435 + excess[at]), ("temperature_c", warm_c))
    ]
    found += [
        Reading("first", "co2_ppm", MIDNIGHT - timedelta(days=day) + timedelta(hours=hour), 435.0)
        for day in range(1, 14)
        for hour in range(6)
    ]
    found += [
        Reading("weather", "outdoor_temperature_c", MIDNIGHT + timedelta(hours=hour), 5.0)
        for hour in range(-48, 24)
    ]
    store.write_readings(found)
    frame = pd.DataFrame(found, columns=["device", "quantity", "time", "value", "flag"])
    hours = frame.assign(hour=frame["time"].dt.floor("h"))[list(CHANGED_COLUMNS)].drop_duplicates()
    store.write_hours(store.compute_hours(hours, {"first": 300, "weather": 3600}))


def test_each_lesson_with_air_comfort_and_people(rooms: TestClient, store: DuckDBStore) -> None:
    fill(store)
    answer = rooms.get(f"{URL}?date={FRIDAY}").json()
    assert (answer["date"], answer["day_type"], answer["baseline_ppm"]) == ("2026-11-13", "school_day", 435.0)
    first, second = answer["lessons"]
    assert (first["start"], first["end"], first["group_size"]) == (
        "2026-11-13T07:00:00Z", "2026-11-13T08:00:00Z", 25,
    )  # fmt: skip
    for lesson in (first, second):
        assert lesson["co2_coverage"] == 1.0
        assert lesson["air_change_rate_per_h"] == pytest.approx(RATE, rel=0.06)
        assert lesson["air_change_rate_low_per_h"] < RATE < lesson["air_change_rate_high_per_h"]
        assert lesson["airflow_l_s_person"] == pytest.approx(RATE * 165 / 3.6 / 24.5, rel=0.06)
        assert lesson["temperature_mean_c"] == 21.0
        assert (lesson["comfort_share"], lesson["overheating_k_h"], lesson["temperature_category"]) == (
            1,
            0,
            1,
        )
        assert lesson["occupied_share"] > 0.8
        assert lesson["pmv"] is None
    assert first["level"] == "good"
    assert second["level"] == "soon"
    assert answer["airings"] == []


def test_what_the_ventilation_costs_in_heat(rooms: TestClient, store: DuckDBStore) -> None:
    # 3 changes of 165 m³ an hour from 6 to 18 warmed by 16 K, three quarters recovered:
    # 5940 m³ * 1206 J/m³K * 16 K * 0.25 / 3.6e6 = 7.96 kWh; at 100 g a kWh 0.8 kg.
    fill(store)
    setting = rooms.get(f"{URL}?date={FRIDAY}").json()["ventilation"]
    assert setting["heat_kwh"] == pytest.approx(7.96, rel=0.06)
    assert setting["kgco2e"] == pytest.approx(setting["heat_kwh"] * 0.1)
    assert (setting["free"], setting["factor"]) == (None, "el")


def test_an_airing_costs_heat_and_none_in_an_overheated_room(rooms: TestClient, store: DuckDBStore) -> None:
    fill(store, airing_1_h=7.0)
    (airing,) = rooms.get(f"{URL}?date={FRIDAY}").json()["airings"]
    # 385 m³ came in. Near outdoor air the sensor's error hides the rest: what is told is the least.
    assert 250 < airing["extra_m3"] < 385
    assert airing["heat_kwh"] == pytest.approx(airing["extra_m3"] * 1206 * 16 / 3.6e6)
    assert airing["l_s_person"] == pytest.approx(airing["extra_m3"] * 1000 / 900 / 24.5, rel=0.01)


def test_an_overheated_room_buys_no_heat(rooms: TestClient, store: DuckDBStore) -> None:
    fill(store, airing_1_h=7.0, warm_c=25.0)
    (airing,) = rooms.get(f"{URL}?date={FRIDAY}").json()["airings"]
    assert (airing["heat_kwh"], airing["free"], airing["kgco2e"]) == (0.0, "overheated", 0.0)


@pytest.mark.parametrize(("kind", "reason"), [("drift", "drift"), ("stale", "stuck")])
def test_a_sensor_that_is_wrong_gives_no_level(
    rooms: TestClient, store: DuckDBStore, kind: str, reason: str
) -> None:
    fill(store)
    row = ["first", "co2_ppm", MIDNIGHT, MIDNIGHT + timedelta(days=1), kind, ""]
    frame = pd.DataFrame([row], columns=list(VERDICT_COLUMNS))
    store.write_verdicts(
        "first", "co2_ppm", frame.astype({"start": "datetime64[us, UTC]", "end": "datetime64[us, UTC]"})
    )
    for lesson in rooms.get(f"{URL}?date={FRIDAY}").json()["lessons"]:
        assert (lesson["level"], lesson["reason"], lesson["co2_mean_ppm"]) == (None, reason, None)
        assert (lesson["air_change_rate_per_h"], lesson["air_reason"]) == (None, reason)
        assert lesson["temperature_mean_c"] == 21.0


def test_models_of_thermal_comfort_on_request(rooms: TestClient, store: DuckDBStore) -> None:
    fill(store)
    answer = rooms.get(f"{URL}?date={FRIDAY}&thermal=true").json()
    assert -0.7 < answer["lessons"][0]["pmv"] < 0.3
    assert 5 <= answer["lessons"][0]["ppd_pct"] < 20
    # 5 °C outdoors: the adaptive model does not hold.
    assert answer["adaptive"] == {"running_mean_c": 5.0, "comfort_c": None, "low_c": None, "high_c": None}


def test_a_silent_room_says_so_and_today_is_told_so_far(rooms: TestClient) -> None:
    answer = rooms.get(f"{URL}?date={FRIDAY}").json()
    assert [one["reason"] for one in answer["lessons"]] == ["no_readings"] * 2
    assert [one["air_reason"] for one in answer["lessons"]] == ["no_readings"] * 2
    assert (answer["baseline_ppm"], answer["airings"], answer["ventilation"]) == (None, [], None)
    today = rooms.get(URL).json()
    assert (today["date"], today["lessons"], today["until"]) == ("2026-11-16", [], "2026-11-16T09:00:00Z")
    weekend = rooms.get(f"{URL}?date=2026-11-14").json()
    assert (weekend["day_type"], weekend["lessons"]) == ("closed", [])


def test_lessons_as_csv(rooms: TestClient, store: DuckDBStore) -> None:
    fill(store)
    lines = rooms.get(f"{URL}?date={FRIDAY}&format=csv").text.splitlines()
    assert lines[0].startswith(
        "start,end,group_size,people_estimated,occupied_share,level,reason,co2_mean_ppm"
    )
    assert len(lines) == 3
    assert lines[1].startswith("2026-11-13T07:00:00Z,2026-11-13T08:00:00Z,25,,")


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "1800-01-01"])
def test_a_wrong_day_is_refused(rooms: TestClient, day: str) -> None:
    answer = rooms.get(f"{URL}?date={day}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["key"] == "date"


def test_no_such_room_and_rooms_without_a_table(client: TestClient) -> None:
    assert client.get("/api/v1/schools/tagaborg/rooms/nope/lessons").status_code == 404
    answer = client.get("/api/v1/schools/tagaborg/rooms/a102/lessons?date=2026-11-13").json()
    assert len(answer["lessons"]) == 1  # no timetable at all: the school's hours
    assert answer["lessons"][0]["group_size"] is None

"""A room's day as metrics: three weeks of a hand-made room whose flow is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.baseline_days import load_nights, moved_days
from analytics.dirty import Dirty
from analytics.generation import people_of
from analytics.indoor import Figure
from analytics.nights import baseline_on, nights_of, trusted_hours
from analytics.rollups import DeviceSeries
from analytics.room_air import AIR_METRICS, co2_of_day, room_air
from analytics.room_calendar import room_days_of, ventilated_spans
from classroom.metric import Status
from classroom.places import AgeGroup, CalendarRow, Lesson, Room, SchoolAttributes, Ventilation
from classroom.reading import Reading
from classroom.site import Site
from classroom.timetable import day_span
from store.base import CHANGED_COLUMNS, HOUR_COLUMNS, VERDICT_COLUMNS
from store.duckdb_store import DuckDBStore

ZONE = ZoneInfo("Europe/Stockholm")
MONDAY = date(2026, 3, 2)
DAYS = 18
START = day_span(MONDAY, ZONE)[0]
ROOM = Room(
    school="berga", key="a1", name="A1", area_m2=60, volume_m3=170, persons=25,
    age_group=AgeGroup.AGE_6_10, ventilation=Ventilation.FTX,
)  # fmt: skip
RATE = 4.0


def us(time: datetime) -> int:
    return round(time.timestamp() * 1e6)


NOW = us(START + timedelta(days=DAYS))


@pytest.fixture
def room_site(make_site: Callable[..., Site]) -> Site:
    lessons = [
        Lesson(school="berga", room="a1", weekday=day, start=begin, end=end, group_size=25)
        for day in range(1, 6)
        for begin, end in (("08:10", "09:10"), ("09:30", "10:30"), ("12:00", "13:00"))
    ]
    attributes = [
        SchoolAttributes(school="berga", valid_from=date(2020, 1, 1), ventilation_hours="06:00-17:00")
    ]
    return make_site(rooms=[ROOM], lessons=lessons, attributes=attributes)


def made(site: Site, offset_ppm: float = 0.0) -> dict[str, dict[str, DeviceSeries]]:
    """5-minute readings: the class in its lessons, RATE while the fans run on weekdays, else 0.1; 25 °C."""
    minutes = np.arange(DAYS * 24 * 60)
    start_us = us(START)
    inside, rate = np.zeros(len(minutes)), np.full(len(minutes), 0.1)
    people = people_of(ROOM.age_group, 25, None)
    assert people is not None
    for n in range(DAYS):
        day = MONDAY + timedelta(days=n)
        for spans, into, value in (
            (site.timetable("berga").occupied("a1", day), inside, people.co2_m3_s * 6e7 / 170),
            (ventilated_spans(site, "berga", day), rate, RATE),
        ):
            for begin, end in spans:
                into[(us(begin) - start_us) // 60_000_000 : (us(end) - start_us) // 60_000_000] = value
    excess = np.zeros(len(minutes))
    for at in range(1, len(minutes)):
        excess[at] = excess[at - 1] * np.exp(-rate[at] / 60) + inside[at]
    time_us = start_us + minutes[::5].astype(np.int64) * 60_000_000
    return {
        "co2_ppm": {"c1": DeviceSeries(300, time_us, 430 + offset_ppm + excess[::5])},
        "temperature_c": {"c1": DeviceSeries(300, time_us, np.full(len(time_us), 25.0))},
    }


def hours_of(series: DeviceSeries) -> pd.DataFrame:
    hour = pd.to_datetime(series.time_us // 3_600_000_000 * 3_600_000_000, unit="us", utc=True)
    means = pd.Series(series.value).groupby(hour).agg(["mean", "count"]).rename_axis("hour").reset_index()
    return means.assign(device="c1", quantity="co2_ppm")


def figures(site: Site, day: date, now_us: int = NOW, offset_ppm: float = 0.0) -> dict[str, Figure]:
    series = made(site, offset_ppm)
    nights = nights_of(hours_of(series["co2_ppm"]["c1"]), ZONE)
    days = room_days_of(site, ROOM, [day], now_us)
    found = room_air(ROOM, days, now_us, series, nights, [300], site.settings.analytics)
    return {name: values[0] for name, values in found.items()}


WEDNESDAY = MONDAY + timedelta(days=16)


def test_a_school_day_by_mass_balance(room_site: Site) -> None:
    found = figures(room_site, WEDNESDAY)
    rate, person = found["air_change_rate_per_h"], found["airflow_l_s_person"]
    assert rate.value == pytest.approx(RATE, rel=0.05)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < RATE < rate.high
    assert (rate.status, rate.reason, rate.coverage) == (Status.OK, "mass_balance", 1.0)
    assert person.value == pytest.approx(RATE * 170 / 3.6 / 24.5, rel=0.05)
    assert found["airflow_of_requirement"].value == pytest.approx(
        RATE * 170 / 3.6 / (7 * 24.5 + 21), rel=0.05
    )
    shares = [found[f"air_category_{n}_share"].value for n in (1, 2, 3, 4)]
    assert sum(value or 0 for value in shares) == pytest.approx(1)
    assert found["occupied_detected_h"].value == pytest.approx(3, abs=0.7)


def test_the_sensors_own_offset_changes_nothing(room_site: Site) -> None:
    there, here = figures(room_site, WEDNESDAY), figures(room_site, WEDNESDAY, offset_ppm=45)
    assert here["air_change_rate_per_h"].value == pytest.approx(there["air_change_rate_per_h"].value)
    assert here["air_category_1_share"] == there["air_category_1_share"]


def test_degree_hours_by_hand(room_site: Site) -> None:
    # Three lessons of an hour at 25 °C, a kelvin above 24: 3 K·h; 25 °C is category III.
    found = figures(room_site, WEDNESDAY)
    assert found["overheating_k_h"][:3] == (pytest.approx(3.0), pytest.approx(1.0), Status.OK)
    assert found["underheating_k_h"].value == 0
    assert found["temperature_category_2_share"].value == 0


def test_a_day_without_lessons_has_no_flow_and_no_degree_hours(room_site: Site) -> None:
    found = figures(room_site, MONDAY + timedelta(days=13))
    for name in ("air_change_rate_per_h", "overheating_k_h", "air_category_1_share"):
        assert (found[name].value, found[name].reason) == (None, "not_occupied")
    assert found["occupied_detected_h"].value == 0


def test_a_running_day_tells_its_air_when_it_has_ended(room_site: Site) -> None:
    noon = us(day_span(WEDNESDAY, ZONE)[0] + timedelta(hours=12))
    found = figures(room_site, WEDNESDAY, noon)
    assert all(found[name] == Figure(None, 0.0, Status.NO_DATA, "running") for name in AIR_METRICS)
    assert found["overheating_k_h"].value == pytest.approx(2.0)
    assert found["overheating_k_h"].status is Status.PRELIMINARY


def test_the_first_day_of_a_sensor_has_no_baseline(room_site: Site) -> None:
    found = figures(room_site, MONDAY)
    assert (found["air_change_rate_per_h"].value, found["air_change_rate_per_h"].reason) == (
        None,
        "no_baseline",
    )


def test_a_room_without_people_says_why(room_site: Site) -> None:
    series = made(room_site)
    nights = nights_of(hours_of(series["co2_ppm"]["c1"]), ZONE)
    nameless = room_site.lessons[0].model_copy(update={"weekday": 3, "group_size": None, "end": "08:50"})
    site = Site(
        settings=room_site.settings,
        schools=room_site.schools,
        rooms=[ROOM.model_copy(update={"persons": None, "ventilation": Ventilation.VAV})],
        lessons=[nameless],
    )
    days = room_days_of(site, site.rooms[0], [WEDNESDAY], NOW)
    cut = {name: {"c1": DeviceSeries(300, s["c1"].time_us, s["c1"].value)} for name, s in series.items()}
    cut["co2_ppm"]["c1"].value[:] = np.minimum(cut["co2_ppm"]["c1"].value, 500)  # no decay is left
    found = room_air(site.rooms[0], days, NOW, cut, nights, [300], site.settings.analytics)
    assert found["air_change_rate_per_h"][0].reason == "no_people"
    assert found["air_change_rate_per_h"][0].status is Status.INSUFFICIENT


def test_of_two_sensors_the_one_that_reports_more_is_asked_first(room_site: Site) -> None:
    whole = made(room_site)["co2_ppm"]["c1"]
    nights = dict.fromkeys(("c1", "c2"), nights_of(hours_of(whole), ZONE)["c1"])
    rare = DeviceSeries(3_600, whole.time_us[::12], whole.value[::12])
    day = day_span(WEDNESDAY, ZONE)
    assert list(co2_of_day({"c1": rare, "c2": whole}, nights, day)) == ["c2", "c1"]
    assert list(co2_of_day({"c1": rare, "c3": whole}, nights, day)) == ["c1"]


def test_the_baseline_looks_back_a_fortnight_and_no_further() -> None:
    hours = pd.Series(pd.date_range("2026-01-01", periods=24 * 40, freq="h", tz="UTC").as_unit("us"))
    rows = pd.DataFrame({"device": "c1", "hour": hours, "count": 12, "mean": 440.0})
    rows.loc[rows["hour"] < pd.Timestamp("2026-01-10", tz="UTC"), "mean"] = 400.0
    nights = nights_of(rows, ZONE)
    assert baseline_on(nights, "c1", day_span(date(2026, 1, 15), ZONE)) == pytest.approx(400)
    assert baseline_on(nights, "c1", day_span(date(2026, 1, 24), ZONE)) == pytest.approx(440)
    assert baseline_on(nights, "c9", day_span(date(2026, 1, 24), ZONE)) is None


def test_distrusted_hours_are_left_out() -> None:
    hour = pd.to_datetime(["2026-03-02T01:00Z", "2026-03-02T02:00Z", "2026-03-02T03:00Z"])
    rows = pd.DataFrame({"device": "c1", "quantity": "co2_ppm", "hour": hour.as_unit("us"), "mean": 430.0})
    span = [pd.Timestamp("2026-03-02T01:30Z"), pd.Timestamp("2026-03-02T02:00Z")]
    verdicts = pd.DataFrame([["c1", "co2_ppm", *span, "drift", ""]], columns=list(VERDICT_COLUMNS))
    assert trusted_hours(rows, verdicts)["hour"].dt.hour.tolist() == [2, 3]
    for_people = verdicts.assign(verdict="gap")
    assert len(trusted_hours(rows, for_people)) == 3
    assert len(trusted_hours(rows, verdicts.assign(quantity="temperature_c"))) == 3


def test_the_hours_of_the_fans(make_site: Callable[..., Site]) -> None:
    attributes = [
        SchoolAttributes(school="berga", valid_from=date(2020, 1, 1), ventilation_hours="06:00-17:30")
    ]
    evening = CalendarRow(first=MONDAY, last=MONDAY, day_type="hired_evening", hours="18:00-21:00")
    site = make_site(attributes=attributes, calendar=[evening])
    told = [(a.hour, b.hour, b.minute) for a, b in ventilated_spans(site, "berga", MONDAY)]
    assert told == [(5, 16, 30), (17, 20, 0)]  # UTC, an hour behind Stockholm
    assert ventilated_spans(site, "berga", MONDAY + timedelta(days=5)) == []
    assert ventilated_spans(make_site(), "berga", MONDAY) == []


def written(store: DuckDBStore, day: datetime, hour: int, value: float = 431.0) -> None:
    time = day + timedelta(hours=hour, minutes=1)
    store.write_readings([Reading("c1", "co2_ppm", time, value)])
    changed = pd.DataFrame({"device": ["c1"], "hour": [pd.Timestamp(time).floor("h")]})
    store.write_hours(store.compute_hours(changed[list(CHANGED_COLUMNS)], {"c1": 600}))


def test_a_nights_change_moves_the_fortnight_after_it_as_far_as_there_are_readings(
    store: DuckDBStore, site: Site
) -> None:
    for n in (0, 1, 5, 20):
        written(store, START + timedelta(days=n), 11)
    night = {"c1": np.array([us(START + timedelta(hours=2))], dtype=np.int64)}
    now = START + timedelta(days=25)
    moved = moved_days(store, site, night, Dirty(), now)
    assert dict(moved.rooms) == {("berga", "a1"): {MONDAY + timedelta(days=1), MONDAY + timedelta(days=5)}}
    noon = {"c1": np.array([us(START + timedelta(hours=12))], dtype=np.int64)}
    assert not any(moved_days(store, site, noon, Dirty(), now).rooms.values())
    live = moved_days(store, site, night, Dirty(), START + timedelta(hours=3))
    assert not any(live.rooms.values())


def test_nights_are_loaded_for_days_that_have_ended(store: DuckDBStore, site: Site) -> None:
    written(store, START, 2)
    written(store, START, 12)
    rooms = {"a1": [MONDAY]}
    found = load_nights(store, site, "berga", rooms, START + timedelta(days=1))
    assert [len(values) for values in found["c1"]] == [1, 1]
    assert load_nights(store, site, "berga", rooms, START + timedelta(hours=23)) == {}
    assert set(HOUR_COLUMNS) >= {"count", "mean", "hour"}

"""A school's profile metrics by the job: 6 kW day and night, so 144 kWh a day, and what follows by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics import jobs
from analytics.periods import aggregate
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import CalendarRow, Lesson, SchoolAttributes
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from store.duckdb_store import DuckDBStore

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March, 00:00 in Stockholm
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = START + 30 * DAY
SIZE = SchoolAttributes(school="berga", valid_from=date(2020, 1, 1), atemp_m2=1_000, pupils=48)

MakeSite = Callable[..., Site]
MakeRegister = Callable[..., list[Reading]]


def days(store: DuckDBStore, name: str) -> dict[int, Metric]:
    """A school metric of electricity by day of March 2026."""
    zone = ZoneInfo("Europe/Stockholm")
    found = store.read_metrics("berga", Scope.SCHOOL, "berga", Interval.DAY, START, NOW, name)
    return {m.time.astimezone(zone).day: m for m in found if m.carrier is Carrier.ELECTRICITY}


def values(store: DuckDBStore, name: str, *numbers: int) -> list[float | None]:
    found = days(store, name)
    return [found[number].value if number in found else None for number in numbers]


@pytest.fixture
def week(store: DuckDBStore, make_register: MakeRegister) -> DuckDBStore:
    """Monday 2 to Sunday 8 March, and an hour of the Monday after."""
    store.write_readings(make_register("m-el", "energy_kwh", START - HOUR, 7 * 24 + 2))
    return store


def test_a_school_day_a_weekend_and_their_sums(week: DuckDBStore, make_site: MakeSite) -> None:
    site = make_site(attributes=[SIZE])
    jobs.run(week, site, NOW)
    # School hours 08:00-15:00 leave 17 of 24 hours.
    assert values(week, "out_of_hours_kwh", 2, 7) == pytest.approx([102, 144])
    assert values(week, "base_load_kw", 2, 7) == pytest.approx([6, 6])
    assert values(week, "peak_kw", 2, 7) == pytest.approx([6, 6])
    assert values(week, "energy_per_m2_kwh", 2) == pytest.approx([0.144])
    assert values(week, "energy_per_pupil_kwh", 2) == pytest.approx([3.0])
    assert values(week, "weekend_kwh", 6, 7, 8) == [None, pytest.approx(144), pytest.approx(144)]
    assert days(week, "peak_kw")[2].unit == "kW"
    assert days(week, "energy_per_m2_kwh")[2].unit == "kWh/m2"
    stored = week.read_metrics("berga", Scope.SCHOOL, "berga", Interval.DAY, START, START + 7 * DAY)
    sums = {m.metric: m for m in aggregate(stored, Interval.WEEK, site.zone)}
    assert sums["out_of_hours_kwh"].value == pytest.approx(5 * 102 + 2 * 144)
    assert sums["weekend_kwh"].value == pytest.approx(288)
    assert (sums["weekend_kwh"].coverage, sums["weekend_kwh"].status) == (pytest.approx(1.0), Status.OK)
    assert sums["energy_per_m2_kwh"].value == pytest.approx(7 * 0.144)
    assert (sums["peak_kw"].value, sums["base_load_kw"].value) == (pytest.approx(6), pytest.approx(6))
    assert "lov_kwh" not in sums


def test_the_day_opens_with_the_first_lesson_and_hired_evenings_are_open(
    week: DuckDBStore, make_site: MakeSite
) -> None:
    lesson = Lesson(school="berga", room="a1", weekday=1, start="07:30", end="08:30")
    late = Lesson(school="berga", room="a2", weekday=1, start="15:20", end="16:00")
    hired = CalendarRow(
        first=date(2026, 3, 7), last=date(2026, 3, 7), day_type="hired_evening", hours="18:00-21:00"
    )
    jobs.run(week, make_site(lessons=[lesson, late], calendar=[hired]), NOW)
    # 07:30-16:00, the break at 15:00 included, leaves 15.5 hours; the hired Saturday 21.
    assert values(week, "out_of_hours_kwh", 2, 7) == pytest.approx([93, 126])


def test_lov_and_closed_days_have_their_own_sums(week: DuckDBStore, make_site: MakeSite) -> None:
    calendar = [
        CalendarRow(first=date(2026, 3, 3), last=date(2026, 3, 7), day_type="lov"),
        CalendarRow(first=date(2026, 3, 6), last=date(2026, 3, 6), day_type="closed"),
    ]
    jobs.run(week, make_site(calendar=calendar), NOW)
    assert values(week, "lov_kwh", 2, 3, 4, 5, 6, 7) == [None, *[pytest.approx(144)] * 3, None, None]
    assert values(week, "closed_day_kwh", 5, 6, 7) == [None, pytest.approx(144), None]
    assert values(week, "weekend_kwh", 7) == [pytest.approx(144)]  # a Saturday of lov is a Saturday
    # Fritids keeps the school's hours on lov; a closed day is out of hours whole.
    assert values(week, "out_of_hours_kwh", 3, 6) == pytest.approx([102, 144])


def test_without_area_or_pupils_the_figure_is_null_with_the_reason(
    week: DuckDBStore, make_site: MakeSite
) -> None:
    site = make_site()
    jobs.run(week, site, NOW)
    day = days(week, "energy_per_m2_kwh")[2]
    assert (day.value, day.status, day.reason) == (None, Status.INSUFFICIENT, "no_area")
    stored = week.read_metrics("berga", Scope.SCHOOL, "berga", Interval.DAY, START, START + 7 * DAY)
    sums = {m.metric: m for m in aggregate(stored, Interval.WEEK, site.zone)}
    pupils = sums["energy_per_pupil_kwh"]
    assert (pupils.value, pupils.status) == (None, Status.INSUFFICIENT)
    assert (pupils.reason or "").startswith("no_pupils")


def test_energy_known_over_a_night_is_in_the_week_per_square_metre(
    store: DuckDBStore, make_site: MakeSite, make_register: MakeRegister
) -> None:
    readings = make_register("m-el", "energy_kwh", START - HOUR, 7 * 24 + 2)
    gap = START + 20 * HOUR, START + 30 * HOUR
    store.write_readings([r for r in readings if not gap[0] <= r.time < gap[1]])
    site = make_site(attributes=[SIZE])
    jobs.run(store, site, NOW)
    stored = store.read_metrics("berga", Scope.SCHOOL, "berga", Interval.DAY, START, START + 7 * DAY)
    sums = {m.metric: m.value for m in aggregate(stored, Interval.WEEK, site.zone)}
    assert sums["energy_kwh"] == pytest.approx(7 * 144)
    assert sums["energy_per_m2_kwh"] == pytest.approx(7 * 0.144)
    assert sums["out_of_hours_kwh"] == pytest.approx(5 * 102 + 2 * 144 - 61)  # 19:50-06:00


@pytest.mark.parametrize(
    ("changes", "dirty"),
    [
        ({"attributes": [SIZE, SIZE.model_copy(update={"valid_from": date(2026, 3, 5), "pupils": 50})]}, 5),
        ({"calendar": [CalendarRow(first=date(2026, 3, 4), last=date(2026, 3, 5), day_type="lov")]}, 2),
        ({"lessons": [Lesson(school="berga", room="a1", weekday=3, start="07:00", end="08:30")]}, 1),
        ({"lessons": [Lesson(school="berga", room="a1", weekday=3, start="10:00", end="11:00")]}, 0),
    ],
)
def test_area_term_dates_and_lessons_make_exactly_their_days_dirty(
    week: DuckDBStore, make_site: MakeSite, changes: dict[str, Any], dirty: int
) -> None:
    before: dict[str, Any] = {"attributes": [SIZE], "calendar": (), "lessons": ()}
    jobs.run(week, make_site(**before), NOW)
    report = jobs.run(week, make_site(**{**before, **changes}), NOW)
    assert report.school_days == dirty + 1  # and the running day


def test_days_of_a_version_without_profile_get_one(
    week: DuckDBStore, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr("analytics.batch.profile_metrics", lambda *_: [])
        old.setattr("analytics.markers.school_inputs", lambda *_: "of another version")
        jobs.run(week, site, NOW)
    assert days(week, "peak_kw") == {}
    jobs.run(week, site, NOW)
    assert values(week, "peak_kw", 2, 8) == pytest.approx([6, 6])


def test_a_running_day_is_preliminary(
    store: DuckDBStore, make_site: MakeSite, make_register: MakeRegister
) -> None:
    store.write_readings(make_register("m-el", "energy_kwh", START - HOUR, 11))
    jobs.run(store, make_site(attributes=[SIZE], settings=Settings()), START + 10 * HOUR)
    day = days(store, "out_of_hours_kwh")[2]
    assert (day.status, day.reason) == (Status.PRELIMINARY, "running")
    assert day.value == pytest.approx(8 * 6)  # 00:00 to 08:00
    assert days(store, "peak_kw")[2].status is Status.PRELIMINARY

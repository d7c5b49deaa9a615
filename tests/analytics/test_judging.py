"""Verdicts of the job: made, unmade by what comes late, and always as if everything had come at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from job_runs import ALWAYS, everything, fresh

from analytics import jobs, judging
from analytics.baselines import DriftPart
from analytics.submitting import here
from analytics.verdicts import DISTRUSTED
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import CalendarRow, Device, Room, School
from classroom.quantity import Domain
from classroom.reading import Flag, Reading
from classroom.site import Site
from store.base import StoreError
from store.duckdb_store import DuckDBStore

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March, 00:00 in Stockholm
WINTER = datetime(2026, 1, 11, 23, tzinfo=UTC)  # a Monday with eleven weeks of normal time after it
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

MakeSite = Callable[..., Site]


def co2(start: datetime, hours: float, value: Callable[[int], float], device: str = "c1") -> list[Reading]:
    """CO2 every 10 minutes; ``value`` by number of the reading."""
    return [Reading(device, "co2_ppm", start + n * 10 * MINUTE, value(n)) for n in range(round(hours * 6))]


def moving(n: int) -> float:
    """An empty room: no more than what may be outdoor air."""
    return 480.0 + n % 7


def verdicts(store: DuckDBStore, *kinds: str, device: str = "c1") -> list[tuple[str, float, float, str]]:
    """Kind, start and end [h after START] and detail of a device's verdicts."""
    rows = store.read_verdicts([device], *ALWAYS)
    return [
        (kind, (start - START) / HOUR, (end - START) / HOUR, detail)
        for kind, start, end, detail in zip(
            rows["verdict"], rows["start"], rows["end"], rows["detail"], strict=True
        )
        if kind in kinds or not kinds
    ]


def means(store: DuckDBStore) -> list[tuple[float | None, float]]:
    """CO2 means of days and their coverage."""
    found = store.read_metrics("berga", Scope.ROOM, "a1", Interval.DAY, *ALWAYS, "co2_mean_ppm")
    return [(m.value, m.coverage) for m in found if m.status is not Status.NO_DATA]


def test_a_stuck_sensor_is_seen_on_the_next_day_and_reaches_back(store: DuckDBStore, site: Site) -> None:
    store.write_readings([*co2(START, 10, moving), *co2(START + 10 * HOUR, 11, lambda _: 640.0)])
    jobs.run(store, site, START + DAY)
    assert verdicts(store, "stale") == []
    assert means(store)[0][1] == 1.0
    store.write_readings(co2(START + 21 * HOUR, 7, lambda _: 640.0))
    report = jobs.run(store, site, START + 30 * HOUR)
    assert verdicts(store, "stale") == [("stale", 10.0, 28.0, "stuck at 640")]
    (value, coverage), *_ = means(store)
    assert value is None  # 08:00 to 10:00 is too little of the day
    assert coverage == pytest.approx(2 / 7)
    assert report.room_days == 3  # yesterday in a1, and the running day of two rooms
    again = jobs.run(store, site, START + 30 * HOUR)
    assert (again.hours, again.room_days) == (0, 2)


def test_a_late_reading_that_moves_unmakes_the_verdict(store: DuckDBStore, site: Site) -> None:
    store.write_readings(co2(START, 48, lambda n: 640.0 if 60 <= n < 140 else moving(n)))
    now = START + 5 * DAY
    jobs.run(store, site, now)
    # The last equal reading is at 23:10; of an hour that moves the first is told.
    assert [row[:3] for row in verdicts(store, "stale")] == [("stale", 10.0, pytest.approx(23 + 1 / 6))]
    assert means(store)[0][1] == pytest.approx(2 / 7)
    store.write_readings([Reading("c1", "co2_ppm", START + 16 * HOUR + 5 * MINUTE, 655.0)])
    report = jobs.run(store, site, now)
    assert verdicts(store, "stale") == []
    assert means(store)[0][1] == 1.0
    # That day, the next one (of whose baseline the evening is a part), and the running day of two rooms.
    assert report.room_days == 4
    assert jobs.run(store, site, now).room_days == 2


def test_a_spike_leaves_the_mean_and_its_day_is_done_once(store: DuckDBStore, site: Site) -> None:
    store.write_readings(co2(START, 24, lambda n: 3_000.0 if n == 60 else moving(n)))
    report = jobs.run(store, site, START + 5 * DAY)
    assert [row[:3] for row in verdicts(store)] == [("spike", 10.0, pytest.approx(10 + 1 / 6))]
    ((value, coverage),) = means(store)
    assert value == pytest.approx(sum(moving(n) for n in range(48, 90) if n != 60) / 41)
    assert coverage == pytest.approx(41 / 42)
    assert report.room_days == 3
    assert store.changed(jobs.METRICS).hours.empty  # nothing is left for the next run


def test_killed_before_a_verdict_is_written_the_next_run_finds_it_again(
    store: DuckDBStore, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_readings(co2(START, 24, moving))
    now = START + 5 * DAY
    jobs.run(store, site, now)
    store.write_readings([Reading("c1", "co2_ppm", START + 10 * HOUR + 5 * MINUTE, 3_000.0)])

    def failing(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(store, "write_verdicts", failing)
    with pytest.raises(StoreError):
        jobs.run(store, site, now)
    monkeypatch.undo()
    jobs.run(store, site, now)
    assert [row[0] for row in verdicts(store)] == ["spike"]
    assert means(store)[0][0] == pytest.approx(sum(moving(n) for n in range(48, 90)) / 42, abs=0.2)


def test_a_gap_is_told_when_it_ends_and_divided_by_what_comes_late(store: DuckDBStore, site: Site) -> None:
    store.write_readings([*co2(START, 10, moving), *co2(START + 9 * DAY, 10, moving)])
    now = START + 20 * DAY
    jobs.run(store, site, now)
    assert verdicts(store, "gap") == [("gap", 10.0, 9 * 24.0, "no reading")]
    store.write_readings(co2(START + 5 * DAY, 1, moving))
    jobs.run(store, site, now)
    assert verdicts(store, "gap") == [
        ("gap", 10.0, 5 * 24.0, "no reading"),
        ("gap", 5 * 24.0 + 1, 9 * 24.0, "no reading"),
    ]
    assert jobs.run(store, site, now).room_days == 2  # a gap takes no reading out


def test_a_wrong_clock_is_one_stretch_for_people(store: DuckDBStore, site: Site) -> None:
    wrong = [r._replace(flag=int(Flag.CLOCK)) for r in co2(START + 10 * HOUR, 30, moving)]
    for part in (co2(START, 10, moving), wrong[:50], wrong[50:], co2(START + 40 * HOUR, 2, moving)):
        store.write_readings(part)
        jobs.run(store, site, START + 2 * DAY)
    assert verdicts(store) == [("clock", 10.0, 40.0, "by receive time")]


def test_a_drifted_sensor_is_distrusted_until_it_is_mended(store: DuckDBStore, site: Site) -> None:
    def level(n: int) -> float:
        bad = 42 * 144 <= n < 52 * 144
        return (700.0 if bad else 435.0) + 60 * (n % 144 > 48) * (n % 7) / 6

    store.write_readings(co2(WINTER, 24 * 44, level))
    jobs.run(store, site, WINTER + 44 * DAY + HOUR)
    (row,) = verdicts(store, "drift")
    assert START + row[1] * HOUR == WINTER + 42 * DAY
    assert START + row[2] * HOUR == WINTER + 45 * DAY  # it goes on through the running day
    assert row[3] == "baseline above outdoor air"
    store.write_readings(co2(WINTER, 24 * 56, level)[44 * 144 :])
    jobs.run(store, site, WINTER + 56 * DAY + HOUR)
    (row,) = verdicts(store, "drift")
    assert (row[2] - row[1]) == 10 * 24  # the first good day is level: it needs no other beside it
    assert jobs.run(store, site, WINTER + 56 * DAY + HOUR, full=True).room_days > 0
    assert verdicts(store, "drift") == [row]


def test_a_part_of_sensors_carries_their_schools_and_no_others(
    store: DuckDBStore, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ("berga", "norra", "sodra")
    site = make_site(
        schools=[School(key=key, name=key) for key in keys],
        rooms=[Room(school=key, key="a1", name="A1") for key in keys],
        meters=(),
        devices=[
            Device(key="c3", school="berga", room="a1"),
            Device(key="c1", school="norra", room="a1", valid_to=START),
            Device(key="c1", school="sodra", room="a1", valid_from=START),
        ],
    )
    for device in ("c1", "c3"):
        store.write_readings(co2(START, 30, moving, device))
    monkeypatch.setattr(judging, "_SENSORS_A_PART", 1)
    carried: list[list[str]] = []

    def compute(function: Callable[..., Any], *args: Any) -> Future[Any]:
        carried.extend(sorted(part.site.school_by_key) for part in args if isinstance(part, DriftPart))
        return here(function, *args)

    jobs.run(store, site, START + 30 * HOUR, compute=compute)
    assert carried == [["berga"], ["norra", "sodra"]]


def test_a_sensor_drifted_below_what_ingest_takes_has_drifted(store: DuckDBStore, site: Site) -> None:
    def flagged(r: Reading) -> Reading:  # its nights are below 350 ppm, which ingest flags
        return r._replace(flag=int(Flag.LIMITS) if r.value < 350 else 0)

    def level(n: int) -> float:
        return (335.0 if n >= 42 * 144 else 435.0) + 200 * (n % 144 > 48) * (n % 7) / 6

    zeros = [r._replace(value=0.0, flag=int(Flag.LIMITS)) for r in co2(WINTER + 20 * DAY, 60, level)]
    store.write_readings([flagged(r) for r in co2(WINTER, 24 * 45, level)])
    store.write_readings([r._replace(device="c2") for r in [*co2(WINTER, 24 * 45, moving), *zeros]])
    jobs.run(store, site, WINTER + 45 * DAY + HOUR)
    (row,) = verdicts(store, "drift")
    assert START + row[1] * HOUR == WINTER + 42 * DAY
    assert row[3] == "baseline below outdoor air"
    assert "baseline below outdoor air" not in [row[3] for row in verdicts(store, device="c2")]  # no answer


def test_a_new_calendar_judges_drift_anew(store: DuckDBStore, make_site: MakeSite) -> None:
    def level(n: int) -> float:  # one week in which the nights hold nothing, as if the sensor read 90 less
        closed = 42 * 144 <= n < 49 * 144
        night = 0 if n // 144 % 7 in (0, 5, 6) or closed else 90
        return 440.0 + night + n % 5 + 200 * (n % 144 > 100)

    store.write_readings(co2(WINTER, 24 * 56, level))
    now = WINTER + 57 * DAY
    jobs.run(store, make_site(), now)
    assert [row[3] for row in verdicts(store, "drift")] == ["baseline has jumped"]
    off = [CalendarRow(first=date(2026, 2, 23), last=date(2026, 3, 1), day_type="closed")]
    jobs.run(store, make_site(calendar=off), now)
    assert verdicts(store, "drift") == []


def test_registers_tell_resets_rollovers_and_swaps(store: DuckDBStore, site: Site) -> None:
    def value(n: int) -> float:
        if n < 10:
            return 9_990.0 + n
        if n < 20:
            return float(n - 10)  # 9999 to 0: a rollover
        if n < 30:
            return float(n - 20)  # 9 to 0: a reset
        return 60_000.0 + n  # another meter

    times = [START + n * HOUR for n in range(40)]
    store.write_readings([Reading("m-el", "energy_kwh", time, value(n)) for n, time in enumerate(times)])
    jobs.run(store, site, START + 5 * DAY)
    assert [(kind, start, detail) for kind, start, _, detail in verdicts(store, device="m-el")] == [
        ("rollover", 10.0, "9999 to 0"),
        ("reset", 20.0, "9 to 0"),
        ("swap", 30.0, "9 to 60030"),
    ]
    assert jobs.run(store, site, START + 5 * DAY).school_days == 1  # people are told, nothing is distrusted


def test_days_whose_readings_were_deleted_keep_their_spikes(store: DuckDBStore, site: Site) -> None:
    store.write_readings(co2(START, 48, lambda n: 3_000.0 if n in (60, 204) else moving(n)))
    now = START + 5 * DAY
    jobs.run(store, site, now)
    there = verdicts(store, "spike")
    assert len(there) == 2
    store.delete_before(Domain.INDOOR, readings=START + DAY)
    jobs.run(store, site, now, full=True)
    assert verdicts(store, "spike") == there


# Property


SERIES = (("c1", "co2_ppm"), ("c1", "temperature_c"), ("c2", "co2_ppm"), ("m-el", "energy_kwh"))
SLOT = 30 * MINUTE
SLOTS = 8 * 48


def series(random: Random, device: str, quantity: str) -> list[Reading]:
    """Eight days of half hours: stuck stretches, silences, spikes, wrong clocks, falls, a shifted level."""
    shifted = random.randrange(SLOTS)
    shift = random.choice([0, 0, 160, -80])
    stuck = {
        n
        for _ in range(random.randrange(4))
        for first in (random.randrange(SLOTS),)
        for n in range(first, first + random.choice([20, 24, 26, 50, 90]))
    }
    silent = {
        n
        for _ in range(random.randrange(4))
        for first in (random.randrange(SLOTS),)
        for n in range(first, first + random.choice([1, 4, 5, 30, 100]))
    }
    total, found = random.choice([0.0, 9_900.0]), []
    for n in range(SLOTS):
        total = 0.0 if random.random() < 0.01 else total + 3
        base = 430 + (shift if n > shifted else 0) + (300 if 16 <= n % 48 < 32 else 0)
        value = base + n % 5 if quantity == "co2_ppm" else 20 + n % 5
        value = 640.0 if n in stuck else value
        value = total if device.startswith("m-") else value
        flag = int(random.choice([Flag.CLOCK, Flag.LIMITS])) if random.random() < 0.02 else 0
        if n not in silent:
            found.append(Reading(device, quantity, START + n * SLOT, value, flag))
    for _ in range(random.randrange(4)):  # breaths on the sensor, between two half hours
        time = START + random.randrange(SLOTS) * SLOT
        found += [Reading(device, quantity, time + m * MINUTE, v) for m, v in ((5, 5_000), (10, 620))]
    return found


def state(store: DuckDBStore) -> tuple[dict[tuple[object, ...], Metric], list[tuple[object, ...]]]:
    """All metrics that say something, and all verdicts."""
    rows = store.read_verdicts(["c1", "c2", "m-el"], *ALWAYS)
    return everything(store), [tuple(row) for row in rows.itertuples(index=False)]


def pieces(random: Random, readings: Sequence[Reading]) -> list[list[Reading]]:
    """The readings in pieces: most in order, some late, some single."""
    found: list[list[Reading]] = []
    rest = list(readings)
    while rest:
        count = random.choice([3, 48, 96, 200])
        found.append(rest[:count])
        rest = rest[count:]
    for _ in range(random.randrange(6)):
        a, b = random.randrange(len(found)), random.randrange(len(found))
        found[a], found[b] = found[b], found[a]
    return found


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_verdicts_bit_by_bit_equal_those_at_once(make_site: MakeSite, seed: int) -> None:
    random = Random(seed)
    rows = {"c1": {"room": "a1"}, "c2": {"room": "a2"}, "m-el": {"meter": "el"}}
    devices = [Device(key=key, school="berga", interval_s=1800, **row) for key, row in rows.items()]
    site = make_site(devices=devices)
    batches = [piece for one in SERIES for piece in pieces(random, series(random, *one))]
    random.shuffle(batches)
    now = START + random.randrange(100, 200) * HOUR
    with fresh() as bit_by_bit, fresh() as at_once:
        clock = now - random.choice([0, 30, 60]) * HOUR
        for n, batch in enumerate(batches):
            bit_by_bit.write_readings(batch)
            at_once.write_readings(batch)
            if random.random() < 0.15 or n == len(batches) - 2:
                jobs.run(bit_by_bit, site, min(clock, now))
                clock += random.choice([0, 1, 30]) * HOUR
        jobs.run(bit_by_bit, site, now)
        jobs.run(at_once, site, now, full=True)
        there, here = state(at_once), state(bit_by_bit)
        assert here[1] == there[1]
        other = [key for key in here[0] | there[0] if here[0].get(key) != there[0].get(key)]
        assert [(here[0].get(key), there[0].get(key)) for key in other] == []
        assert any(row[4] in DISTRUSTED for row in there[1]) or seed
        assert jobs.run(bit_by_bit, site, now).room_days <= 2
        jobs.run(bit_by_bit, site, now, full=True)
        assert state(bit_by_bit) == here

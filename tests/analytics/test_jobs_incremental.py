"""Whatever is delivered in whatever order, a run at a time: incremental equals full, value for value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from job_runs import everything, fresh

from analytics import fingerprint, jobs
from analytics.catalog import CATALOG
from analytics.quality import STALE_H
from classroom.places import CalendarRow, Device, Lesson, SchoolAttributes
from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from store.duckdb_store import DuckDBStore

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March, 00:00 in Stockholm
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

MakeSite = Callable[..., Site]


def _devices(**changes: dict[str, Any]) -> list[Device]:
    rows: dict[str, dict[str, Any]] = {
        "c1": {"room": "a1", "interval_s": 1800},
        "c2": {"room": "a2", "interval_s": 1800},
        "m-el": {"meter": "el", "interval_s": 1800},
        "m-heat": {"meter": "heat", "interval_s": 1800},
    }
    return [Device(key=key, school="berga", **{**row, **changes.get(key, {})}) for key, row in rows.items()]


VARIANTS: list[dict[str, Any]] = [
    {"devices": _devices()},
    {"devices": _devices(c1={"room": "a2"})},
    {"devices": _devices(c1={"valid_from": START + 1.4 * DAY}, **{"m-el": {"valid_to": START + 2.3 * DAY}})},
    {"devices": _devices(**{"m-el": {"meter": "heat"}, "m-heat": {"meter": "el", "scale": 2.0}})},
    {"devices": _devices(c2={"interval_s": 900}, **{"m-el": {"interval_s": 3600}})},
    {
        "devices": _devices(),
        "settings": Settings(
            analytics={"co2_limit_ppm": 900}, factors={"chosen": ("se-el-ei-residual-2023",)}
        ),
        "calendar": [CalendarRow(first=date(2026, 3, 3), last=date(2026, 3, 4), day_type="closed")],
        "lessons": [Lesson(school="berga", room="a1", weekday=4, start="09:00", end="11:20")],
    },
    *(
        {
            "devices": _devices(),
            "calendar": [CalendarRow(first=date(2026, 1, 8), last=term_ends, day_type="term")],
            "attributes": [
                SchoolAttributes(school="berga", valid_from=date(2026, 3, 4), atemp_m2=4_000, pupils=300)
            ],
        }
        for term_ends in (date(2026, 3, 3), date(2026, 3, 4))
    ),
]

SERIES = (
    ("c1", "co2_ppm"),
    ("c1", "temperature_c"),
    ("c2", "co2_ppm"),
    ("m-el", "energy_kwh"),
    ("m-heat", "heat_kwh"),
)
SLOTS = 4 * 48  # four days of half hours


def deliveries(random: Random) -> list[list[Reading]]:
    """Four days of five series: with gaps, resets, glitches and flags, cut up and delivered in any order."""
    pieces: list[list[Reading]] = []
    for device, quantity in SERIES:
        missing: set[int] = set()
        for _ in range(random.randrange(4)):
            first = random.randrange(SLOTS)
            missing |= set(range(first, first + random.choice([1, 3, 7, 30, 70])))
        resets = {random.randrange(SLOTS) for _ in range(random.randrange(3))}
        value, readings = random.choice([0.0, 500.0, 99_700.0]), []
        for n in range(SLOTS):
            value = 0.0 if n in resets else value + 3 + n % 5
            if n not in missing:
                gauge = (20 if quantity == "temperature_c" else 430) + n % 9 * 50
                shown = value if device.startswith("m-") else gauge
                readings.append(Reading(device, quantity, _slot(n), shown))
        cuts = sorted(random.randrange(len(readings)) for _ in range(random.randrange(4)))
        pieces += [readings[a:b] for a, b in pairwise([0, *cuts, len(readings)]) if a < b]
        pieces += [readings[n : n + 1] for n in random.sample(range(len(readings)), 2)]  # once more
    random.shuffle(pieces)
    late = []
    for _ in range(random.randrange(12)):  # single readings afterwards, half of them around a midnight
        n = random.choice([random.randrange(SLOTS), 48 * random.randrange(1, 4) + random.randrange(-3, 3)])
        time = _slot(n) + random.choice([0, 500]) * timedelta(seconds=1)
        value = random.choice([0.0, 400.0, 1_100.0, 9_999.0])
        late.append(Reading(*random.choice(SERIES), time, value, random.choice([0, 0, 1])))
    return [*pieces, late] if late else pieces


def _slot(n: int) -> datetime:
    return START + n * HOUR / 2 + timedelta(seconds=7)


METHODS = ("INDOOR", "COMFORT", "VENTILATION", "REGISTERS", "EMISSIONS", "PROFILE", "VERDICTS")


@contextmanager
def other_method(name: str | None) -> Iterator[None]:
    """As if a release made the metrics of a method, or the verdicts, in another way."""
    with pytest.MonkeyPatch.context() as patch:
        if name is not None:
            old = getattr(fingerprint, name)
            patch.setattr(fingerprint, name, old + "x")
            for metric, entry in CATALOG.items():
                if entry.method == old:
                    patch.setitem(CATALOG, metric, entry._replace(method=old + "x"))
        if name == "VERDICTS":
            patch.setitem(STALE_H, "co2_ppm", 6.0)
        yield


def verdicts(store: DuckDBStore) -> list[tuple[object, ...]]:
    devices = ["c1", "c2", "m-el", "m-heat"]
    found = store.read_verdicts(devices, START - 90 * DAY, START + 90 * DAY)
    return [tuple(row) for row in found.itertuples(index=False)]


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
@example(seed=164)  # a rollover that only later readings made likely
def test_incremental_equals_full_value_for_value(make_site: MakeSite, seed: int) -> None:
    random = Random(seed)
    batches = deliveries(random)
    last, method = random.choice(VARIANTS), random.choice([None, None, *METHODS])
    now = START + random.randrange(20, 110) * HOUR
    with fresh() as bit_by_bit, fresh() as at_once:
        at_once.write_readings([reading for batch in batches for reading in batch])
        clock = now - random.choice([0, 0, 0, 30, 60]) * HOUR
        for n, batch in enumerate(batches):
            bit_by_bit.write_readings(batch)
            if random.random() < 0.15 or n == len(batches) - 2:
                site = make_site(**(random.choice(VARIANTS) if random.random() < 0.4 else last))
                with other_method(random.choice([None, method, random.choice(METHODS)])):
                    jobs.run(bit_by_bit, site, min(clock, now))
                clock += random.choice([0, 1, 30]) * HOUR
        with other_method(method):
            site = make_site(**last)
            jobs.run(bit_by_bit, site, now)
            jobs.run(at_once, site, now, full=True)
            there, here = everything(at_once), everything(bit_by_bit)
            other = [key for key in here | there if here.get(key) != there.get(key)]
            assert [(here.get(key), there.get(key)) for key in other] == []
            assert verdicts(bit_by_bit) == verdicts(at_once)
            jobs.run(bit_by_bit, site, now, full=True)
            assert everything(bit_by_bit) == here

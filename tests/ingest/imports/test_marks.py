"""Marks of estimated values, on every kind of store: set, asked for and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from classroom.reading import Reading
from ingest.imports.writing import in_store, marks
from store.base import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def of_hour(hours: float, value: float = 2.0, device: str = "m") -> Reading:
    return Reading(device, "energy_of_hour_kwh", NOON + hours * timedelta(hours=1), value)


def mark(hours: float, value: float, device: str = "m") -> Reading:
    return of_hour(hours, value, device)._replace(quantity="energy_of_hour_estimated")


def test_only_what_was_marked_is_said_to_be_measured_after_all(reopen: Callable[[], Store]) -> None:
    store = reopen()
    temperature = Reading("m", "temperature_c", NOON, 20.0)  # has no mark
    first = [(of_hour(0), False), (of_hour(1), True), (of_hour(2), True), (temperature, True)]
    told = marks(first, in_store(store))
    assert told == [mark(1, 1.0), mark(2, 1.0)]
    store.write_readings([*(reading for reading, _ in first), *told])
    store = reopen()
    later = [(of_hour(n), False) for n in (0, 1, 3)] + [(of_hour(2), True), (of_hour(1, device="n"), False)]
    told = marks(later, in_store(store))
    assert told == [mark(1, 0.0), mark(2, 1.0)]
    written = store.write_readings(told)
    assert (written.conflicts, written.duplicates) == (1, 1)
    kept = store.read_readings(["m", "n"], ["energy_of_hour_estimated"], *ALWAYS)
    assert [(row.device, row.time, row.value) for row in kept.itertuples()] == [
        ("m", NOON + timedelta(hours=1), 0.0),
        ("m", NOON + timedelta(hours=2), 1.0),
    ]

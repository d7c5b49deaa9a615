"""Outdoor temperature of a station, under either name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from analytics.outdoor import outdoor_hours
from classroom.reading import Reading
from store.base import CHANGED_COLUMNS
from store.duckdb_store import DuckDBStore

START = datetime(2026, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rolled_up(store: DuckDBStore, readings: list[Reading]) -> None:
    """Store readings and their hours."""
    store.write_readings(readings)
    changed = store.changed("test").hours
    store.write_hours(store.compute_hours(pd.DataFrame(changed, columns=[*CHANGED_COLUMNS]), {}))


def test_a_sensor_of_ones_own_says_temperature_and_it_is_outdoors(store: DuckDBStore) -> None:
    readings = [Reading("roof", "temperature_c", START + n * HOUR, -3.0 - n) for n in range(3)]
    readings.append(Reading("roof", "outdoor_temperature_c", START + HOUR, -10.0))
    readings.append(Reading("other", "outdoor_temperature_c", START, 8.0))
    rolled_up(store, readings)
    hours = outdoor_hours(store, "roof", START, START + 3 * HOUR)
    assert hours["mean"].tolist() == [-3.0, -10.0, -5.0]
    assert hours["hour"].tolist() == [START, START + HOUR, START + 2 * HOUR]
    assert outdoor_hours(store, "roof", START + 3 * HOUR, START + 9 * HOUR).empty


def test_an_hour_of_flagged_values_falls_back_on_the_other_name(store: DuckDBStore) -> None:
    flagged = Reading("roof", "outdoor_temperature_c", START, 85.0, 1)
    rolled_up(store, [flagged, Reading("roof", "temperature_c", START, 2.5)])
    assert outdoor_hours(store, "roof", START, START + HOUR)["mean"].tolist() == [2.5]

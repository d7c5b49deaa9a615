"""A site of one school on the embedded store, with readings to analyse, and what has been made of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from classroom.metric import Interval, Metric, Scope
from classroom.reading import Reading
from running import TABLES
from store.duckdb_store import DuckDBStore

START = datetime(2026, 8, 31, 22, tzinfo=UTC)  # Tuesday 1 September, 00:00 in Stockholm
STEP = timedelta(minutes=30)
ALWAYS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SITE = {**TABLES, "classroom.toml": "[api]\nport = 1\n"}


def readings(days: int) -> Iterator[Reading]:
    """Half hours: a room whose sensor sticks for two days, and a meter that is replaced."""
    for n in range(days * 48):
        at = START + n * STEP + timedelta(seconds=7)
        stuck = 240 <= n < 340
        yield Reading("lindhaga/air", "co2_ppm", at, 655.0 if stuck else 450.0 + n % 48 * 10)
        yield Reading("lindhaga/air", "temperature_c", at, 20.0 + n % 7 / 2)
        yield Reading("lindhaga/el", "energy_kwh", at, (5_000.0 if n < 400 else 10.0) + n * 3)


def a_site(folder: Path, days: int) -> Path:
    """The site with so many days in its store."""
    site = folder / "site"
    (site / "data").mkdir(parents=True)
    for name, text in SITE.items():
        (site / name).write_text(text, encoding="utf-8")
    store = DuckDBStore(site / "data" / "classroom.duckdb")
    store.write_readings(list(readings(days)))
    store.close()
    return site


def state(folder: Path, before: datetime = ALWAYS[1]) -> tuple[set[Metric], list[tuple[object, ...]]]:
    """Metrics of days and hours that end ``before``; all hours, and verdicts."""
    store = DuckDBStore(folder / "data" / "classroom.duckdb")
    found = {
        metric
        for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL)
        for interval in (Interval.DAY, Interval.HOUR)
        for metric in store.read_metrics("lindhaga", scope, None, interval, *ALWAYS)
        if metric.period_end < before
    }
    devices = ["lindhaga/air", "lindhaga/el"]
    hours = store.read_hours(devices, None, *ALWAYS)
    verdicts = store.read_verdicts(devices, *ALWAYS)
    store.close()
    rows = [tuple(row) for frame in (hours.fillna(-1), verdicts) for row in frame.itertuples(index=False)]
    return found, rows

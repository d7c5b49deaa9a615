"""A site moved to another store goes on there: nothing is computed again, what comes is computed alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics import jobs
from classroom.metric import Interval, Metric, Scope
from classroom.quantity import Domain
from classroom.reading import Reading
from classroom.site import Site
from store.base import Store
from store.copy import copy
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore
from store.retention import Rule, run

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March, 00:00 in Stockholm
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def metrics(store: Store) -> list[Metric]:
    return [
        metric
        for scope in Scope
        for interval in (Interval.DAY, Interval.HOUR)
        for metric in store.read_metrics("berga", scope, None, interval, START - 90 * DAY, START + 90 * DAY)
    ]


def readings(start: datetime, hours: int) -> list[Reading]:
    times = [start + n * timedelta(minutes=10) for n in range(hours * 6)]
    return [Reading("c1", "co2_ppm", time, 800.0 + n % 7) for n, time in enumerate(times)]


def goes_on(old: Store, new: Store, site: Site, register: Callable[..., list[Reading]]) -> None:
    """Move from ``old`` to ``new`` with the work of one run pending, and run both."""
    now = START + 40 * DAY + HOUR
    old.write_readings([*readings(START, 24), *readings(START + 38 * DAY, 48)])
    old.write_readings(register("m-el", "energy_kwh", START + 38 * DAY, 48))
    jobs.run(old, site, now)
    run(old, {Domain.INDOOR: Rule(readings_months=0, hours_months=None)}, now)
    late = Reading("c1", "co2_ppm", START + 39 * DAY + 9 * HOUR + timedelta(minutes=5), 1_050.0)
    old.write_readings([late])
    copy(old, new, ["berga"])
    reports = [jobs.run(store, site, now) for store in (old, new)]
    assert (reports[1].hours, reports[1].room_days) == (1, 3)  # the late hour's day, today in both rooms
    assert reports[0][:-1] == reports[1][:-1]
    for store in (old, new):
        store.write_readings(readings(START + 40 * DAY, 10))
        jobs.run(store, site, now + 10 * HOUR)
    assert metrics(new) == metrics(old)
    sealed = [m for m in metrics(new) if m.time == START and m.metric == "co2_mean_ppm" and m.id == "a1"]
    assert [m.value for m in sealed if m.value is not None]  # of readings that are deleted


def test_in_a_file(tmp_path: Path, site: Site, make_register: Callable[..., list[Reading]]) -> None:
    with closing(DuckDBStore(tmp_path / "a")) as old, closing(DuckDBStore(tmp_path / "b")) as new:
        goes_on(old, new, site, make_register)


@pytest.mark.server
def test_on_influxdb(
    tmp_path: Path, bucket: Address, site: Site, make_register: Callable[..., list[Reading]]
) -> None:
    with closing(DuckDBStore(tmp_path / "a")) as old, closing(InfluxStore(bucket)) as new:
        goes_on(old, new, site, make_register)


@pytest.mark.server
def test_from_influxdb(
    tmp_path: Path, bucket: Address, site: Site, make_register: Callable[..., list[Reading]]
) -> None:
    with closing(InfluxStore(bucket)) as old, closing(DuckDBStore(tmp_path / "b")) as new:
        goes_on(old, new, site, make_register)

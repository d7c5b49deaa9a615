"""Findings out of a real store, found when they are due and not else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.insights.job import KIND, read_insights, update
from analytics.insights.model import InsightKind
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import Device
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.site import Site
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def hour_metrics(kw: Callable[[datetime], float], hours: int = 24 * 120) -> list[Metric]:
    start = datetime(2026, 3, 1, 23, tzinfo=UTC) - timedelta(hours=hours)
    return [
        Metric(
            time=start + timedelta(hours=n), period_end=start + timedelta(hours=n + 1),
            interval=Interval.HOUR,
            school="berga", scope=Scope.SCHOOL, id="berga", metric="energy_kwh", carrier=Carrier.ELECTRICITY,
            basis=None, value=kw(start + timedelta(hours=n)), low=None, high=None, unit="kWh", coverage=1.0,
            status=Status.OK, reason=None, method="energy.registers/1", factors=(), fingerprint="f",
        )
        for n in range(hours)
    ]  # fmt: skip


class Counted:
    """Runs where it stands, and counts."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, function: Callable[[Any], Any], argument: Any, /) -> Future[Any]:
        self.runs += 1
        done: Future[Any] = Future()
        done.set_result(function(argument))
        return done


@pytest.fixture
def compute() -> Counted:
    return Counted()


RISEN = datetime(2026, 1, 12, tzinfo=UTC)


def test_found_once_a_day_and_withdrawn(store: DuckDBStore, site: Site, compute: Counted) -> None:
    store.write_metrics(hour_metrics(lambda time: 13.0 if time >= RISEN else 10.0))
    assert update(store, site, ["berga"], {}, NOW, compute) == 1
    (found,) = read_insights(store, "berga")
    assert found.kind is InsightKind.BASE_LOAD_UP
    assert found.ongoing
    assert update(store, site, ["berga"], {}, NOW + timedelta(hours=5), compute) == 0
    assert compute.runs == 1
    tomorrow = NOW + timedelta(days=1)
    store.write_metrics(hour_metrics(lambda _: 10.0))
    assert update(store, site, ["berga"], {}, tomorrow, compute) == 1
    assert read_insights(store) == []
    assert store.read_documents(KIND) == []


def test_late_readings_wait_an_hour(store: DuckDBStore, site: Site, compute: Counted) -> None:
    update(store, site, ["berga"], {}, NOW, compute)
    store.write_metrics(hour_metrics(lambda time: 13.0 if time >= RISEN else 10.0))
    assert update(store, site, ["berga"], {"berga": 6}, NOW + timedelta(minutes=1), compute) == 0
    assert update(store, site, ["berga"], {}, NOW + timedelta(minutes=30), compute) == 0
    assert update(store, site, ["berga"], {}, NOW + timedelta(minutes=61), compute) == 1
    assert len(read_insights(store, "berga")) == 1
    assert update(store, site, ["berga"], {}, NOW + timedelta(hours=5), compute) == 0


def test_history_that_comes_at_once_does_not_wait(store: DuckDBStore, site: Site, compute: Counted) -> None:
    update(store, site, ["berga"], {}, NOW, compute)
    store.write_metrics(hour_metrics(lambda time: 13.0 if time >= RISEN else 10.0))
    assert update(store, site, ["berga"], {"berga": 60}, NOW + timedelta(minutes=1), compute) == 1
    assert len(read_insights(store, "berga")) == 1


def test_a_silent_sensor_is_told_and_a_heard_one_not(
    store: DuckDBStore, make_site: Any, compute: Counted
) -> None:
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    site = make_site(
        devices=[
            Device(key="heard", school="berga", room="a1", valid_from=long_ago),
            Device(key="silent", school="berga", room="a2", valid_from=long_ago),
            Device(key="meter", school="berga", meter="el", valid_from=long_ago),
        ]
    )
    store.write_readings(
        [
            Reading("heard", "co2_ppm", NOW - timedelta(hours=12), 500.0),
            Reading("silent", "co2_ppm", NOW - timedelta(days=6), 500.0),
            Reading("meter", "energy_kwh", NOW - timedelta(days=2), 500.0),
        ]
    )
    update(store, site, ["berga"], {}, NOW, compute)
    (found,) = read_insights(store, "berga")
    assert (found.kind, found.room, found.device) == (InsightKind.SENSOR_SILENT, "a2", "silent")
    assert found.params["days"] == 5.0  # until yesterday's midnight

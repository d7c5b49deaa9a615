"""SIGKILL before any of the job's writes: the next run makes it whole, as if nothing had been."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from killed_job import killed_run

from analytics import jobs
from classroom.metric import Interval, Metric, Scope
from classroom.reading import Reading
from classroom.site import Site
from store.duckdb_store import DuckDBStore

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March, 00:00 in Stockholm
DAY, STEP = timedelta(days=1), timedelta(minutes=30)
DEVICES = ["c1", "m-el"]
ALWAYS = (START - 90 * DAY, START + 90 * DAY)


def readings(first: int, end: int) -> Iterator[Reading]:
    """Days of half hours: a sensor that sticks from the third to the fifth, a meter that is replaced."""
    for n in range(first * 48, end * 48):
        time = START + n * STEP
        yield Reading("c1", "co2_ppm", time, 655.0 if 130 <= n < 200 else 450.0 + n % 48 * 10)
        yield Reading("m-el", "energy_kwh", time, (5_000.0 if n < 220 else 10.0) + n * 3)


def state(store: DuckDBStore) -> tuple[set[Metric], list[tuple[object, ...]]]:
    metrics = {
        metric
        for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL)
        for interval in (Interval.DAY, Interval.HOUR)
        for metric in store.read_metrics("berga", scope, None, interval, *ALWAYS)
    }
    frames = [store.read_hours(DEVICES, None, *ALWAYS).fillna(-1), store.read_verdicts(DEVICES, *ALWAYS)]
    return metrics, [tuple(row) for frame in frames for row in frame.itertuples(index=False)]


@pytest.mark.slow
def test_killed_before_any_write_the_next_run_makes_it_whole(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_job"])
    site, now = make_site(), START + 9 * DAY
    begun, file = tmp_path / "begun.duckdb", tmp_path / "store.duckdb"
    store = DuckDBStore(begun)
    store.write_readings(list(readings(0, 4)))
    jobs.run(store, site, START + 4 * DAY)  # in the middle of the stuck stretch
    store.write_readings(list(readings(4, 6)))
    store.close()
    shutil.copy(begun, file)
    store = DuckDBStore(file)
    jobs.run(store, site, now)
    undisturbed = state(store)
    store.close()
    kills = 0
    while True:
        shutil.copy(begun, file)
        process = context.Process(target=killed_run, args=(file, site, now, kills))
        process.start()
        process.join(120)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
        store = DuckDBStore(file)
        jobs.run(store, site, now)
        assert state(store) == undisturbed, f"killed before write {kills}"
        assert jobs.run(store, site, now).hours == 0
        store.close()
    assert kills >= 8

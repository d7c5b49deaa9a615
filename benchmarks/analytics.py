"""What the analytics job costs: a year of 150 rooms at 5 minutes, and one more day.

Six schools of ``simulators.city`` (timetables, calendars, meters at 1 to 60 minutes): 47 million readings of
CO2, temperature and humidity, with gaps, flags and stuck sensors. The readings are drawn by numpy and go in a
day at a time through the embedded store's own insert, which is not measured. Measured is the job of
``classroom-climate analyze`` (rollups, verdicts, room metrics, energy, profile, emissions), its child
processes included, on two of them: of the whole year; and of one more day, with a month and with three years
stored. Every part runs in a process of its own, so that its memory is its own.

Beside it, plain pandas: the same readings in frames of a month, ``groupby`` and ``resample`` to hours, and a
mean over school hours a day; it stores nothing and knows no coverage, verdicts, timetables or registers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import psutil

if TYPE_CHECKING:
    from classroom.site import Site
    from store.duckdb_store import DuckDBStore

ROOT = Path(__file__).resolve().parent.parent
QUICK = bool(os.environ.get("QUICK"))
SCHOOLS, ROOMS = (2, 8) if QUICK else (6, 25)
YEAR, MORE = (40, 80) if QUICK else (365, 731)
"""Days of the measured year, and of those stored after it before the one more day comes."""
MONTH = 31
DAY, DAYS = date(2026, 5, 5), 3  # from a Tuesday in term on
FIRST = DAY - timedelta(days=YEAR + MORE)
QUANTITIES = ("co2_ppm", "temperature_c", "humidity_pct")
GOALS = {"seconds": 60.0, "peak_mb": 1_500.0, "day_s": 2.0, "day_ratio": 1.3}
DAY_US = 86_400_000_000

Figures = dict[str, float]


def the_site() -> Site:
    """Six schools with 25 rooms each."""
    from classroom.sitefiles import parse_site
    from simulators.city import city_site

    return parse_site(city_site(FIRST, schools=SCHOOLS, seed=1, rooms=(ROOMS - 2, ROOMS - 2)))


# Readings


class Rows(NamedTuple):
    """Readings of a day, series by series, each in time order; ``series`` numbers :func:`series_of`."""

    series: np.ndarray
    time_us: np.ndarray
    value: np.ndarray
    flag: np.ndarray


def series_of(site: Site) -> list[tuple[str, str]]:
    """(device, quantity) of all series: rooms first, then registers."""
    of_role = {"solar": "solar_kwh", "district_heat": "heat_kwh", "electricity": "energy_kwh"}
    carriers = {(meter.school, meter.key): meter for meter in site.meters}
    rooms = [d.key for d in site.devices if d.room is not None]
    registers = []
    for device in site.devices:
        if device.meter is not None:
            meter = carriers[device.school, device.meter]
            export = meter.role.value == "export"
            registers.append((device.key, "energy_export_kwh" if export else of_role[meter.carrier.value]))
    return [*((key, quantity) for key in rooms for quantity in QUANTITIES), *registers]


def rows_of(site: Site, day: date) -> Rows:
    """What all devices report in a UTC day."""
    random = np.random.default_rng([7, day.toordinal()])
    start_us = (datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    start_us *= DAY_US
    rooms = _room_rows(random, sum(d.room is not None for d in site.devices), day.weekday() < 5)
    parts = [rooms, *_register_rows(site, day, 3 * len({d.key for d in site.devices if d.room}))]
    joined = Rows._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    return joined._replace(time_us=joined.time_us + start_us)


def _room_rows(random: np.random.Generator, rooms: int, school_day: bool) -> Rows:
    slots = np.arange(288)
    full = np.clip(np.minimum(slots - 84, 168 - slots) / 12, 0, 1) if school_day else np.zeros(288)
    lesson = full * (slots % 13 < 10)  # 50 minutes, and a break of 15
    people = np.zeros((rooms, 288))
    for slot in range(1, 288):  # the air of a room follows its people with a time constant of half an hour
        people[:, slot] = people[:, slot - 1] * 0.85 + 0.15 * lesson[slot]
    co2 = 430 + 700 * people * random.uniform(0.4, 1.3, (rooms, 1)) + random.normal(0, 5, (rooms, 288))
    warmth = 20.5 + 1.5 * full + random.normal(0, 0.15, (rooms, 288))
    damp = 42 + 5 * full + random.normal(0, 0.8, (rooms, 288))
    stuck = random.random(rooms) < 0.005
    co2[stuck] = 655.0
    value = np.stack([co2.round(), warmth.round(1), damp.round(1)], axis=1)
    time_us = slots * 300_000_000 + random.integers(0, 20_000_000, (rooms, 1, 288))
    kept = np.broadcast_to(random.random((rooms, 1, 288)) > 0.005, value.shape)
    series = np.broadcast_to(np.arange(rooms * 3).reshape(rooms, 3, 1), value.shape)
    flag = (random.random(value.shape) < 0.001).astype(np.int32)
    times = np.broadcast_to(time_us, value.shape)
    return Rows(series[kept].astype(np.int32), times[kept], value[kept], flag[kept])


def _register_rows(site: Site, day: date, first: int) -> Iterator[Rows]:
    """Registers that rise with the hours of the week."""
    hours = np.arange(7 * 24 + 1)
    busy = ((hours % 24 >= 6) & (hours % 24 < 16) & (hours // 24 < 5)).astype(float)
    total = np.concatenate([[0.0], np.cumsum(8 + 30 * busy)[:-1]])
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    for number, device in enumerate(d for d in site.devices if d.meter is not None):
        at_s = np.arange(0, 86_400, device.interval_s)
        value = total[-1] * (weeks - 105_000) + np.interp(weekday * 24 + at_s / 3_600, hours, total)
        series = np.full(len(at_s), first + number, dtype=np.int32)
        none = np.zeros(len(at_s), dtype=np.int32)
        yield Rows(series, at_s * 1_000_000 + number * 1_000, (value * 1.1).round(2), none)


def load(store: DuckDBStore, site: Site, first: date, days: int) -> int:
    """Put whole UTC days into the store; how many readings."""
    from store import duckdb_readings
    from store.batch import Batch

    count = 0
    for n in range(days):
        rows = rows_of(site, first + timedelta(days=n))
        with store._writing() as (con, memory):  # noqa: SLF001  without a Reading for each of 47 million
            numbers = memory.series_ids(con, series_of(site))
            order = np.lexsort((rows.time_us, numbers[rows.series]))
            batch = Batch(*(c[order] for c in rows._replace(series=numbers[rows.series])))
            duckdb_readings._add(con, memory, batch, np.zeros(len(batch), dtype=bool))  # noqa: SLF001
        count += len(batch)
    return count


# Measured


class Watched:
    """Of a piece of work: the most memory [MB] that this process and its children held together, shared
    pages counted once, and the processor time [s] that looking took."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self.looking_s = 0.0


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch the memory during a block."""
    found, done = Watched(), threading.Event()

    def watch() -> None:
        while not done.wait(1.0 if not QUICK else 0.25):
            own = psutil.Process()
            held_mb = sum(map(_held_mb, [own, *own.children(recursive=True)]))
            found.peak_mb = max(found.peak_mb, held_mb)
        found.looking_s = time.thread_time()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def _held_mb(process: psutil.Process) -> float:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("Pss:"))) / 1e3
    except (OSError, StopIteration):  # another system, or a child that has just ended
        try:
            return process.memory_info().rss / 1e6
        except psutil.Error:
            return 0.0


def tree_cpu_s() -> float:
    """Processor time of this process and its children, ended ones too [s]."""
    own = os.times()
    living = sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children(recursive=True))
    return own.user + own.system + own.children_user + own.children_system + living


def midnight_after(site: Site, day: date) -> datetime:
    """Shortly after the last reading of a UTC day and the end of the local one."""
    last = datetime(day.year, day.month, day.day, tzinfo=site.zone) + timedelta(days=1, hours=3)
    return last.astimezone(UTC)


def run_job(
    store: DuckDBStore, site: Site, now: datetime, submit: Callable[..., object], at_once: int = 2
) -> Figures:
    """One run of the job."""
    from analytics import jobs

    with watched() as memory:
        began, cpu, own = time.perf_counter(), tree_cpu_s(), time.process_time()
        report = jobs.run(store, site, now, compute=submit, at_once=at_once)  # type: ignore[arg-type]
        wall_s, own_s = time.perf_counter() - began, time.process_time() - own
    return {
        "seconds": wall_s,
        "cpu_s": tree_cpu_s() - cpu - memory.looking_s,
        "owner_cpu_s": own_s - memory.looking_s,  # of the process that reads and writes
        "peak_mb": memory.peak_mb,
        "hours": report.hours,
        "room_days": report.room_days,
        "metrics": report.metrics,
    }


def part(name: str, folder: Path, first: date, days: int) -> Figures:
    """A part in this process: ``load`` days, the job of them (``full``), or of one after the other (``day``):
    the median's figures."""
    from cli.children import ChildCompute
    from store.duckdb_store import DuckDBStore

    site = the_site()
    if name == "pandas":
        return run_pandas(site, first, days)
    store, children = DuckDBStore(folder / "classroom.duckdb"), ChildCompute(2, tries=3)
    try:
        if name == "load":
            return {"readings": load(store, site, first, days)}
        if name == "full":
            return run_job(
                store, site, midnight_after(site, first + timedelta(days=days - 1)), children.submit
            )
        # A service's processes are warm: they ran yesterday, and at noon with nothing new.
        found = []
        for day in (first + timedelta(days=number) for number in range(days)):
            run_job(store, site, midnight_after(site, day) - timedelta(hours=15), children.submit)
            load(store, site, day, 1)
            found.append(run_job(store, site, midnight_after(site, day), children.submit))
        return sorted(found, key=lambda figures: figures["seconds"])[days // 2]
    finally:
        children.close()
        store.close()


def run_pandas(site: Site, first: date, days: int) -> Figures:
    """The baseline: months of readings as frames, to hours and to a mean a day over school hours."""
    import pandas as pd

    names = series_of(site)
    took = {"seconds": 0.0, "cpu_s": 0.0, "hours": 0.0, "room_days": 0.0}
    with watched() as memory:
        for begin in range(0, days, MONTH):
            parts = [rows_of(site, first + timedelta(days=n)) for n in range(begin, min(days, begin + MONTH))]
            rows = Rows._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
            del parts
            labels = [pd.Categorical.from_codes(rows.series, [f"{d} {q}" for d, q in names])]
            frame = pd.DataFrame(
                {"series": labels[0], "time": rows.time_us, "value": rows.value, "flag": rows.flag}
            )
            frame["time"] = pd.to_datetime(frame["time"], unit="us", utc=True)
            began, cpu = time.perf_counter(), time.process_time()
            good = frame[frame["flag"] == 0].set_index("time")
            hours = good.groupby("series", observed=True)["value"].resample("1h")
            rolled = hours.agg(["mean", "min", "max", "count", "first", "last"])
            local = good.index.tz_convert(site.zone)
            occupied = good[(local.hour >= 8) & (local.hour < 15)]
            at = occupied.index.tz_convert(site.zone).normalize()
            means = occupied.groupby(["series", at], observed=True)["value"].mean()
            took["seconds"] += time.perf_counter() - began
            took["cpu_s"] += time.process_time() - cpu
            took["hours"] += len(rolled)
            took["room_days"] += len(means) / len(QUANTITIES)
    return {**took, "peak_mb": memory.peak_mb}


def apart(name: str, folder: Path, first: date, days: int) -> Figures:
    """A part in a process of its own."""
    command = [sys.executable, "-P", __file__, name, str(folder), first.isoformat(), str(days)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: Figures = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    return found


def main() -> int:
    """Run all parts and print the table; the last line is JSON."""
    with tempfile.TemporaryDirectory() as scratch:
        long, short = Path(scratch) / "years", Path(scratch) / "month"
        long.mkdir()
        short.mkdir()
        readings = apart("load", long, FIRST, YEAR)["readings"]
        rows = {
            f"plain pandas, {YEAR} days": apart("pandas", long, FIRST, YEAR),
            f"the job, {YEAR} days": (full := apart("full", long, FIRST, YEAR)),
        }
        apart("load", long, FIRST + timedelta(days=YEAR), MORE)
        apart("full", long, FIRST, YEAR + MORE)
        apart("load", short, DAY - timedelta(days=MONTH), MONTH)
        apart("full", short, DAY - timedelta(days=MONTH), MONTH)
        few = rows[f"a day more, {MONTH} stored"] = apart("day", short, DAY, DAYS)
        many = rows[f"a day more, {YEAR + MORE} stored"] = apart("day", long, DAY, DAYS)
    print(f"{readings:.0f} readings of {SCHOOLS * ROOMS} rooms and their meters, {os.cpu_count()} cores")
    print(f"{'':28}{'s':>8}{'CPU s':>8}{'peak MB':>9}{'hours':>10}{'room days':>11}{'metrics':>10}")
    for name, of in rows.items():
        told = f"{of['seconds']:8.1f}{of['cpu_s']:8.1f}{of['peak_mb']:9.0f}{of['hours']:10.0f}"
        print(f"{name:28}{told}{of['room_days']:11.0f}{of.get('metrics', 0):10.0f}")
    figures = {
        "readings": readings,
        **{name: full[name] for name in ("seconds", "cpu_s", "peak_mb", "metrics")},
        "pandas_s": rows[f"plain pandas, {YEAR} days"]["seconds"],
        "pandas_peak_mb": rows[f"plain pandas, {YEAR} days"]["peak_mb"],
        "day_s": many["seconds"],
        "day_cpu_s": many["cpu_s"],
        "day_ratio": many["seconds"] / few["seconds"],
        "day_cpu_ratio": many["cpu_s"] / few["cpu_s"],
    }
    missed = [name for name, goal in GOALS.items() if figures[name] > goal]
    print(f"goals {GOALS}: " + (f"MISSED {', '.join(missed)}" if missed else "all met"))
    print(json.dumps(figures))
    return 1 if missed and not QUICK else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(
            json.dumps(
                part(sys.argv[1], Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), int(sys.argv[4]))
            )
        )
        sys.exit(0)
    sys.exit(main())

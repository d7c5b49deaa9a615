"""Stores side by side: write and read readings, roll up a month of rooms, ask for the latest values.

InfluxDB 2.x is the server named in INFLUXDB_URL (with an operator's INFLUXDB_TOKEN, if it is set up
already) or an ``influxd`` 2.x on PATH. The baselines run on the same server in the same run:
influxdb-client's ``Point`` with its batching writer, and its ``query_data_frame`` (Flux). CPU seconds are
this process's own, and the goals (writing 5 times, reading 20 times the baseline's readings per CPU second)
are about them; the server's are told beside them where the server is ours, and wall time, which is mostly
the server's.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from influxdb_client import InfluxDBClient, Point, WriteOptions, WritePrecision
from influxdb_client.client.warnings import MissingPivotFunction

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

from influx import free_ports, influx2_process, programs, server_url, set_up  # noqa: E402

from classroom.reading import Reading  # noqa: E402
from store.base import Store  # noqa: E402
from store.duckdb_store import DuckDBStore  # noqa: E402
from store.influx_server import Address  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402

QUICK = bool(os.environ.get("QUICK"))
ROOMS = 30 if QUICK else 150
QUANTITIES = ("co2_ppm", "temperature_c", "humidity_pct")
INTERVAL_S = 600
TOTAL = 100_000 if QUICK else 1_000_000
BATCH = 10_000
START = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = START + timedelta(days=31)
DEVICES = [f"school-{room // 30}/room-{room % 30:02d}" for room in range(ROOMS)]

Figures = dict[str, float]


@dataclass
class Cost:
    """What a piece of work took: wall time, this process's CPU and, where it is ours, the server's [s]."""

    wall_s: float
    cpu_s: float
    server_s: float


class Meter:
    """Measures pieces of work."""

    def __init__(self, server: psutil.Process | None) -> None:
        self._server = server

    def of(self, work: Callable[[], object]) -> Cost:
        """Do the work once."""
        server = self._server_s()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return Cost(wall, cpu, self._server_s() - server)

    def usual(self, work: Callable[[], object]) -> Cost:
        """Do the work three times; the one in the middle by CPU, for the first has costs of its own."""
        return sorted((self.of(work) for _ in range(3)), key=lambda cost: cost.cpu_s)[1]

    def _server_s(self) -> float:
        return sum(self._server.cpu_times()[:2]) if self._server else 0.0


def batches() -> Iterator[list[Reading]]:
    """TOTAL readings as they come: message after message, all rooms in turn."""
    random = np.random.default_rng(7)
    batch: list[Reading] = []
    per_time = len(DEVICES) * len(QUANTITIES)
    for step in range(TOTAL // per_time + 1):
        at = START + timedelta(seconds=INTERVAL_S * step)
        values = random.normal((700, 21, 40), (200, 1.5, 8), (len(DEVICES), 3)).round(1).tolist()
        for room, device in enumerate(DEVICES):
            when = at + timedelta(seconds=room)
            batch += [
                Reading(device, key, when, value) for key, value in zip(QUANTITIES, values[room], strict=True)
            ]
            if len(batch) >= BATCH:
                yield batch
                batch = []


def measure_store(store: Store, meter: Meter, work: list[list[Reading]]) -> Figures:
    """Our store: write, read, roll up, ask for the latest."""
    count = sum(len(batch) for batch in work)
    write = meter.of(lambda: [store.write_readings(batch) for batch in work])
    end = max(reading.time for reading in work[-1]) + timedelta(seconds=1)
    frames: list[pd.DataFrame] = []
    read = meter.usual(lambda: frames.append(store.read_readings(DEVICES, None, START, end)))
    assert len(frames[0]) == count, (len(frames[0]), count)
    hours = store.changed("benchmark").hours
    month = hours[hours["hour"] < MONTH]
    rolled: list[pd.DataFrame] = []
    rollup = meter.of(lambda: rolled.append(store.compute_hours(month, dict.fromkeys(DEVICES, INTERVAL_S))))
    latest = meter.usual(lambda: store.latest(DEVICES))
    again = meter.of(lambda: store.write_readings(work[-1]))
    return {
        **_cost("write", write, count),
        **_cost("read", read, count),
        "rollup_hours": len(rolled[0]),
        "rollup_s": rollup.wall_s,
        **_cost("rollup", rollup, count),
        "latest_ms": latest.wall_s * 1e3,
        "rewrite_us_per_reading": again.wall_s / len(work[-1]) * 1e6,
    }


def _cost(name: str, cost: Cost, count: int) -> Figures:
    return {
        f"{name}_us_per_reading": cost.wall_s / count * 1e6,
        f"{name}_cpu_us_per_reading": cost.cpu_s / count * 1e6,
        f"{name}_server_us_per_reading": cost.server_s / count * 1e6,
    }


def measure_baseline(address: Address, admin_token: str, meter: Meter, work: list[list[Reading]]) -> Figures:
    """influxdb-client as its README shows it: a Point a reading, batching writer, Flux into a data frame."""
    count = sum(len(batch) for batch in work)
    with InfluxDBClient(address.url, admin_token, org=address.org, timeout=600_000) as client:

        def write() -> None:
            with client.write_api(
                write_options=WriteOptions(batch_size=BATCH, flush_interval=1_000)
            ) as writer:
                for batch in work:
                    for device, quantity, at, value, _ in batch:
                        point = Point("indoor").tag("device", device).field(quantity, value)
                        writer.write(address.bucket, record=point.time(at, WritePrecision.US))

        written = meter.of(write)
        flux = (
            f'from(bucket: "{address.bucket}") '
            f"|> range(start: {START.isoformat()}, stop: 2027-01-01T00:00:00Z) "
            '|> filter(fn: (r) => r._measurement == "indoor")'
        )
        frames: list[pd.DataFrame] = []

        def read() -> None:
            found = client.query_api().query_data_frame(flux)
            frames.append(pd.concat(found) if isinstance(found, list) else found)

        cost = meter.usual(read)
        pivoted = meter.usual(
            lambda: client.query_api().query_data_frame(
                flux + ' |> pivot(rowKey: ["_time", "device"], columnKey: ["_field"], valueColumn: "_value")'
            )
        )
    stored = len(frames[0])
    return {
        **_cost("write", written, count),
        **_cost("read", cost, max(1, stored)),
        **_cost("read_pivoted", pivoted, max(1, stored)),
        "lost": count - stored,
    }


def tree_bytes(folder: Path) -> int:
    """Bytes on disk below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def show(results: dict[str, Figures]) -> None:
    """A table: a row a figure, a column a store."""
    names = list(dict.fromkeys(name for figures in results.values() for name in figures))
    print(f"{'':32}" + "".join(f"{store:>16}" for store in results))
    for name in names:
        cells = [figures.get(name) for figures in results.values()]
        print(f"{name:32}" + "".join(f"{'–' if cell is None else f'{cell:.2f}':>16}" for cell in cells))


def main() -> None:
    """Measure and print; the last line is JSON."""
    warnings.simplefilter("ignore", MissingPivotFunction)
    work = list(batches())
    count = sum(len(batch) for batch in work)
    print(
        f"{count} readings, {ROOMS} rooms, {len(QUANTITIES)} quantities, every {INTERVAL_S} s, "
        f"batches of {BATCH}"
    )
    results: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        own = folder / "duckdb"
        own.mkdir()
        with closing(DuckDBStore(own / "store.duckdb")) as store:
            results["duckdb"] = measure_store(store, Meter(None), work)
        results["duckdb"]["bytes_per_reading"] = tree_bytes(own) / count
        process, engine = None, folder / "influx"
        engine.mkdir()
        if server_url():
            server = set_up(server_url(), engine)
        elif 2 in programs():
            url, child = stack.enter_context(influx2_process(engine, free_ports(1)))
            server, process = set_up(url, engine), psutil.Process(child.pid)
        else:
            print("no InfluxDB 2.x: name one in INFLUXDB_URL, or put an influxd 2.x on PATH")
            print(json.dumps({"readings": count, **results}))
            return
        meter = Meter(process)
        address = stack.enter_context(server.bucket())
        with closing(InfluxStore(address)) as store:
            print(f"InfluxDB {store.info().version} at {address.url}")
            before = tree_bytes(engine / "engine")
            results["influxdb"] = measure_store(store, meter, work)
            if process:
                results["influxdb"]["bytes_per_reading"] = (tree_bytes(engine / "engine") - before) / count
        other = stack.enter_context(server.bucket())
        results["client"] = measure_baseline(other, server.token, meter, work)
    show(results)
    ours, theirs = results["influxdb"], results["client"]
    times = {
        f"{name}_times{unit}": theirs[f"{name}_{of}us_per_reading"] / ours[f"{name}_{of}us_per_reading"]
        for name in ("write", "read")
        for unit, of in (("_per_cpu_s", "cpu_"), ("_wall", ""))
    }
    times["read_times_pivoted_per_cpu_s"] = (
        theirs["read_pivoted_cpu_us_per_reading"] / ours["read_cpu_us_per_reading"]
    )
    print(", ".join(f"{name} {value:.1f}" for name, value in times.items()))
    print(json.dumps({"readings": count, **results, **times}))


if __name__ == "__main__":
    main()

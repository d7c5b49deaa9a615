"""Where hours are rolled up from InfluxDB: here, from raw readings, or on the server by nested InfluxQL.

A month of 150 rooms, a reading every 5 minutes, one in a thousand flagged, on the ``influxd`` 2.x on PATH.
Asked of the server is as much of a rollup as InfluxQL can say: mean, min, max, count, first and last, the
slots that hold a reading, the number of flagged ones; and in the third row the times of first and last too,
for which every hour must be a statement of its own (one day is asked and multiplied).
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

from influx import free_ports, influx2_process, programs, set_up  # noqa: E402

from classroom.reading import Reading  # noqa: E402
from store.influx_lines import tags_of  # noqa: E402
from store.influx_query import Question, chunks, span  # noqa: E402
from store.influx_server import InfluxServer  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402
from store.times import DAY_US, HOUR_US, to_us  # noqa: E402

QUICK = bool(os.environ.get("QUICK"))
ROOMS, DAYS = (30, 7) if QUICK else (150, 31)
QUANTITIES = ("co2_ppm", "temperature_c", "humidity_pct")
INTERVAL_S = 300
START = datetime(2026, 3, 1, tzinfo=UTC)
DEVICES = [f"school-{room // 30}/room-{room % 30:02d}" for room in range(ROOMS)]
EXACT = ("min", "max", "count", "first", "last")


@dataclass
class Cost:
    """What a way of rolling up took."""

    wall_s: float
    client_s: float
    server_s: float
    megabytes: float  # of answers
    client_mb: float  # memory above that before
    server_mb: float


class Meter:
    """Measures one way: times, bytes of answers, and the memory of both sides while it runs."""

    def __init__(self, server: InfluxServer, process: psutil.Process) -> None:
        self._process = process
        self._own = psutil.Process()
        self._bytes = 0
        send = server._send  # noqa: SLF001  measured where it arrives

        def counted(*arguments: object, **named: object) -> bytes:
            answer = send(*arguments, **named)  # type: ignore[arg-type]
            self._bytes += len(answer)
            return answer

        server._send = counted  # type: ignore[method-assign]  # noqa: SLF001

    def of(self, work: Callable[[], object]) -> Cost:
        """Do the work once."""
        self._bytes = 0
        before = [process.memory_info().rss for process in (self._own, self._process)]
        with self._peaks() as peaks:
            server_s = self._server_s()
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        client_mb, server_mb = ((peak - start) / 1e6 for peak, start in zip(peaks, before, strict=True))
        return Cost(wall, cpu, self._server_s() - server_s, self._bytes / 1e6, client_mb, server_mb)

    def _server_s(self) -> float:
        return sum(self._process.cpu_times()[:2])

    @contextmanager
    def _peaks(self) -> Iterator[list[int]]:
        peaks = [0, 0]
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                for side, process in enumerate((self._own, self._process)):
                    peaks[side] = max(peaks[side], process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield peaks
        finally:
            done.set()
            watcher.join()


def readings() -> Iterator[list[Reading]]:
    """A day of all rooms at a time."""
    random = np.random.default_rng(7)
    for day in range(DAYS):
        batch = []
        for step in range(86_400 // INTERVAL_S):
            values = random.normal((700, 21, 40), (200, 1.5, 8), (ROOMS, 3)).round(1).tolist()
            flags = (random.random((ROOMS, 3)) < 0.001).astype(int).tolist()
            for room, device in enumerate(DEVICES):
                at = START + timedelta(days=day, seconds=INTERVAL_S * step + room)
                batch += [
                    Reading(device, *rest)
                    for rest in zip(QUANTITIES, (at,) * 3, values[room], flags[room], strict=True)
                ]
        yield batch


def asked_of_server(server: InfluxServer) -> pd.DataFrame:
    """What InfluxQL can say of an hour: a row a device, quantity and hour."""
    parts = []
    when = span(to_us(START), to_us(START) + DAYS * DAY_US)
    for some in chunks(DEVICES):
        for quantity in QUANTITIES:
            question = Question()
            device = question.one_of("device", some)
            # A missing flag compares as false, so that this keeps the readings without one too.
            where = f'{device} AND {when} AND ("{quantity}_flag" > 0) = false'
            flagged = f'"{quantity}_flag" > 0 AND {device} AND {when}'
            aggregates = ", ".join(f'{name}("{quantity}") AS "{name}"' for name in ("mean", *EXACT))
            hourly, by_slot = (
                f"GROUP BY time({step}), device fill(none)" for step in ("1h", f"{INTERVAL_S}s")
            )
            slots = f'SELECT mean("{quantity}") AS m FROM indoor WHERE {where} {by_slot}'  # noqa: S608
            count = f'SELECT count("{quantity}_flag") AS flagged FROM indoor'  # noqa: S608
            statements = (
                f"SELECT {aggregates} FROM indoor WHERE {where} {hourly}",  # noqa: S608
                f"SELECT count(m) AS slots FROM ({slots}) WHERE {when} {hourly}",  # noqa: S608
                f"{count} WHERE {flagged} {hourly}",
            )
            frames = [_frame(server.query(text, question.parameters)) for text in statements]
            joined = frames[0]
            for frame in frames[1:]:
                joined = joined.merge(frame, on=["device", "time"], how="outer")
            parts.append(joined.assign(quantity=quantity))
    return pd.concat(parts).fillna({"flagged": 0})


def times_of_a_day(server: InfluxServer) -> None:
    """first() and last() of each hour with their times: only a statement a selector and hour has them."""
    start_us = to_us(START)
    for some in chunks(DEVICES):
        for quantity in QUANTITIES:
            question = Question()
            device = question.one_of("device", some)
            for hour in range(24):
                when = span(start_us + hour * HOUR_US, start_us + (hour + 1) * HOUR_US)
                good = f'("{quantity}_flag" > 0) = false'
                for selector in ("first", "last"):
                    question.ask([f'{selector}("{quantity}")'], "indoor", device, when, good, by="device")
            server.query(str(question), question.parameters)


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame({"device": pd.Series(dtype="str"), "time": pd.Series(dtype="int64")})
    frame = pa.concat_tables(tables).drop(["name"]).to_pandas()
    frame["device"] = frame.pop("tags").astype(str).map(lambda text: tags_of(text)["device"])
    return frame


def compared(ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    """How far both agree."""
    ours = ours.assign(time=ours["hour"].astype("int64"), slots=ours["coverage"] * 3600 // INTERVAL_S)
    both = ours.merge(theirs, on=["device", "quantity", "time"], suffixes=("", "_server"))
    same = {
        name: int((both[name] == both[f"{name}_server"]).sum())
        for name in ("mean", *EXACT, "slots", "flagged")
    }
    worst = ((both["mean"] - both["mean_server"]).abs() / both["mean"].abs()).max()
    told = ", ".join(f"{name} {count}" for name, count in same.items())
    return (
        f"Of {len(ours)} rollups computed here and {len(theirs)} told by the server, {len(both)} are of the "
        f"same hour and series; equal to the last bit: {told}. "
        f"Means differ by {worst:.1e} at most (relative)."
    )


def main() -> None:
    """Measure and print Markdown."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with influx2_process(folder, free_ports(1)) as (url, child):
            server = set_up(url, folder)
            with server.bucket() as address, closing(InfluxStore(address, timeout_s=900)) as store:
                count = sum(store.write_readings(batch).stored for batch in readings())
                hours = store.changed("measured").hours
                link = store._server  # noqa: SLF001
                meter = Meter(link, psutil.Process(child.pid))
                found: list[pd.DataFrame] = []
                intervals = dict.fromkeys(DEVICES, INTERVAL_S)
                rows = {
                    "here, from raw readings (all of a rollup)": meter.of(
                        lambda: found.append(store.compute_hours(hours, intervals))
                    ),
                    "on the server (no times of first and last, no hash)": meter.of(
                        lambda: found.append(asked_of_server(link))
                    ),
                }
                day = meter.of(lambda: times_of_a_day(link))
    print(
        f"Rollups of {DAYS} days, {ROOMS} rooms with {len(QUANTITIES)} quantities every {INTERVAL_S} s: "
        f"{count} readings, InfluxDB {programs()[2][1]}.\n"
    )
    print(
        "| computed | wall [s] | CPU here [s] | CPU server [s] | answers [MB] | memory here [MB] "
        "| memory server [MB] |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, cost in rows.items():
        print(f"| {name} | {_cells(cost)} |")
    whole = Cost(
        day.wall_s * DAYS,
        day.client_s * DAYS,
        day.server_s * DAYS,
        day.megabytes * DAYS,
        day.client_mb,
        day.server_mb,
    )
    print(f"| times of first and last on the server, besides ({DAYS} × a measured day) | {_cells(whole)} |")
    print(f"\n{compared(*found)}")


def _cells(cost: Cost) -> str:
    return (
        f"{cost.wall_s:.1f} | {cost.client_s:.2f} | {cost.server_s:.1f} | {cost.megabytes:.1f} | "
        f"{cost.client_mb:.0f} | {cost.server_mb:.0f}"
    )


if __name__ == "__main__":
    main()

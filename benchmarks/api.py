"""The API on a city of schools with years of rollups: idle, while everything is computed anew, and streaming.

    python benchmarks/api.py            # QUICK=1: a small city

One client asks one thing after the other, the bare FastAPI route in turn with ours, so that both meet the
same machine. Goals: ``now`` p99 at most 3 times the bare route's, a year of a school's metrics p99 below
300 ms, a room's page below 100 kB, 200 streams with flat memory. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from socket import create_connection
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _api_city import city, fill

QUICK = os.environ.get("QUICK") == "1"
SCHOOLS, ROOMS, YEARS = (5, 6, 1) if QUICK else (50, 30, 3)
SCHOOLS, ROOMS, YEARS = (int(n) for n in os.environ.get("CITY", f"{SCHOOLS},{ROOMS},{YEARS}").split(","))
ROUNDS = 60 if QUICK else 200
NOW_TIMES = 10 if QUICK else 50  # of 200 the p99 is the second worst: chance
STREAMS = 50 if QUICK else 200
STREAM_S = 8 if QUICK else 240
EVERY_S = 0.5 if QUICK else 1.0
LOOKS_S = (2, 4, 8) if QUICK else (60, 120, 240)
"""Readings of every room come once in EVERY_S for STREAM_S; memory is told after each of LOOKS_S."""

ROOM = "/api/v1/schools/school-00/rooms/room-00"
SERVER = Path(__file__).with_name("_api_server.py")

QUESTIONS = {
    "now": f"{ROOM}/now",
    "week_of_readings": f"{ROOM}/series?quantity=co2_ppm&from=2026-11-09&to=2026-11-16",
    "year_of_hours": f"{ROOM}/series?quantity=co2_ppm&interval=hour&from=2025-11-16&to=2026-11-16",
    "year_of_days": "/api/v1/schools/school-00/metrics?interval=day&from=2025-11-16&to=2026-11-16",
    "year_of_months": "/api/v1/schools/school-00/metrics?interval=month&from=2025-11-16&to=2026-11-16",
    "city_page": "/",
    "school_page": "/schools/school-00",
    "room_page": "/schools/school-00/rooms/room-00",
}
"""What is asked; a page is asked a tenth as often."""

Figures = dict[str, float]


class Served:
    """A server in a child process, asked over one connection."""

    def __init__(self, *arguments: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, str(SERVER), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._line().strip()
        self.client = httpx.Client(base_url=self.url, timeout=120)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                self.client.get("/healthz")
                break
            time.sleep(0.05)

    def tell(self, command: str) -> dict[str, Any]:
        """Have it do something; its state afterwards."""
        assert self._child.stdin is not None
        self._child.stdin.write(command + "\n")
        self._child.stdin.flush()
        found: dict[str, Any] = json.loads(self._line())
        return found

    def _line(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline()

    def close(self) -> None:
        """End it, by itself if it can: killed, it would leave its children's locks behind."""
        self.client.close()
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(10)


def latencies(ask: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of so many calls."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found


def get(client: httpx.Client, path: str) -> int:
    """Ask; the size of the answer [bytes]."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:200]}")
    return len(answer.content)


def quantile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed [ms]."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1e3


def ask_all(ours: Served, bare: Served, label: str, until: Callable[[], bool]) -> Figures:
    """p50 and p99 [ms] of every question, the bare route in turn with ``now``."""
    found: Figures = {}
    for name, path in QUESTIONS.items():
        size = get(ours.client, path)
        own: list[float] = []
        cpu_s = ours.tell("state")["cpu_s"]
        plain: list[float] = []
        for _ in range(ROUNDS // 10):
            if until():
                break
            times = NOW_TIMES if name == "now" else 1 if "page" in name else 3
            own += latencies(partial(get, ours.client, path), times)
            if name == "now":
                plain += latencies(partial(get, bare.client, "/now"), times)
        if not own:
            continue
        found |= {f"{label}_{name}_p50_ms": quantile(own, 0.5), f"{label}_{name}_p99_ms": quantile(own, 0.99)}
        found[f"{name}_bytes"] = size
        if plain:
            found |= {
                f"{label}_bare_p50_ms": quantile(plain, 0.5),
                f"{label}_bare_p99_ms": quantile(plain, 0.99),
            }
        cpu_ms = (ours.tell("state")["cpu_s"] - cpu_s) / len(own) * 1e3  # while nothing else is computed
        found[f"{label}_{name}_cpu_ms"] = cpu_ms
        show(label, name, own, f"{size / 1e3:8.1f} kB  n={len(own)}  CPU {cpu_ms:.1f} ms")
        if plain:
            show(label, "  bare route", plain, f"{'':11}n={len(plain)}")
    return found


def show(label: str, name: str, values: list[float], more: str) -> None:
    """A row of the table."""
    p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
    print(f"{label:10} {name:18} p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  {more}", flush=True)


@contextmanager
def streams(url: str, count: int) -> Iterator[list[Any]]:
    """So many open streams of different rooms."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    with ExitStack() as stack:
        opened = []
        for number in range(count):
            sock = stack.enter_context(create_connection((host, port)))
            room = f"/api/v1/schools/school-{number % SCHOOLS:02d}/rooms/room-{number // SCHOOLS % ROOMS:02d}"
            sock.sendall(f"GET {room}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            sock.setblocking(False)
            opened.append(sock)
        yield opened


def drain(opened: list[Any]) -> int:
    """Read what has come on every stream; its bytes."""
    total = 0
    for sock in opened:
        try:
            while block := sock.recv(65_536):
                total += len(block)
        except BlockingIOError:
            continue
    return total


def stream(ours: Served) -> Figures:
    """Memory of the server and bytes received while readings of every room come again and again."""
    for _ in range(100):  # each room keeps its last 100 arrivals for readers that come back
        ours.tell("publish")
    before = ours.tell("state")
    sizes: list[tuple[float, float]] = []
    received, bursts = 0, 0
    with streams(ours.url, STREAMS) as opened:
        time.sleep(1)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < STREAM_S:
            sizes.append((passed, ours.tell("publish")["rss_mb"]))
            bursts += 1
            until = began + bursts * EVERY_S
            while time.monotonic() < until:
                time.sleep(0.02)
                received += drain(opened)
        cpu_ms = (ours.tell("state")["cpu_s"] - before["cpu_s"]) / bursts * 1e3
    looks = {f"streams_mb_{look}_s": _mean_until(sizes, look) for look in LOOKS_S}
    told = ", ".join(
        f"{value:.1f} MB after {look} s" for look, value in zip(LOOKS_S, looks.values(), strict=True)
    )
    print(
        f"{STREAMS} streams, {bursts} bursts: {received / 1e6:.1f} MB received; "
        f"server {before['rss_mb']:.1f} MB before, {told}; {cpu_ms:.0f} ms CPU a burst",
        flush=True,
    )
    return {"streams": STREAMS, "streams_received": received, "streams_cpu_ms": cpu_ms, **looks}


def _mean_until(sizes: list[tuple[float, float]], until_s: float) -> float:
    """Mean of what was measured in the quarter of the time before ``until_s`` [MB]."""
    found = [size for at, size in sizes if 0.75 * until_s <= at <= until_s]
    return sum(found) / len(found)


def main() -> None:
    """Make the city, ask, print; the last line is JSON."""
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        began = time.monotonic()
        rows = fill(folder / "city.duckdb", city(SCHOOLS, ROOMS), YEARS)
        size = (folder / "city.duckdb").stat().st_size / 1e6
        made = f"{rows}, {size:.0f} MB, {time.monotonic() - began:.0f} s"
        print(f"{SCHOOLS} schools × {ROOMS} rooms, {YEARS} years: {made}", flush=True)
        ours = Served("city", str(folder), str(SCHOOLS), str(ROOMS))
        stack.callback(ours.close)
        bare = Served("bare")
        stack.callback(bare.close)
        figures = ask_all(ours, bare, "idle", lambda: False)
        figures |= stream(ours)
        ours.tell("analyze")
        figures |= ask_all(ours, bare, "analysing", lambda: not ours.tell("state")["analysing"])
        first, last = (figures[f"streams_mb_{look}_s"] for look in (LOOKS_S[0], LOOKS_S[-1]))
        goals = {
            "now_p99_times_bare": figures["idle_now_p99_ms"] / figures["idle_bare_p99_ms"],
            "year_of_days_p99_ms": figures["idle_year_of_days_p99_ms"],
            "room_page_kb": figures["room_page_bytes"] / 1e3,
            "streams_growth": last / first - 1,
        }
        if "analysing_now_p99_ms" in figures:
            goals["analysing_now_p99_times_bare"] = (
                figures["analysing_now_p99_ms"] / figures["analysing_bare_p99_ms"]
            )
        print(", ".join(f"{name} {value:.2f}" for name, value in goals.items()))
        print(json.dumps({**figures, **goals}))


if __name__ == "__main__":
    main()

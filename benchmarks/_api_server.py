"""The API on a city's store, or a bare FastAPI route, as a process of its own.

``python _api_server.py city FOLDER SCHOOLS ROOMS`` or ``python _api_server.py bare``. It prints the address
it serves; each line of its input is a command, answered by a line of JSON: ``publish`` a reading of every
room, ``analyze`` everything in the background, ``state``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _api_city import NOW, QUANTITIES, city

from analytics import jobs
from api.context import ApiContext
from api.live import LiveHub
from api.server import make_server
from classroom.reading import Reading
from cli.children import ChildCompute
from cli.process import collect_seldom, listen
from ingest.letters import Letters
from store.base import StoreError
from store.duckdb_store import DuckDBStore


def bare() -> uvicorn.Server:
    """What FastAPI costs for a dictionary of the size of ``/now``."""
    app = FastAPI(openapi_url=None)
    value = {
        "quantity": "co2_ppm",
        "value": 700.0,
        "unit": "ppm",
        "time": "2026-11-16T09:00:00Z",
        "age_s": 0.0,
    }
    value |= {"stale": False, "flag": 0, "device": "d", "interval_s": 600, "verdict": None}

    @app.get("/now")
    def now() -> dict[str, Any]:
        return {"time": "2026-11-16T09:00:00Z", "school": "s", "room": "r", "values": [value, value]}

    return uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))


class City:
    """The application over the store in a folder, with what moves it."""

    def __init__(self, folder: Path, schools: int, rooms: int) -> None:
        self.site = city(schools, rooms)
        self.store = DuckDBStore(folder / "city.duckdb")
        registry = CollectorRegistry()
        self.live = LiveHub(lambda: self.site, registry)
        self.minutes = 0
        self.publish()
        letters = Letters(folder / "letters.sqlite")
        self.server = make_server(
            ApiContext(
                site=lambda: self.site,
                store=self.store,
                clock=lambda: NOW,
                live=self.live,
                letters=letters,
                sightings=letters,
                health=list,
                registry=registry,
            )
        )
        self.analysing = threading.Event()
        self.compute = ChildCompute()

    def close(self) -> None:
        """Give up what is being computed, and the store."""
        self.compute.close()
        self.store.close()

    def publish(self) -> None:
        """A new reading of everything in every room."""
        self.minutes += 1
        at = NOW - timedelta(minutes=9) + timedelta(seconds=self.minutes)
        values = {"co2_ppm": 700.0 + self.minutes % 50, "temperature_c": 21.0 + self.minutes % 5}
        for device in self.site.devices:
            if device.room:
                self.live.publish([Reading(device.key, name, at, values[name]) for name in QUANTITIES])

    def analyze(self) -> None:
        """Compute everything anew, as the embedded profile does: in a child, in a thread of ours."""

        def work() -> None:
            with suppress(StoreError, BrokenProcessPool, CancelledError):  # ended before it was done
                jobs.run(self.store, self.site, NOW, full=True, compute=self.compute.submit)
            self.analysing.clear()

        self.analysing.set()
        threading.Thread(target=work, daemon=True).start()


def main() -> None:
    """Serve until the input ends."""
    collect_seldom()
    sock = listen("127.0.0.1", 0, "nothing")
    town = None if sys.argv[1] == "bare" else City(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    server = bare() if town is None else town.server
    serving = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    serving.start()
    print(f"http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
    for line in sys.stdin:
        if town is not None and line.strip() == "publish":
            town.publish()
        elif town is not None and line.strip() == "analyze":
            town.analyze()
        state = {
            "rss_mb": psutil.Process().memory_info().rss / 1e6,
            "cpu_s": sum(psutil.Process().cpu_times()[:2]),
        }
        print(json.dumps(state | {"analysing": town is not None and town.analysing.is_set()}), flush=True)
    server.should_exit = True
    serving.join(10)
    if town is not None:
        town.close()
        sys.stderr.flush()
        os._exit(0)  # a job that is given up may still hold its thread


if __name__ == "__main__":
    main()

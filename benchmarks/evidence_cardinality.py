"""How many series a city makes in InfluxDB: 50 schools of 30 rooms, asked of the server itself.

Each room has a climate sensor and a motion sensor, each school three meters. The metrics are those that
analytics makes of two days of such a school; the other schools' are the same under their names. Series do not
grow with time: a point a day later is of the same series.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

from influx import free_ports, influx2_process, programs, set_up  # noqa: E402

from analytics import jobs  # noqa: E402
from classroom.metric import Interval, Metric, Scope  # noqa: E402
from classroom.places import Device, Meter, Room, School  # noqa: E402
from classroom.quantity import Carrier  # noqa: E402
from classroom.reading import Reading  # noqa: E402
from classroom.settings import Settings  # noqa: E402
from classroom.site import Site  # noqa: E402
from store.base import Store  # noqa: E402
from store.duckdb_store import DuckDBStore  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402

SCHOOLS, ROOMS = (5, 30) if os.environ.get("QUICK") else (50, 30)
START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # a Monday in Stockholm
CLIMATE = {"co2_ppm": 800.0, "temperature_c": 21.0, "humidity_pct": 40.0, "battery_v": 3.6}
METERS = {
    "el": (Carrier.ELECTRICITY, "energy_kwh"),
    "heat": (Carrier.DISTRICT_HEAT, "heat_kwh"),
    "solar": (Carrier.SOLAR, "energy_kwh"),
}


def school_site(school: str) -> Site:
    """A school with its rooms, meters and devices."""
    rooms = [f"r{number:02d}" for number in range(ROOMS)]
    return Site(
        schools=[School(key=school, name=school, school_hours="08:00-15:00")],
        rooms=[Room(school=school, key=key, name=key) for key in rooms],
        meters=[
            Meter(school=school, key=key, name=key, carrier=carrier) for key, (carrier, _) in METERS.items()
        ],
        devices=[
            *(
                Device(key=f"{school}/{key}/{kind}", school=school, room=key)
                for key in rooms
                for kind in "cm"
            ),
            *(Device(key=f"{school}/{key}", school=school, meter=key) for key in METERS),
        ],
        calendar=(),
        lessons=(),
        settings=Settings(),
    )


def readings(school: str, hours: int) -> list[Reading]:
    """Ten-minute readings of a school's devices."""
    found = []
    for step in range(hours * 6):
        at = START + timedelta(minutes=10 * step)
        for room in range(ROOMS):
            device = f"{school}/r{room:02d}"
            found += [Reading(f"{device}/c", key, at, value) for key, value in CLIMATE.items()]
            found.append(Reading(f"{device}/m", "motion", at, float(step % 2)))
        found += [
            Reading(f"{school}/{key}", quantity, at, 1_000.0 + step) for key, (_, quantity) in METERS.items()
        ]
    return found


def metrics_of(folder: Path, school: str) -> list[Metric]:
    """What analytics makes of two days of a school."""
    with closing(DuckDBStore(folder / "one.duckdb")) as store:
        store.write_readings(readings(school, 48))
        jobs.run(store, school_site(school), START + timedelta(days=3))
        end = START + timedelta(days=9)
        return [
            metric
            for scope in Scope
            for interval in Interval
            for metric in store.read_metrics(
                school, scope, None, interval, datetime(1970, 1, 1, tzinfo=UTC), end
            )
        ]


def fill(store: Store, metrics: list[Metric]) -> None:
    """An hour of every school, rolled up, and its metrics."""
    for number in range(SCHOOLS):
        school = f"school-{number:02d}"
        store.write_readings(readings(school, 1))
        store.write_metrics([metric._replace(school=school) for metric in metrics])
    hours = store.changed("measured").hours
    store.write_hours(store.compute_hours(hours, {}))


def main() -> None:
    """Measure and print Markdown."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        metrics = metrics_of(folder, "school-00")
        with influx2_process(folder, free_ports(1)) as (url, child):
            server = set_up(url, folder)
            with server.bucket() as address, closing(InfluxStore(address)) as store:
                before_mb = psutil.Process(child.pid).memory_info().rss / 1e6
                fill(store, metrics)
                memory_mb = psutil.Process(child.pid).memory_info().rss / 1e6 - before_mb
                tables = store._server.query("SHOW SERIES", strings=("key",))  # noqa: SLF001
                keys = [key for table in tables for key in table["key"].to_pylist()]
    counts: dict[str, int] = {}
    for key in keys:
        measurement = key.partition(",")[0]
        counts[measurement] = counts.get(measurement, 0) + 1
    print(
        f"{SCHOOLS} schools with {ROOMS} rooms each (2 devices a room, {len(METERS)} meters a school), "
        f"InfluxDB {programs()[2][1]}.\n"
    )
    print("| measurement | series |")
    print("|---|---:|")
    for measurement, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"| `{measurement}` | {count} |")
    print(f"| **all** | **{len(keys)}** |")
    print(f"\nThe server took {memory_mb:.0f} MB more memory while they were written.")


if __name__ == "__main__":
    main()

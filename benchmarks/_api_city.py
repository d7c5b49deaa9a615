"""A city in a DuckDB store, written as tables at once: years of rollups and metrics, a week of readings."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from analytics.catalog import CATALOG, EMISSIONS, INDOOR, PROFILE, REGISTERS, Rule
from classroom.site import Site
from classroom.sitefiles import parse_site
from classroom.timetable import day_span
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
QUANTITIES = ("co2_ppm", "temperature_c")
INTERVAL_S = 600
RAW_DAYS = 8

_VALUE = "20 + 5 * sin(epoch({time}) / 7e4 + {series}) + (hash({series}, {time}) % 1000) / 200.0"


def city(schools: int, rooms: int) -> Site:
    """So many schools, each with so many rooms (a sensor in each) and a meter of electricity and of heat."""
    keys = [f"school-{n:02d}" for n in range(schools)]
    places = [(key, f"room-{n:02d}") for key in keys for n in range(rooms)]
    devices = [f"{key}/{room},{key},{room}," for key, room in places]
    devices += [f"{key}/{meter},{key},,{meter}" for key in keys for meter in ("el", "heat")]
    return parse_site(
        {
            "classroom.toml": '[site]\nkey = "city"\nname = "City"\n',
            "schools.csv": "key,name\n" + "".join(f"{key},School {key}\n" for key in keys),
            "school_attributes.csv": "school,valid_from,atemp_m2,pupils\n"
            + "".join(f"{key},2020-01-01,4000,400\n" for key in keys),
            "rooms.csv": "school,key,name\n" + "".join(f"{key},{room},{room}\n" for key, room in places),
            "meters.csv": "school,key,name,carrier\n"
            + "".join(f"{key},el,El,electricity\n{key},heat,Heat,district_heat\n" for key in keys),
            "devices.csv": "key,school,room,meter\n" + "".join(f"{line}\n" for line in devices),
        }
    )


def fill(path: Path, site: Site, years: float) -> dict[str, int]:
    """Write the store of ``site`` up to NOW; gives the number of rows of each table."""
    with closing(DuckDBStore(path)):
        pass  # makes the tables
    start, now = NOW.replace(tzinfo=None) - timedelta(days=365 * years), NOW.replace(tzinfo=None)
    with closing(duckdb.connect(str(path), config={"memory_limit": "1GB", "threads": 2})) as con:
        con.execute("SET preserve_insertion_order = false")
        series = [
            (device.key, quantity)
            for device in site.devices
            for quantity in (QUANTITIES if device.room else ("energy_kwh",))
        ]
        con.executemany(
            "INSERT INTO series VALUES (?, ?, ?, ?, 20, 0)",
            [(number, *names, now) for number, names in enumerate(series)],
        )
        times = f"range(TIMESTAMP '{start}', TIMESTAMP '{now}', INTERVAL 1 HOUR)"
        value = _VALUE.format(time="hour", series="id")
        con.execute(  # in the order of time, as they come
            f"INSERT INTO hours SELECT id, hour, v, v - 1, v + 1, 6, v, hour, v, hour, 1, 0, 0 FROM "  # noqa: S608
            f"(SELECT id, hour, {value} AS v FROM (SELECT unnest({times}) AS hour), series)"
        )
        recent = now - timedelta(days=RAW_DAYS)
        times = f"range(TIMESTAMP '{recent}', TIMESTAMP '{now}', INTERVAL {INTERVAL_S} SECOND)"
        value = _VALUE.format(time="time", series="id")
        con.execute(
            f"INSERT INTO readings SELECT id, time, {value}, 0 FROM (SELECT unnest({times}) AS time), series"  # noqa: S608
        )
        _metrics(con, site, start, now)
        con.execute("CHECKPOINT")
        tables = ("hours", "readings", "metrics")
        return {name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in tables}  # noqa: S608


def _metrics(con: duckdb.DuckDBPyConnection, site: Site, start: datetime, now: datetime) -> None:
    """Local days of schools and rooms, hours of schools' energy, in the order of time."""
    first, last = start.date(), now.date()
    days = [day_span(first + timedelta(days=n), site.zone) for n in range((last - first).days)]
    hours = [(start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in range(24 * len(days))]
    by_school = [
        (school.key, "school", school.key, name, carrier, entry.unit, entry.method)
        for school in site.schools
        for name, entry in CATALOG.items()
        for carrier in ("electricity", "district_heat")
        if entry.method in (REGISTERS, PROFILE, EMISSIONS)
        and entry.rule is not Rule.CARRIED  # those are of rare days
    ]
    by_room = [
        (room.school, "room", room.key, name, None, entry.unit, entry.method)
        for room in site.rooms
        for name, entry in CATALOG.items()
        if entry.method == INDOOR
    ]
    _write(
        con, "day", [(a.replace(tzinfo=None), b.replace(tzinfo=None)) for a, b in days], by_school + by_room
    )
    _write(con, "hour", hours, [row for row in by_school if row[3] == "energy_kwh"])


def _write(
    con: duckdb.DuckDBPyConnection,
    interval: str,
    spans: list[tuple[datetime, datetime]],
    kinds: list[tuple[str | None, ...]],
) -> None:
    names = "school, scope, id, metric, carrier, unit, method"
    table = pa.table({name: [row[n] for row in kinds] for n, name in enumerate(names.split(", "))})
    times = pa.table({"t": [span[0] for span in spans], "u": [span[1] for span in spans]})
    con.register("kinds", table)
    con.register("spans", times)
    con.execute(
        "INSERT INTO metrics SELECT t, u, $interval, school, scope, id, metric, carrier, "
        "CASE WHEN metric LIKE 'emissions%' THEN 'location' END, 10 + epoch(t)::BIGINT // 3600 % 7, NULL, "
        "NULL, unit, 1, 'ok', NULL, method, [], 'f' FROM spans, kinds",
        {"interval": interval},
    )

"""Two schools on a Thursday in November at 13:20, a room in every state, served by the real application."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
from heated import days_between, heat_kwh, write_energy, write_weather
from prometheus_client import CollectorRegistry

from api.access.file import AccessFile
from api.access.tokens import Tokens
from api.context import Access, ApiContext, PartHealth
from api.live import LiveHub
from api.server import Server, make_server
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.reading import Flag, Reading
from classroom.site import Site
from classroom.timetable import day_span
from ingest.letter import NewLetter
from ingest.letters import Letters, Sighting
from ingest.message import Message
from store.base import Document
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 11, 19, 12, 20, tzinfo=UTC)  # a Thursday, 13:20 in Stockholm
MONDAY = date(2026, 11, 16)

LESSONS = ("08:20-09:20", "09:40-10:40", "10:50-11:40", "12:30-13:30", "13:45-14:40")

TEXTS = {
    "classroom.toml": '[site]\nname = "Helsingborgs skolor"\n[targets]\nsaving_pct = 5\n[factors]\n'
    'chosen = ["se-el-ivl-nordic-2023", "se-el-ei-residual-2023", "helsingborg-heat-vmk-2020"]\n',
    "schools.csv": "key,name,municipality,latitude,longitude\n"
    "tagaborg,Tågaborgsskolan,Helsingborg,56.05,12.69\n"
    "garda,Gårdaskolan,Helsingborg,,\n"
    "olympia,Olympiaskolan,Helsingborg,,\n"
    "ringstorp,Ringstorpsskolan,Helsingborg,,\n"
    "kungsgard,Kungsgårdsskolan,Ängelholm,,\n",
    "stations.csv": "key,name,latitude,longitude\nsmhi,Helsingborg A,56.03,12.77\n",
    "school_attributes.csv": "school,valid_from,atemp_m2,pupils\n"
    "tagaborg,2025-07-01,6200,410\n"
    "garda,2025-07-01,2900,205\n"
    "olympia,2025-07-01,9800,820\n"
    "ringstorp,2025-07-01,5100,360\n",
    "rooms.csv": "school,key,name,openable_windows,area_m2,volume_m3,persons,age_group,ventilation,"
    "ovk_flow_l_s\n"
    "tagaborg,a101,Sal A101,true,62,174,26,11-15,FTX,215\n"
    "tagaborg,a102,Sal A102,true,60,168,28,11-15,FTX,205\n"
    "tagaborg,a103,Sal A103,true,58,160,29,11-15,FTX,230\n"
    "tagaborg,slojd,Slöjdsalen,false,90,280,16,11-15,FTX,\n"
    "tagaborg,bibliotek,Biblioteket,true,120,340,30,,,\n"
    "tagaborg,musik,Musiksalen,true,,,,,,\n"
    "tagaborg,grupp,Grupprummet,true,,,,,,\n"
    "garda,b1,Sal B1,true,61,170,24,6-10,FT,\n"
    "olympia,c1,Sal C1,true,,,,,,\n",
    "meters.csv": "school,key,name,carrier,role\n"
    "tagaborg,el,Elmätare,electricity,main\n"
    "tagaborg,heat,Värmemätare,district_heat,main\n"
    "garda,el,Elmätare,electricity,main\n"
    "olympia,el,Elmätare,electricity,main\n"
    "ringstorp,el,Elmätare,electricity,main\n"
    "ringstorp,heat,Värmemätare,district_heat,main\n",
    "devices.csv": "key,school,room,interval_s\n"
    + "".join(
        f"{room},{school},{room},300\n"
        for school, room in (
            ("tagaborg", "a101"),
            ("tagaborg", "a102"),
            ("tagaborg", "a103"),
            ("tagaborg", "slojd"),
            ("tagaborg", "bibliotek"),
            ("tagaborg", "musik"),
            ("tagaborg", "grupp"),
            ("garda", "b1"),
        )
    ),
    "lessons.csv": "school,room,weekday,start,end,group_size\n"
    + "".join(
        f"tagaborg,{room},{weekday},{span[:5]},{span[6:]},26\n"
        for room in ("a101", "a102", "a103", "slojd", "bibliotek", "musik")
        for weekday in range(1, 6)
        for span in LESSONS
    ),
}

FILES = {"classroom_toml": "classroom.toml"}
"""Texts of a site that are no tables, by the name of their argument."""

GAINS = {"a101": 420, "a102": 880, "a103": 1_500, "slojd": 1_350, "bibliotek": 700, "musik": 650, "b1": 500}
"""How far each room would rise above 420 ppm in a long lesson."""


def co2_at(room: str, local_minute: float) -> float:
    """CO2 [ppm] of a room: towards its gain in lessons, back to the outdoor level in breaks."""
    ppm = 420.0
    for minute in range(7 * 60, int(local_minute)):
        lesson = any(int(s[:2]) * 60 + int(s[3:5]) <= minute < int(s[6:8]) * 60 + int(s[9:]) for s in LESSONS)
        target = 420 + (GAINS[room] if lesson else 0)
        ppm += (target - ppm) / (22 if lesson else 12)
    return ppm + 9 * math.sin(local_minute * 1.7)


def day_readings(room: str) -> list[Reading]:
    """The day's CO2 and temperature of a room up to NOW, one message every five minutes."""
    readings = []
    for minute in range(6 * 60, 13 * 60 + 20, 5):
        if room == "a102" and 10 * 60 <= minute < 10 * 60 + 40:
            continue  # a gap in the middle of the day
        if room == "bibliotek" and minute > 11 * 60:
            continue  # silent ever since
        time_ = NOW + timedelta(minutes=minute - (13 * 60 + 20) + 2)
        bad = room == "musik" and minute > 12 * 60
        co2 = 9_999.0 if bad else round(co2_at(room, minute), 0)
        readings.append(Reading(room, "co2_ppm", time_, co2, int(Flag.SENTINEL) if bad else 0))
        temperature = 20.4 + 1.6 * min(1.0, max(0, minute - 480) / 240) + 0.1 * math.sin(minute)
        readings.append(Reading(room, "temperature_c", time_, round(temperature, 1)))
    readings.append(Reading(room, "battery_pct", readings[-1].time, 12.0 if room == "a103" else 87.0))
    return readings


def energy_days(site: Site, school: str, carrier: Carrier, amounts: Sequence[float | None]) -> list[Metric]:
    """Daily energy from Monday on with its emissions; None is a day without data, the last one is running."""
    factor = {
        "electricity": ("se-el-ivl-nordic-2023", 59.0),
        "district_heat": ("helsingborg-heat-vmk-2020", 71.0),
    }
    id_, intensity = factor[carrier]
    found = []
    for number, kwh in enumerate(amounts):
        start, end = day_span(MONDAY + timedelta(days=number), site.zone)
        running = number == len(amounts) - 1
        coverage = 0.0 if kwh is None else 0.55 if running else 0.99
        status = Status.NO_DATA if kwh is None else Status.PARTIAL if running else Status.OK
        energy = Metric(
            time=start,
            period_end=end,
            interval=Interval.DAY,
            school=school,
            scope=Scope.SCHOOL,
            id=school,
            metric="energy_kwh",
            carrier=carrier,
            basis=None,
            value=kwh,
            low=None,
            high=None,
            unit="kWh",
            coverage=coverage,
            status=status,
            reason=None if kwh is not None else "no_readings",
            method="energy.registers/1",
            factors=(),
            fingerprint="test",
        )
        kg = None if kwh is None else kwh * intensity / 1_000
        emitted = energy._replace(
            metric="emissions_kgco2e",
            unit="kgCO2e",
            value=kg,
            method="emissions.location_market/2",
            basis="location",
            factors=(id_,),
        )
        missing = emitted._replace(
            basis="market", value=None, factors=(), status=Status.INSUFFICIENT, reason="no_factor"
        )
        found += [energy, emitted, missing]
    return found


def room_days(site: Site, school: str, room: str, coverage: float) -> list[Metric]:
    """Daily CO2 means of a room."""
    energy = energy_days(site, school, Carrier.ELECTRICITY, [700.0, 690.0, 710.0, 800.0])[::3]
    return [
        metric._replace(
            scope=Scope.ROOM,
            id=room,
            metric="co2_mean_ppm",
            carrier=None,
            unit="ppm",
            coverage=coverage,
            status=Status.OK,
            method="indoor.room_day/1",
        )
        for metric in energy
    ]


def week_hours(store: DuckDBStore) -> pd.DataFrame:
    """Hourly rollups of today, and the same of the three days before, though their readings are not kept."""
    start, end = NOW - timedelta(hours=8), NOW
    today = store.read_readings(GAINS, ("co2_ppm", "temperature_c"), start, end)
    changed = pd.DataFrame({"device": today["device"], "hour": today["time"].dt.floor("h")}).drop_duplicates()
    hours = store.compute_hours(changed, dict.fromkeys(GAINS, 300))
    days = [hours.assign(hour=hours["hour"] - timedelta(days=back)) for back in range(4)]
    return pd.concat(days, ignore_index=True)


def flow_days(site: Site, room: str, rates: Sequence[float]) -> list[Metric]:
    """Air change rates [1/h] of a room on the days before NOW, each known to within a fifth."""
    model = room_days(site, "tagaborg", room, 0.97)[0]
    found = []
    for back, rate in enumerate(rates, start=1):
        start, end = day_span(date(2026, 11, 19) - timedelta(days=back), site.zone)
        found.append(
            model._replace(
                time=start,
                period_end=end,
                metric="air_change_rate_per_h",
                value=rate,
                low=rate * 0.8,
                high=rate * 1.2,
                unit="1/h",
                method="ventilation.room_day/2",
            )
        )
    return found


def heard(path: Path) -> Letters:
    """Two devices that hang nowhere, one of them with a name from outside, and a message nobody reads."""
    letters = Letters(path)
    sightings = [
        Sighting("a101", "elsys", NOW - timedelta(days=9), NOW, "application/1/device/a101", 900),
        Sighting("a81758fffe0312ab", "elsys", NOW - timedelta(hours=3), NOW, "application/1/x", 36),
        Sighting(
            "tagaborg/$(id)",
            "native",
            NOW - timedelta(days=1),
            NOW - timedelta(hours=2),
            "classroom/tagaborg/grupp/$(id)",
            4,
            {"school": "tagaborg", "room": "grupp"},
        ),
    ]
    message = Message("zigbee2mqtt/sal7", b'{"co2": <b>12</b>', NOW - timedelta(minutes=20))
    letters.write("spool", 1, [NewLetter(1, message, len(message.payload), "not_json")], sightings)
    return letters


def fill(store: DuckDBStore, site: Site) -> None:
    """Readings of today and figures of the week."""
    for room in GAINS:
        store.write_readings(day_readings(room))
    store.write_hours(week_hours(store))
    store.write_metrics(
        energy_days(site, "tagaborg", Carrier.ELECTRICITY, [642.4, 655.1, None, 301.2])
        + energy_days(site, "tagaborg", Carrier.DISTRICT_HEAT, [1_804.0, 1_951.5, 1_890.2, 944.0])
        + energy_days(site, "garda", Carrier.ELECTRICITY, [310.0, 322.5, 318.0, 140.0])
        + energy_days(site, "olympia", Carrier.ELECTRICITY, [1_410.0, 1_388.5, 1_402.0, 655.0])
        + energy_days(site, "ringstorp", Carrier.ELECTRICITY, [580.0, 575.5, 561.0, 270.0])
        + energy_days(site, "ringstorp", Carrier.DISTRICT_HEAT, [1_210.0, 1_290.5, 1_260.0, 610.0])
        + flow_days(site, "a101", [6.1, 6.3, 6.0, 6.2, 6.4, 6.2])
        + flow_days(site, "a102", [4.6, 4.9, 4.7, 4.8, 4.5])
        + flow_days(site, "a103", [2.1, 2.3, 2.2, 2.0, 2.2, 9.0])
        + flow_days(site, "slojd", [3.0, 3.1])
        + [m for room in GAINS if room != "b1" for m in room_days(site, "tagaborg", room, 0.97)]
    )


def learn(store: DuckDBStore, site: Site) -> None:
    """A year of Tågaborgsskolan and its weather, which ends before the weeks that tests look at."""
    year = days_between(date(2025, 10, 1), date(2026, 10, 31))
    write_weather(store, site, "smhi", [*year, *days_between(date(2026, 11, 1), date(2026, 11, 19))])
    usual = {Carrier.ELECTRICITY: lambda day: 640.0 + 10 * (day.day % 3 - 1)}
    usual[Carrier.DISTRICT_HEAT] = lambda day: 1.35 * heat_kwh(day) * (1 + 0.02 * (day.day % 3 - 1))
    for carrier, of_day in usual.items():
        write_energy(store, site, "tagaborg", carrier, year, of_day)


def experiment(store: DuckDBStore, site: Site) -> None:
    """Five weeks of lessons with A101 aired from 2 November on, and two experiments written down."""
    model = room_days(site, "tagaborg", "a101", 0.97)[0]
    found = []
    for back in range(1, 36):
        day = date(2026, 11, 19) - timedelta(days=back)
        if day.weekday() < 5:
            start, end = day_span(day, site.zone)
            for number, room in enumerate(("a101", "a102", "a103", "slojd")):
                aired = 200.0 if room == "a101" and day >= date(2026, 11, 2) else 0.0
                value = 1_000.0 + 40 * number + 5 * (day.day % 4) + 3 * (day.day % (3 + number)) - aired
                found.append(model._replace(time=start, period_end=end, id=room, value=value))
    store.write_metrics(found)
    kept = {
        "airing": {"action": "Vädrade varje rast", "room": "a101", "first": "2026-11-02"},
        "heat": {"action": "Sänkte värmen en grad", "first": "2026-11-16", "last": "2026-11-18"},
    }
    store.write_documents(
        [Document("experiment", "tagaborg", key, json.dumps(body)) for key, body in kept.items()]
    )


def context_over(store: DuckDBStore, site: Site) -> ApiContext:
    """What the application is handed, at NOW."""
    registry = CollectorRegistry()
    live = LiveHub(lambda: site, registry)
    live.seed(store, NOW)
    folder = Path(store.info().location).parent
    letters = heard(folder / "letters.sqlite")
    return ApiContext(
        site=lambda: site,
        store=store,
        clock=lambda: NOW,
        live=live,
        letters=letters,
        sightings=letters,
        health=lambda: [
            PartHealth("broker", True, "127.0.0.1:1883: connected"),
            PartHealth("spool", True, "0 messages wait"),
            PartHealth("analytics", False, "metrics are not up to date: disk full"),
        ],
        registry=registry,
        access=Access(AccessFile(folder / "access.sqlite")),
    )


@dataclass(frozen=True)
class Served:
    """A running server: its address, what it serves, and the real address of ``/skarm/ROOM``."""

    url: str
    context: ApiContext
    screens: Mapping[str, str]


def hang_screens(context: ApiContext) -> dict[str, str]:
    """A link for the screen of each room of Tågaborgsskolan."""
    assert context.access is not None
    tokens = Tokens(context.access.file)
    rooms = [room.key for room in context.site().rooms_of("tagaborg")]
    return {
        f"/skarm/{room}": "/skarm/" + tokens.create_screen("tagaborg", room, "", NOW, None)[1]
        for room in rooms
    }


def serve(context: ApiContext, port: int = 0) -> tuple[Server, threading.Thread, str]:
    """Start the real server in a thread; its address."""
    server = make_server(context, port)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), name="api", daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it had started"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    return server, thread, f"http://127.0.0.1:{port}"

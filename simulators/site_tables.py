"""The files of a site from plans of its schools: what a real site has, and what is to be simulated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np

from classroom.places import AgeGroup, Ventilation
from simulators.chance import stream
from simulators.defects import Defect
from simulators.keys import MeterFormat, RoomFormat, meter_device, room_device
from simulators.outdoor import outdoor_tables
from simulators.people import HALL_PERSONS
from simulators.scenario import SCENARIO_FILE, Solar
from simulators.school_year import calendar_rows

INTERVAL_S = 300
MUNICIPALITY = "Helsingborg"

Slots = tuple[tuple[str, str], ...]
"""Begin and end of a day's lessons, local time."""


class RoomPlan(NamedTuple):
    """A room; flows in L/s."""

    key: str
    name: str
    area_m2: float
    persons: int
    age: AgeGroup
    kind: Ventilation
    design_l_s: int | None
    ovk_l_s: int | None
    windows: bool
    speaks: RoomFormat
    use: float  # share of the week's lessons that take place here


class MeterPlan(NamedTuple):
    """A meter and the device at it."""

    key: str
    name: str
    carrier: str
    role: str = "main"
    parent: str = ""
    speaks: MeterFormat = "native"
    interval_s: int = 900


@dataclass(frozen=True)
class SchoolPlan:
    """A school before it is written down."""

    key: str
    name: str
    rooms: Sequence[RoomPlan]
    slots: Mapping[AgeGroup, Slots]
    lunch: Slots
    pupils: int
    atemp_m2: int
    ventilation_hours: str
    meters: Sequence[MeterPlan]
    school_hours: str = "08:00-15:00"


def site_texts(
    schools: Sequence[SchoolPlan],
    first_day: date,
    *,
    seed: int,
    language: Literal["sv", "en"],
    mqtt_port: int,
    api_port: int,
    defects: Sequence[Defect] = (),
    solar: Sequence[Solar] = (),
    outdoor_sensor: bool = False,
) -> dict[str, str]:
    """Texts of all files of a site by file name, for :func:`classroom.sitefiles.parse_site`.

    ``simulation.toml`` is among them. The calendar covers the school years around ``first_day``, from the
    year before to the second after. With ``outdoor_sensor`` one hangs at the first school, for all of them.
    """
    devices, tts = _device_rows(schools)
    years = range(first_day.year - 1, first_day.year + 3)
    outdoor = outdoor_tables(schools[0].key) if outdoor_sensor else {}
    return {
        **{name: _table(rows) for name, rows in outdoor.items()},
        "classroom.toml": _settings_text(language, mqtt_port, api_port),
        SCENARIO_FILE: _scenario_text(seed, first_day, tts, schools[0].key, defects, solar),
        "schools.csv": _table(
            {
                "key": school.key,
                "name": school.name,
                "municipality": MUNICIPALITY,
                "latitude": 56.05,
                "longitude": 12.7,
                "school_hours": school.school_hours,
            }
            for school in schools
        ),
        "school_attributes.csv": _table(
            {
                "school": school.key,
                "valid_from": date(first_day.year - 1, 1, 1),
                "atemp_m2": school.atemp_m2,
                "pupils": school.pupils,
                "tenure": "owned",
                "ventilation_hours": school.ventilation_hours,
            }
            for school in schools
        ),
        "buildings.csv": _table(
            {"school": school.key, "key": "hus-a", "name": "Hus A", "atemp_m2": ""} for school in schools
        ),
        "rooms.csv": _table(_room_row(school.key, room) for school in schools for room in school.rooms),
        "meters.csv": _table(_meter_row(school.key, meter) for school in schools for meter in school.meters),
        "devices.csv": _table(devices),
        "calendar.csv": _table(calendar_rows(years, MUNICIPALITY, [school.key for school in schools])),
        "lessons.csv": _table(row for school in schools for row in _lesson_rows(seed, school)),
        "tariffs.csv": _table(_TARIFFS),
    }


def _price(
    carrier: str, component: str, name: str, sek: float, months: str = "", high: bool = False
) -> dict[str, object]:
    return {
        "carrier": carrier,
        "component": component,
        "name": name,
        "price_sek": sek,
        "months": months,
        "weekdays": "1-5" if high else "",
        "hours": "06:00-22:00" if high else "",
        "source": "påhittad",
    }


_TARIFFS = (
    _price("electricity", "energy", "Elhandel", 0.62),
    _price("electricity", "energy", "Överföring", 0.09),
    _price("electricity", "energy", "Överföring höglast", 0.27, "11-3", high=True),
    _price("electricity", "tax", "Energiskatt", 0.44),
    _price("electricity", "power", "Effektavgift", 58),
    _price("electricity", "export", "Såld solel", 0.35),
    _price("district_heat", "energy", "Energi vinter", 0.71, "11-3"),
    _price("district_heat", "energy", "Energi övrig tid", 0.42, "4-10"),
    _price("district_heat", "power", "Effekt", 49),
    _price("district_heat", "flow", "Flöde", 4.1, "10-4"),
)
"""Prices without VAT as Swedish grid and heat companies build them; invented, as the schools are."""


def _room_row(school: str, room: RoomPlan) -> dict[str, object]:
    return {
        "school": school,
        "key": room.key,
        "name": room.name,
        "building": "hus-a",
        "area_m2": room.area_m2,
        "volume_m3": round(room.area_m2 * (3.4 if room.persons >= HALL_PERSONS else 2.8), 1),
        "persons": room.persons,
        "age_group": room.age,
        "ventilation": room.kind,
        "openable_windows": str(room.windows).lower(),
        "design_flow_l_s": room.design_l_s,
        "ovk_flow_l_s": room.ovk_l_s,
    }


def _meter_row(school: str, meter: MeterPlan) -> dict[str, object]:
    row = {
        "school": school,
        "key": meter.key,
        "name": meter.name,
        "carrier": meter.carrier,
        "role": meter.role,
    }
    return {**row, "parent": meter.parent} if meter.parent else dict(row)


def _device_rows(schools: Iterable[SchoolPlan]) -> tuple[list[dict[str, object]], list[str]]:
    """Rows of ``devices.csv``, rooms first in each school, and the devEUIs behind The Things Stack."""
    rows: list[dict[str, object]] = []
    tts: list[str] = []
    rooms_counted = meters_counted = 0
    for school in schools:
        for room in school.rooms:
            rooms_counted += room.speaks != "native"
            key = room_device(room.speaks, school.key, room.key, rooms_counted)
            tts += [key] if room.speaks == "tts" else []
            rows.append(
                {"key": key, "school": school.key, "room": room.key, "meter": "", "interval_s": INTERVAL_S}
            )
        for meter in school.meters:
            meters_counted += meter.speaks != "native"
            key = meter_device(meter.speaks, school.key, meter.key, meters_counted)
            rows.append(
                {
                    "key": key,
                    "school": school.key,
                    "room": "",
                    "meter": meter.key,
                    "interval_s": meter.interval_s,
                }
            )
    return rows, tts


def _lesson_rows(seed: int, school: SchoolPlan) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for room in school.rooms:
        rng = stream(seed, "demo lessons", school.key, room.key)
        slots = school.lunch if room.persons >= HALL_PERSONS else school.slots[room.age]
        for weekday in range(1, 6):
            for start, end in slots:
                if rng.random() < room.use:
                    group = _group_size(room.persons, rng)
                    rows.append(
                        {
                            "school": school.key,
                            "room": room.key,
                            "weekday": weekday,
                            "start": start,
                            "end": end,
                            "group_size": group,
                        }
                    )
    return rows


def _group_size(persons: int, rng: np.random.Generator) -> int:
    """Mostly the whole class, sometimes half of it."""
    return persons if rng.random() < 0.88 else persons // 2


def _table(rows: Iterable[Mapping[str, object]]) -> str:
    listed = list(rows)
    text = io.StringIO()
    columns = list(dict.fromkeys(column for row in listed for column in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()


def _scenario_text(
    seed: int,
    first_day: date,
    tts: list[str],
    first_school: str,
    defects: Sequence[Defect],
    solar: Sequence[Solar],
) -> str:
    listed = ", ".join(f'"{eui}"' for eui in tts)
    planted = "".join(
        _toml_table(name, table.model_dump(mode="json", exclude_none=True))
        for name, tables in (("solar", solar), ("defects", defects))
        for table in tables
    )
    return f"""\
# What `classroom-climate simulate` plays. The same file gives the same school, today and tomorrow:
# live messages go on where the history ended.

seed = {seed}
first_day = {first_day.isoformat()}  # registers start here

# LoRaWAN devices (devEUI) that speak through The Things Stack v3; the others speak through ChirpStack v4.
the_things_stack = [{listed}]

# Silence, to see what a gap does. Leave out device and school and everything is silent.
# [[faults]]
# kind = "outage"
# start = {first_day.isoformat()}T10:00:00Z
# end = {first_day.isoformat()}T12:00:00Z
# device = "{first_school}/el-1"
{planted}\
"""


def _toml_table(name: str, values: Mapping[str, object]) -> str:
    """One table of an array; text and numbers only, dates bare."""
    lines = [f"{key} = {_toml(key, value)}" for key, value in values.items()]
    return "\n".join(["", f"[[{name}]]", *lines, ""])


def _toml(key: str, value: object) -> str:
    return f'"{value}"' if isinstance(value, str) and key not in ("first", "last") else str(value)


def _settings_text(language: str, mqtt_port: int, api_port: int) -> str:
    return f"""\
# A simulated site: invented schools, synthetic weather. Nothing here was measured.

[site]
key = "demo"
name = "{"Demokommunens skolor" if language == "sv" else "Schools of the demo town"}"
time_zone = "Europe/Stockholm"
language = "{language}"

[mqtt]
host = "127.0.0.1"
port = {mqtt_port}

[api]
port = {api_port}

[factors]
# Location basis, market basis, and the town's own district heating network. Electricity and heat are both
# over the life cycle, so that a school's emissions add up; what Sweden's power stations emit: se-el-eea-2024.
chosen = ["se-el-ivl-nordic-2023", "se-el-ei-residual-2023", "helsingborg-heat-vmk-2020"]
"""

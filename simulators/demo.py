"""The site files of a demo municipality: schools that do not exist, with everything that a real site has."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

import numpy as np

from classroom.places import AgeGroup, Ventilation
from simulators.chance import stream
from simulators.people import HALL_PERSONS
from simulators.scenario import SCENARIO_FILE
from simulators.school_year import calendar_rows

INTERVAL_S = 300
_METERS = (("el", 900), ("fjarrvarme", 3600))  # as Swedish grids and heat networks read them
MUNICIPALITY = "Helsingborg"
FIRST_SCHOOL = "almgarden"

_NAMES = (
    ("almgarden", "Almgårdens skola"),
    ("bjorkbacka", "Björkbackaskolan"),
    ("hasselro", "Hasselroskolan"),
    ("lindhaga", "Lindhagaskolan"),
    ("ronnasen", "Rönnåsskolan"),
    ("sundsvang", "Sundsvångens skola"),
    ("tallmo", "Tallmoskolan"),
    ("videdal", "Videdalsskolan"),
)
"""Invented; no school of Helsingborg is meant."""

_SLOTS = (("08:10", "09:00"), ("09:20", "10:20"), ("10:40", "11:40"), ("12:25", "13:20"), ("13:35", "14:30"))
_LUNCH = (("10:45", "11:25"), ("11:30", "12:10"), ("12:15", "12:50"))


class _Plan(NamedTuple):
    """A room of the demo; flows in L/s."""

    key: str
    name: str
    area_m2: float
    persons: int
    age: AgeGroup
    kind: Ventilation
    design_l_s: int | None
    ovk_l_s: int | None
    windows: bool
    speaks: Literal["native", "chirpstack", "tts"]
    use: float  # share of the week's lessons that take place here


_FIRST_ROOMS = (
    _Plan(
        "1a", "Klassrum 1A", 62, 24, AgeGroup.AGE_6_10, Ventilation.FTX, 205, 200, True, "chirpstack", 0.96
    ),
    # Underventilated: the flow measured at the last inspection is a third of the designed one.
    _Plan("4b", "Klassrum 4B", 58, 26, AgeGroup.AGE_6_10, Ventilation.F, 200, 70, True, "native", 0.96),
    _Plan("7a", "Klassrum 7A", 64, 27, AgeGroup.AGE_11_15, Ventilation.VAV, 260, 250, False, "native", 0.88),
    # The old wing: no fan at all, the windows are the ventilation.
    _Plan("8c", "Klassrum 8C", 66, 25, AgeGroup.AGE_11_15, Ventilation.S, None, None, True, "tts", 0.8),
    _Plan("no", "NO-sal", 78, 24, AgeGroup.AGE_11_15, Ventilation.FT, 230, 225, True, "chirpstack", 0.7),
    _Plan("matsal", "Matsal", 160, 110, AgeGroup.AGE_11_15, Ventilation.FTX, 720, 700, False, "native", 1.0),
)


def demo_site(
    first_day: date,
    *,
    schools: int = 1,
    seed: int = 1,
    language: Literal["sv", "en"] = "sv",
    mqtt_port: int = 1883,
    api_port: int = 8000,
) -> dict[str, str]:
    """Texts of all files of the demo site by file name, for :func:`classroom.sitefiles.parse_site`.

    ``simulation.toml`` is among them. The calendar covers the school years around ``first_day``, from the
    year before to the second after. ``schools`` is at least 1; the first one is always the same six rooms.

    Raises:
        ValueError: ``schools`` is below 1.
    """
    if schools < 1:
        raise ValueError(f"schools = {schools}: a site needs at least 1")
    keys = [_name(index) for index in range(schools)]
    rooms = {key: _FIRST_ROOMS if i == 0 else _drawn_rooms(seed, key) for i, (key, _) in enumerate(keys)}
    euis = _device_euis(rooms)
    calendar = calendar_rows(
        range(first_day.year - 1, first_day.year + 3), MUNICIPALITY, [k for k, _ in keys]
    )
    return {
        "classroom.toml": _settings_text(language, mqtt_port, api_port),
        SCENARIO_FILE: _scenario_text(
            seed, first_day, [eui for (eui, plan) in euis.values() if plan.speaks == "tts"]
        ),
        "schools.csv": _table(
            {
                "key": key,
                "name": name,
                "municipality": MUNICIPALITY,
                "latitude": 56.05,
                "longitude": 12.7,
                "school_hours": "08:00-15:00",
            }
            for key, name in keys
        ),
        "school_attributes.csv": _table(_attributes(seed, key, rooms[key], first_day) for key, _ in keys),
        "buildings.csv": _table(
            {"school": key, "key": "hus-a", "name": "Hus A", "atemp_m2": ""} for key, _ in keys
        ),
        "rooms.csv": _table(_room_row(key, plan) for key, plans in rooms.items() for plan in plans),
        "meters.csv": _table(row for key, _ in keys for row in _meter_rows(key)),
        "devices.csv": _table(row for key, _ in keys for row in _device_rows(key, rooms[key], euis)),
        "calendar.csv": _table(calendar),
        "lessons.csv": _table(row for key, plans in rooms.items() for row in _lesson_rows(seed, key, plans)),
    }


def _name(index: int) -> tuple[str, str]:
    key, name = _NAMES[index % len(_NAMES)]
    round_number = index // len(_NAMES)
    return (key, name) if round_number == 0 else (f"{key}-{round_number + 1}", f"{name} {round_number + 1}")


def _drawn_rooms(seed: int, school: str) -> tuple[_Plan, ...]:
    """Rooms of a further school: 4 to 12, of its own age and ventilation, some worse than designed."""
    rng = stream(seed, "demo rooms", school)
    usual = (Ventilation.FTX, Ventilation.VAV, Ventilation.F, Ventilation.S)[
        int(rng.choice(4, p=(0.5, 0.2, 0.2, 0.1)))
    ]
    plans = []
    for number in range(1, int(rng.integers(4, 13)) + 1):
        young = rng.random() < 0.5
        persons = int(rng.integers(18, 30))
        area = float(round(rng.uniform(52, 72)))
        kind = usual if rng.random() < 0.8 else Ventilation.FTX
        design = round(7 * persons + 0.35 * area, -1)
        measured = round(design * float(rng.choice((1.05, 0.97, 0.85, 0.45), p=(0.35, 0.35, 0.2, 0.1))))
        natural = kind is Ventilation.S
        plans.append(
            _Plan(
                key=f"k{number:02d}",
                name=f"Klassrum {number}",
                area_m2=area,
                persons=persons,
                age=AgeGroup.AGE_6_10 if young else AgeGroup.AGE_11_15,
                kind=kind,
                design_l_s=None if natural else int(design),
                ovk_l_s=None if natural else measured,
                windows=bool(natural or rng.random() < 0.7),
                speaks=("native", "chirpstack", "tts")[int(rng.integers(0, 3))],
                use=float(rng.uniform(0.65, 0.98)),
            )
        )
    return tuple(plans)


def _attributes(seed: int, school: str, plans: Iterable[_Plan], first_day: date) -> dict[str, object]:
    rng = stream(seed, "demo attributes", school)
    pupils = round(
        sum(plan.persons for plan in plans if plan.persons < HALL_PERSONS) * float(rng.uniform(1.1, 1.4))
    )
    begin = ("05:30", "06:00", "06:30")[int(rng.integers(0, 3))]
    end = ("17:00", "18:00", "20:00")[int(rng.integers(0, 3))]
    return {
        "school": school,
        "valid_from": date(first_day.year - 1, 1, 1),
        "atemp_m2": round(pupils * float(rng.uniform(13, 16))),
        "pupils": pupils,
        "tenure": "owned",
        "ventilation_hours": f"{begin}-{end}",
    }


def _room_row(school: str, plan: _Plan) -> dict[str, object]:
    return {
        "school": school,
        "key": plan.key,
        "name": plan.name,
        "building": "hus-a",
        "area_m2": plan.area_m2,
        "volume_m3": round(plan.area_m2 * (3.4 if plan.persons >= HALL_PERSONS else 2.8), 1),
        "persons": plan.persons,
        "age_group": plan.age,
        "ventilation": plan.kind,
        "openable_windows": str(plan.windows).lower(),
        "design_flow_l_s": plan.design_l_s,
        "ovk_flow_l_s": plan.ovk_l_s,
    }


def _meter_rows(school: str) -> list[dict[str, object]]:
    return [
        {"school": school, "key": "el", "name": "Elmätare", "carrier": "electricity", "role": "main"},
        {
            "school": school,
            "key": "fjarrvarme",
            "name": "Fjärrvärme",
            "carrier": "district_heat",
            "role": "main",
        },
    ]


def _device_euis(rooms: Mapping[str, Iterable[_Plan]]) -> dict[tuple[str, str], tuple[str, _Plan]]:
    """A devEUI for every LoRaWAN room device, from the block of Elsys (A8-17-58), invented behind it."""
    lorawan = [(school, plan) for school, plans in rooms.items() for plan in plans if plan.speaks != "native"]
    return {
        (school, plan.key): (f"a81758fffe0d{number:04x}", plan)
        for number, (school, plan) in enumerate(lorawan, 1)
    }


def _device_rows(
    school: str, plans: Iterable[_Plan], euis: Mapping[tuple[str, str], tuple[str, _Plan]]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for plan in plans:
        key = f"{school}/co2-{plan.key}" if plan.speaks == "native" else euis[school, plan.key][0]
        rows.append({"key": key, "school": school, "room": plan.key, "meter": "", "interval_s": INTERVAL_S})
    for meter, interval_s in _METERS:
        rows.append(
            {
                "key": f"{school}/{meter}-1",
                "school": school,
                "room": "",
                "meter": meter,
                "interval_s": interval_s,
            }
        )
    return rows


def _lesson_rows(seed: int, school: str, plans: Iterable[_Plan]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for plan in plans:
        rng = stream(seed, "demo lessons", school, plan.key)
        slots = _LUNCH if plan.persons >= HALL_PERSONS else _SLOTS
        for weekday in range(1, 6):
            for start, end in slots:
                if rng.random() < plan.use:
                    group = _group_size(plan.persons, rng)
                    rows.append(
                        {
                            "school": school,
                            "room": plan.key,
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


def _scenario_text(seed: int, first_day: date, tts: list[str]) -> str:
    listed = ", ".join(f'"{eui}"' for eui in tts)
    return f"""\
# What `classroom-climate simulate` plays. The same file gives the same school, today and tomorrow:
# live messages go on where the history ended.

seed = {seed}
first_day = {first_day.isoformat()}  # registers start here

# LoRaWAN devices (devEUI) that speak through The Things Stack v3; the others speak through ChirpStack v4.
the_things_stack = [{listed}]

# Silence, to see what a gap does. Leave out device and school and everything is silent.
# [[pauses]]
# start = {first_day.isoformat()}T10:00:00Z
# end = {first_day.isoformat()}T12:00:00Z
# device = "{FIRST_SCHOOL}/el-1"
"""


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
# Location basis, market basis, and the town's own district heating network.
chosen = ["se-el-eea-2024", "se-el-ei-residual-2023", "helsingborg-heat-vmk-2020"]
"""

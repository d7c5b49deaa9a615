"""A city of schools that do not exist: each of its own size, age, habits, timetable, meters and defects."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, TypeVar

import numpy as np

from classroom.places import AgeGroup, Ventilation
from simulators.chance import stream
from simulators.defects import Defect, DefectKind
from simulators.people import HALL_PERSONS
from simulators.scenario import Solar
from simulators.site_tables import MeterPlan, RoomPlan, SchoolPlan, Slots, site_texts

_T = TypeVar("_T")

_TREES = ("Alm", "Björk", "Ek", "Hassel", "Lind", "Rönn", "Tall", "Gran", "Bok", "Ask", "Lönn", "Pil", "Asp")
_PLACES = ("backa", "gård", "hag", "lund", "vång", "äng", "dal")
_ASCII = str.maketrans("åäöÅÄÖ", "aaoAAO")

_SYSTEMS: tuple[tuple[Ventilation, float], ...] = (
    (Ventilation.S, 0.08),
    (Ventilation.F, 0.17),
    (Ventilation.FT, 0.10),
    (Ventilation.FTX, 0.45),
    (Ventilation.VAV, 0.20),
)
_AGES: tuple[tuple[tuple[AgeGroup, ...], float], ...] = (
    ((AgeGroup.AGE_6_10,), 0.25),
    ((AgeGroup.AGE_6_10, AgeGroup.AGE_11_15), 0.45),
    ((AgeGroup.AGE_11_15,), 0.20),
    ((AgeGroup.AGE_16_20,), 0.10),
)
_LUNCH: Slots = (("10:40", "11:20"), ("11:25", "12:05"), ("12:10", "12:50"))
_STAFF: Slots = (("09:40", "10:10"), ("11:30", "12:30"), ("15:10", "16:00"))
_END_OF_DAY = {
    AgeGroup.AGE_6_10: 13 * 60 + 50,
    AgeGroup.AGE_11_15: 15 * 60,
    AgeGroup.AGE_16_20: 16 * 60,
}
_PERMANENT = {
    DefectKind.BASE_LOAD_UP,
    DefectKind.HEAT_MEASURE,
    DefectKind.INSULATION,
}
DRAWN = (
    DefectKind.HEATING_IN_HOLIDAYS,
    DefectKind.VENTILATION_ALL_NIGHT,
    DefectKind.SETPOINT_HIGH,
    DefectKind.BASE_LOAD_UP,
    DefectKind.UNDERVENTILATED_ROOM,
    DefectKind.HEAT_MEASURE,
    DefectKind.INSULATION,
)
"""What cities have; other kinds are planted by hand, so that a seed gives the city that it always gave."""

SECOND_DEFECT = 0.25
"""Chance of a school with a defect to have another one."""


def city_site(
    first_day: date,
    *,
    schools: int = 20,
    seed: int = 1,
    language: Literal["sv", "en"] = "sv",
    mqtt_port: int = 1883,
    api_port: int = 8000,
    planted: bool = True,
    rooms: tuple[int, int] = (8, 36),
) -> dict[str, str]:
    """Texts of all files of a city by file name, as :func:`simulators.demo.demo_site` gives them.

    A school has between ``rooms`` classrooms, a dining hall and a staff room. With ``planted`` seven of eight
    schools have a defect or a measure, each of seven kinds in turn; they stand in ``simulation.toml``.

    Raises:
        ValueError: ``schools`` is below 1, or ``rooms`` are none.
    """
    if schools < 1:
        raise ValueError(f"schools = {schools}: a city needs at least 1")
    if not 1 <= rooms[0] <= rooms[1]:
        raise ValueError(f"rooms = {rooms}: from at least 1 to no fewer")
    solar = {index: plant for index in range(schools) if (plant := _solar(seed, city_name(index)[0]))}
    plans = [_school(seed, index, rooms, index in solar) for index in range(schools)]
    defects = (
        [d for i, plan in enumerate(plans) for d in _defects(seed, i, plan, first_day)] if planted else ()
    )
    return site_texts(
        plans,
        first_day,
        seed=seed,
        language=language,
        mqtt_port=mqtt_port,
        api_port=api_port,
        defects=defects,
        solar=list(solar.values()),
    )


def city_name(index: int) -> tuple[str, str]:
    """Key and name of a city's school, counted from 0; invented, no school of Helsingborg is meant."""
    stem = _TREES[index % len(_TREES)] + _PLACES[index // len(_TREES) % len(_PLACES)]
    again = index // (len(_TREES) * len(_PLACES))
    number = f"-{again + 1}" if again else ""
    key = stem.lower().translate(_ASCII)
    return f"{key}{number}", f"{stem}skolan{number.replace('-', ' ')}"


def _school(seed: int, index: int, sizes: tuple[int, int], solar: bool) -> SchoolPlan:
    key, name = city_name(index)
    rng = stream(seed, "city", key)
    ages = _one_of(rng, _AGES)
    system = _one_of(rng, _SYSTEMS)
    count = round(float(np.exp(rng.uniform(np.log(sizes[0]), np.log(sizes[1])))))
    rooms = [_classroom(rng, number, ages, system) for number in range(1, count + 1)]
    seated = sum(room.persons for room in rooms)
    rooms.append(_hall(rng, ages[-1], seated))
    rooms.append(_staff_room(rng, system))
    pupils = round(seated * float(rng.uniform(0.92, 1.0)))  # special rooms are used by turns
    begin, end = (
        rng.choice(("05:00", "05:30", "06:00", "06:30")),
        rng.choice(("16:30", "17:30", "18:00", "20:00")),
    )
    first_lesson = int(rng.choice((8 * 60, 8 * 60 + 10, 8 * 60 + 20, 8 * 60 + 30)))
    slots = {age: _slots(rng, first_lesson, _END_OF_DAY[age]) for age in ages}
    return SchoolPlan(
        key=key,
        name=name,
        rooms=rooms,
        slots={**slots, AgeGroup.ADULT: _STAFF},
        lunch=_LUNCH,
        pupils=pupils,
        atemp_m2=round(pupils * float(rng.uniform(12.5, 17))),
        ventilation_hours=f"{begin}-{end}",
        meters=_meters(rng, solar),
        school_hours=f"{_clock(first_lesson)}-{_clock(max(_END_OF_DAY[age] for age in ages))}",
    )


def _classroom(
    rng: np.random.Generator, number: int, ages: tuple[AgeGroup, ...], system: Ventilation
) -> RoomPlan:
    age = ages[int(rng.integers(len(ages)))]
    special = rng.random() < 0.12
    area = float(round(rng.uniform(70, 90) if special else rng.uniform(52, 70)))
    persons = int(rng.integers(20, 31))
    kind = system if rng.random() < 0.85 else Ventilation.FTX
    design = round(7 * persons + 0.35 * area, -1)
    worse = float(rng.choice((1.05, 0.97, 0.85, 0.5), p=(0.35, 0.40, 0.20, 0.05)))
    natural = kind is Ventilation.S
    return RoomPlan(
        key=f"k{number:02d}",
        name=f"{'Ämnessal' if special else 'Klassrum'} {number}",
        area_m2=area,
        persons=persons,
        age=age,
        kind=kind,
        design_l_s=None if natural else int(design),
        ovk_l_s=None if natural else round(design * worse),
        windows=bool(natural or rng.random() < 0.75),
        speaks=("native", "chirpstack", "tts", "milesight", "zigbee2mqtt")[
            int(rng.choice(5, p=(0.15, 0.4, 0.15, 0.2, 0.1)))
        ],
        use=float(rng.uniform(0.45, 0.7) if special else rng.uniform(0.75, 0.98)),
    )


def _hall(rng: np.random.Generator, age: AgeGroup, seated: int) -> RoomPlan:
    persons = max(HALL_PERSONS, round(seated / 3))
    design = round(5 * persons + 0.35 * 1.4 * persons, -1)
    return RoomPlan(
        "matsal", "Matsal", float(round(1.4 * persons)), persons, age, Ventilation.FTX, int(design),
        round(design * float(rng.uniform(0.85, 1.05))), False, "native", 1.0,
    )  # fmt: skip


def _staff_room(rng: np.random.Generator, system: Ventilation) -> RoomPlan:
    area, persons = float(round(rng.uniform(30, 50))), int(rng.integers(6, 15))
    design, measured = (None, None) if system is Ventilation.S else (120, 115)
    return RoomPlan(
        "personal",
        "Personalrum",
        area,
        persons,
        AgeGroup.ADULT,
        system,
        design,
        measured,
        True,
        "native",
        0.5,
    )


def _slots(rng: np.random.Generator, begin: int, end: int) -> Slots:
    """Lessons of 40 to 80 minutes with breaks between, lunch about noon; local time."""
    found = []
    at, eaten = begin, False
    while at + 40 <= end:
        length = int(rng.choice((40, 50, 60, 70, 80)))
        stop = min(at + length, end)
        found.append((_clock(at), _clock(stop)))
        lunch = not eaten and stop >= 11 * 60 + 10
        eaten = eaten or lunch
        at = stop + (45 if lunch else int(rng.choice((10, 15, 20))))
    return tuple(found)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _meters(rng: np.random.Generator, solar: bool) -> list[MeterPlan]:
    speaks: Literal["shelly", "p1", "native"] = "native"
    drawn = rng.random()
    if drawn < 0.3:
        speaks = "shelly"
    elif drawn < 0.4:
        speaks = "p1"
    heat: Literal["wmbusmeters", "native"] = "wmbusmeters" if rng.random() < 0.5 else "native"
    meters = [
        MeterPlan(
            "el", "Elmätare", "electricity", speaks=speaks, interval_s=60 if speaks == "shelly" else 900
        ),
        MeterPlan("fjarrvarme", "Fjärrvärme", "district_heat", speaks=heat, interval_s=3600),
    ]
    if rng.random() < 0.4:
        meters.append(MeterPlan("el-vent", "Ventilation", "electricity", "sub", "el"))
    if solar:
        meters.append(MeterPlan("sol", "Solceller", "solar", "production"))
        meters.append(MeterPlan("el-ut", "Utmatning", "electricity", "export"))
    return meters


def _solar(seed: int, key: str) -> Solar | None:
    rng = stream(seed, "city solar", key)
    if rng.random() > 0.3:
        return None
    return Solar(
        school=key,
        peak_kw=float(round(rng.uniform(20, 120))),
        tilt_deg=float(rng.choice((10, 15, 30))),
        facing_deg=float(round(rng.uniform(-60, 60))),
    )


def _defects(seed: int, index: int, plan: SchoolPlan, first_day: date) -> list[Defect]:
    """What is planted in a school: every eighth has nothing, the others each kind in turn, some two."""
    rng = stream(seed, "city defects", plan.key)
    kinds = [*DRAWN, None]
    turn = (index + int(stream(seed, "city defects").integers(len(kinds)))) % len(kinds)
    first = kinds[turn]
    if first is None:
        return []
    found = [first]
    if rng.random() < SECOND_DEFECT:
        found.append(DefectKind(str(rng.choice([kind for kind in DRAWN if kind is not first]))))
    return [_planted(rng, kind, plan, first_day) for kind in found]


def _planted(rng: np.random.Generator, kind: DefectKind, plan: SchoolPlan, first_day: date) -> Defect:
    classrooms = [r for r in plan.rooms if r.age is not AgeGroup.ADULT and r.persons < HALL_PERSONS]
    fans = [room.key for room in classrooms if room.kind is not Ventilation.S]
    if kind is DefectKind.UNDERVENTILATED_ROOM and not fans:
        kind = DefectKind.SETPOINT_HIGH
    begins = first_day + timedelta(days=int(rng.integers(40, 250)))
    lasts = timedelta(days=int(rng.integers(30, 120)))
    if kind is DefectKind.HEATING_IN_HOLIDAYS:
        return Defect(school=plan.key, kind=kind, first=first_day)
    if kind is DefectKind.UNDERVENTILATED_ROOM:
        return Defect(school=plan.key, kind=kind, first=begins, room=str(rng.choice(fans)))
    return Defect(
        school=plan.key, kind=kind, first=begins, last=None if kind in _PERMANENT else begins + lasts
    )


def _one_of(rng: np.random.Generator, weighted: tuple[tuple[_T, float], ...]) -> _T:
    return weighted[int(rng.choice(len(weighted), p=[weight for _, weight in weighted]))][0]

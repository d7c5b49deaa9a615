"""The site files of a demo municipality: schools that do not exist, with everything that a real site has."""

from __future__ import annotations

from datetime import date
from typing import Literal

from classroom.places import AgeGroup, Ventilation
from simulators.chance import stream
from simulators.people import HALL_PERSONS
from simulators.site_tables import MeterPlan, RoomPlan, SchoolPlan, site_texts

FIRST_SCHOOL = "almgarden"
METERS = (
    MeterPlan(
        "el", "Elmätare", "electricity", interval_s=900
    ),  # as Swedish grids and heat networks read them
    MeterPlan("fjarrvarme", "Fjärrvärme", "district_heat", interval_s=3600),
)

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

_FIRST_ROOMS = (
    RoomPlan(
        "1a", "Klassrum 1A", 62, 24, AgeGroup.AGE_6_10, Ventilation.FTX, 205, 200, True, "chirpstack", 0.96
    ),
    # Underventilated: the flow measured at the last inspection is a third of the designed one.
    RoomPlan("4b", "Klassrum 4B", 58, 26, AgeGroup.AGE_6_10, Ventilation.F, 200, 70, True, "native", 0.96),
    RoomPlan(
        "7a", "Klassrum 7A", 64, 27, AgeGroup.AGE_11_15, Ventilation.VAV, 260, 250, False, "native", 0.88
    ),
    # The old wing: no fan at all, the windows are the ventilation.
    RoomPlan("8c", "Klassrum 8C", 66, 25, AgeGroup.AGE_11_15, Ventilation.S, None, None, True, "tts", 0.8),
    RoomPlan("no", "NO-sal", 78, 24, AgeGroup.AGE_11_15, Ventilation.FT, 230, 225, True, "chirpstack", 0.7),
    RoomPlan(
        "matsal", "Matsal", 160, 110, AgeGroup.AGE_11_15, Ventilation.FTX, 720, 700, False, "native", 1.0
    ),
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
    plans = [_school(seed, index) for index in range(schools)]
    return site_texts(
        plans,
        first_day,
        seed=seed,
        language=language,
        mqtt_port=mqtt_port,
        api_port=api_port,
        outdoor_sensor=True,
    )


def _school(seed: int, index: int) -> SchoolPlan:
    key, name = _name(index)
    rooms = _FIRST_ROOMS if index == 0 else _drawn_rooms(seed, key)
    rng = stream(seed, "demo attributes", key)
    seated = sum(plan.persons for plan in rooms if plan.persons < HALL_PERSONS)
    pupils = round(seated * float(rng.uniform(1.1, 1.4)))
    begin = ("05:30", "06:00", "06:30")[int(rng.integers(0, 3))]
    end = ("17:00", "18:00", "20:00")[int(rng.integers(0, 3))]
    return SchoolPlan(
        key=key,
        name=name,
        rooms=rooms,
        slots=dict.fromkeys(AgeGroup, _SLOTS),
        lunch=_LUNCH,
        pupils=pupils,
        atemp_m2=round(pupils * float(rng.uniform(13, 16))),
        ventilation_hours=f"{begin}-{end}",
        meters=METERS,
    )


def _name(index: int) -> tuple[str, str]:
    key, name = _NAMES[index % len(_NAMES)]
    round_number = index // len(_NAMES)
    return (key, name) if round_number == 0 else (f"{key}-{round_number + 1}", f"{name} {round_number + 1}")


def _drawn_rooms(seed: int, school: str) -> tuple[RoomPlan, ...]:
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
            RoomPlan(
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

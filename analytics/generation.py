"""How much CO2 people breathe out: Persily & de Jonge (2017), Table 4, and who sits in a classroom.

Litres a second at 0 °C and 101 kPa by age and activity [met]; at room temperature the same amount of gas
takes (273 + T) / 273 times the space. A class sits at 1.2 to 1.4 met, a teacher stands and walks at 1.6 to
2.0; of adults in a room of their own nobody knows which. Half are taken as boys, half as girls.
"""

from __future__ import annotations

from typing import NamedTuple

from classroom.places import AgeGroup

_MET = (1.2, 1.4, 1.6, 2.0)
_TABLE: dict[AgeGroup, tuple[tuple[float, ...], tuple[float, ...]]] = {  # L/s of males, of females, at _MET
    AgeGroup.AGE_3_5: ((0.0023, 0.0026, 0.0030, 0.0038), (0.0021, 0.0024, 0.0028, 0.0035)),
    AgeGroup.AGE_6_10: ((0.0030, 0.0035, 0.0040, 0.0050), (0.0027, 0.0032, 0.0037, 0.0046)),
    AgeGroup.AGE_11_15: ((0.0041, 0.0048, 0.0054, 0.0068), (0.0035, 0.0041, 0.0047, 0.0058)),
    AgeGroup.AGE_16_20: ((0.0045, 0.0053, 0.0060, 0.0075), (0.0036, 0.0042, 0.0047, 0.0059)),
    AgeGroup.ADULT: ((0.0046, 0.0053, 0.0061, 0.0076), (0.0035, 0.0041, 0.0047, 0.0059)),
}

_SEATED, _STANDING = _MET[:2], _MET[2:]

PRESENT = 0.94
"""Share of a group that is there on an ordinary day: some 6 % are absent (field knowledge)."""

HALL_PERSONS = 40
"""A group so large has no teacher of its own: a dining hall, an assembly."""

KELVIN = 273.0
USUAL_C = 22.0


class People(NamedTuple):
    """Who is taken to be in a room: how many, what they breathe out [m³/s], and how far both may be off.

    ``number_sd`` and ``each_sd`` are standard deviations as shares: of the number, and of what one gives off.
    """

    number: float
    co2_m3_s: float
    number_sd: float
    each_sd: float


def generation_l_s(group: AgeGroup, met: float) -> float:
    """CO2 that one person gives off [L/s at 0 °C, 101 kPa], half male, half female.

    Raises:
        ValueError: the table has no such activity (1.2, 1.4, 1.6, 2.0 met).
    """
    at = _MET.index(met)
    return sum(of_sex[at] for of_sex in _TABLE[group]) / 2


def one_m3_s(group: AgeGroup, *, teaching: bool = False, temperature_c: float = USUAL_C) -> float:
    """What one person of ``group`` gives off in class, or a teacher in front of it [m³/s at the room's
    temperature]."""
    levels = _STANDING if teaching else _MET if group is AgeGroup.ADULT else _SEATED
    mean = sum(generation_l_s(group, met) for met in levels) / len(levels)
    return mean / 1_000 * (KELVIN + temperature_c) / KELVIN


def people_of(
    group: AgeGroup | None, told: int | None, room_persons: int | None, temperature_c: float = USUAL_C
) -> People | None:
    """Who is in a lesson with ``told`` in its group, or in a room for ``room_persons`` if that is not told.

    None where neither is known, or nobody is expected. Without an age group the middle one is taken, with the
    youngest and the oldest within its error.
    """
    size = told if told is not None else room_persons
    if not size:
        return None
    age = group or AgeGroup.AGE_11_15
    pupils = PRESENT * size
    teachers = 0 if age is AgeGroup.ADULT or size >= HALL_PERSONS else 1
    co2 = pupils * one_m3_s(age, temperature_c=temperature_c)
    co2 += teachers * one_m3_s(AgeGroup.ADULT, teaching=True, temperature_c=temperature_c)
    number = pupils + teachers
    number_sd = max(0.05, (size * PRESENT * (1 - PRESENT)) ** 0.5 / size)
    if told is None:
        number_sd = 0.20  # how many of the places are taken nobody has said
    each_sd = 0.25 if group is None else 0.15 if age is AgeGroup.ADULT else 0.08
    return People(number, co2, number_sd, each_sd)

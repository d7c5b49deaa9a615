"""A room's ventilation from its CO2: baseline, mass balance, decays, build-ups, and what they mean.

Three methods, the best first: the mass balance of lessons whose group the timetable tells, decays of the
empty room, and the curve of a build-up. Each gives an interval; where none can say anything there is no
figure. A flow measured in use is what the room got, not what its system can do: under demand control (VAV) at
part load it is no verdict on the system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.balance import Flow, Part, lesson_part, people_seen, pooled
from analytics.buildup import BuildUp, build_up
from analytics.decay import Decay, When, find_decays, when
from analytics.generation import People, people_of
from analytics.occupancy import ALONE_PPM_H, alone
from analytics.quantiles import median, quantile
from classroom.places import Room, Ventilation
from classroom.timetable import Span

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BASELINE_DAYS = 14
"""How far back a sensor's nights and weekends tell its baseline."""

BASELINE_QUANTILE = 0.05
BASELINE_PPM = (380.0, 500.0)
"""A baseline outside these is not outdoor air: nothing is said of the ventilation."""

LEAST_BASELINE_HOURS = 12
NIGHT_HOURS = (22, 6)
"""Local hours in which a school's rooms are empty; weekends are whole."""

ROOM_HEIGHT_M = 2.8
"""Of classrooms: 2.7 to 3.0 m (field knowledge)."""

GIVEN_VOLUME_SD, GUESSED_VOLUME_SD = 0.03, 0.07

REQUIRED_PERSON_L_S, REQUIRED_AREA_L_S_M2 = 7.0, 0.35
"""What a system must be able to give: AFS 2023:12 (as AFS 2020:1), FoHMFS 2014:18."""

FULL_LOAD_PPM = 1_000.0
"""From here on a demand-controlled room gets all that its system has for it (dampers open by 900 to 1000)."""

LEAKS_1_H = 0.5
"""Leaks and wind bring a closed room 0.1 to 0.3 air changes an hour (Batterman 2017: about 0.1), hardly
more."""

BREATH_CO2_PPM = 38_000.0
"""CO2 in exhaled air (Rudnick & Milton 2003)."""

EN_DELTA_PPM = (550.0, 800.0, 1_350.0)
"""CO2 above outdoors that bounds the categories I, II and III of EN 16798-1:2019 Annex B (20 L/h a person at
10, 7 and 4 L/s); more is category IV."""

_GAP_INTERVALS, _LEAST_GAP_S = 2.2, 1_200.0


class Method(StrEnum):
    """How an air change rate was found."""

    BALANCE = "mass_balance"
    DECAY = "decay"
    BUILD_UP = "build_up"


class Co2(NamedTuple):
    """Trusted CO2 readings of one sensor in a room, ascending, and its baseline [ppm]."""

    interval_s: int
    time_us: Ints
    ppm: Floats
    baseline_ppm: float


class Rate(NamedTuple):
    """An air change rate [1/h] with its 90 % interval."""

    rate_1_h: float
    low_1_h: float
    high_1_h: float


@dataclass(frozen=True)
class DayAir:
    """What a day says of a room's ventilation; each part is None where it cannot be said.

    ``flow`` is the mass balance of the day's lessons, ``by_lesson`` that of each (or why there is none), made
    of ``parts``; ``decays`` with where they stand, ``build_up`` the middle one of the day's.
    """

    flow: Flow | None
    by_lesson: tuple[Flow | str, ...]
    decays: tuple[tuple[Decay, When], ...]
    refused: int
    build_up: Rate | None
    parts: tuple[Part | str, ...] = ()

    def in_use(self) -> tuple[Rate, Method] | None:
        """The air change rate while the room was in use, by the best method that could tell."""
        if self.flow is not None:
            one = self.flow
            return Rate(one.rate_1_h, one.rate_low_1_h, one.rate_high_1_h), Method.BALANCE
        found = [one for one, at in self.decays if at in (When.BREAK, When.AFTER_SCHOOL)]
        if found:
            return _together(found), Method.DECAY
        return None if self.build_up is None else (self.build_up, Method.BUILD_UP)

    def at_night(self) -> Rate | None:
        """The air change rate outside the hours in which the ventilation runs."""
        found = [one for one, at in self.decays if at is When.EVENING]
        return _together(found) if found else None


def night_hours(hour: pd.Series, zone: ZoneInfo) -> npt.NDArray[np.bool_]:
    """Which UTC hours lie in a night or on a weekend of ``zone``."""
    local = hour.dt.tz_convert(zone)
    at, weekday = local.dt.hour.to_numpy(), local.dt.day_of_week.to_numpy()
    return np.asarray((at >= NIGHT_HOURS[0]) | (at < NIGHT_HOURS[1]) | (weekday >= 5))


def baseline_ppm(night_means: Floats) -> float | None:
    """What a sensor shows in outdoor air [ppm]: the 5 % quantile of its hourly means of nights and weekends.

    Its own, so that its error falls out of the excess; hourly means, since the low quantile of single
    readings is their noise. None of fewer than LEAST_BASELINE_HOURS, or outside BASELINE_PPM.
    """
    if len(night_means) < LEAST_BASELINE_HOURS:
        return None
    found = quantile(night_means, BASELINE_QUANTILE)
    return found if BASELINE_PPM[0] <= found <= BASELINE_PPM[1] else None


def volume_of(room: Room) -> tuple[float, float] | None:
    """Volume of a room [m³] and how far it may be off, as a share; None where nothing tells it."""
    if room.volume_m3 is not None:
        return room.volume_m3, GIVEN_VOLUME_SD
    return None if room.area_m2 is None else (room.area_m2 * ROOM_HEIGHT_M, GUESSED_VOLUME_SD)


def day_air(
    room: Room,
    lessons: Sequence[tuple[Span, int | None]],
    ventilated: Sequence[Span],
    co2: Co2,
    temperature_c: float,
) -> DayAir:
    """What the readings of one local day (with an hour on both sides, as far as there are) say.

    ``lessons`` are spans with group sizes (None: not told), ``ventilated`` the hours in which the school's
    fans run, ``temperature_c`` the room's mean while occupied.
    """
    excess = co2.ppm - co2.baseline_ppm
    size = volume_of(room)
    spans = [_us(span) for span, _ in lessons]
    flow, parts = flow_of_day(room, lessons, co2, temperature_c)
    each = tuple(pooled([p], *size) if isinstance(p, Part) and size is not None else str(p) for p in parts)
    busy = np.zeros(len(co2.time_us), dtype=bool)
    if spans:
        busy = (co2.time_us >= spans[0][0]) & (co2.time_us < max(end for _, end in spans) + 7_200_000_000)
    one_ppm_h = ALONE_PPM_H if size is None else alone(size[0])
    decays, refused = find_decays(co2.time_us, co2.ppm, co2.baseline_ppm, co2.interval_s, busy, one_ppm_h)
    running = [_us(span) for span in ventilated]
    steady = room.ventilation is not Ventilation.VAV
    rises = [build_up(co2.time_us, excess, start_us, end_us) for start_us, end_us in spans if steady]
    return DayAir(
        flow=flow,
        by_lesson=each,
        decays=tuple((one, when(one, spans, running)) for one in decays),
        refused=len(refused),
        build_up=_together([rise for rise in rises if rise is not None]) if any(rises) else None,
        parts=parts,
    )


def flow_of_day(
    room: Room, lessons: Sequence[tuple[Span, int | None]], co2: Co2, temperature_c: float
) -> tuple[Flow | None, tuple[Part | str, ...]]:
    """The mass balance of a day's lessons (None: it cannot be said), and that of each; arguments as of
    :func:`day_air`."""
    gap_s = max(_GAP_INTERVALS * co2.interval_s, _LEAST_GAP_S)
    size, excess = volume_of(room), co2.ppm - co2.baseline_ppm
    parts = []
    for span, told in lessons:
        people = people_of(room.age_group, told, room.persons, temperature_c)
        parts.append(_part(co2.time_us, excess, _us(span), people, size, gap_s))
    good = [part for part in parts if isinstance(part, Part)]
    day = pooled(good, *size) if size is not None else "no_volume"
    return day if isinstance(day, Flow) else None, tuple(parts)


def _part(
    time_us: Ints,
    excess_ppm: Floats,
    span_us: tuple[int, int],
    people: People | None,
    size: tuple[float, float] | None,
    gap_s: float,
) -> Part | str:
    if people is None:
        return "no_people"
    if size is None:
        return "no_volume"
    return lesson_part(time_us, excess_ppm, span_us, people, size[0], gap_s)


def _us(span: Span) -> tuple[int, int]:
    return round(span[0].timestamp() * 1e6), round(span[1].timestamp() * 1e6)


def _together(found: Sequence[Decay | BuildUp]) -> Rate:
    """Several rates as one: the median, with the median of their bounds."""
    return Rate(
        median([one.rate_1_h for one in found]),
        median([one.low_1_h for one in found]),
        median([one.high_1_h for one in found]),
    )


def people_by_flow(room: Room, part: Part | str) -> float | None:
    """How many people a lesson's CO2 tells of, by the flow measured in the room at its inspection (OVK).

    None without one, and in rooms whose flow is not always the same (VAV, S).
    """
    varies = room.ventilation in (Ventilation.VAV, Ventilation.S)
    if isinstance(part, str) or room.ovk_flow_l_s is None or varies:
        return None
    each = part.people.co2_m3_s / part.people.number
    return people_seen(part, room.ovk_flow_l_s / 1_000, each)


def fans_at_night(room: Room, night: Rate) -> bool:
    """Whether the fans of a room ran when they should have stood still: more air than leaks bring.

    A room without fans (S) has none to run.
    """
    return room.ventilation is not Ventilation.S and night.low_1_h > LEAKS_1_H


def required_l_s(people: float, area_m2: float) -> float:
    """Flow that a system must be able to give a room [L/s]: 7 L/s a person and 0.35 L/s m²."""
    return REQUIRED_PERSON_L_S * people + REQUIRED_AREA_L_S_M2 * area_m2


def of_requirement(room: Room, flow: Flow, highest_co2_ppm: float) -> float | None:
    """Measured flow to the one required, an indication of what the system can do.

    None where the area is not known, and of a demand-controlled room below FULL_LOAD_PPM: there the system
    gives what is asked of it, not what it has.
    """
    if room.area_m2 is None:
        return None
    if room.ventilation is Ventilation.VAV and highest_co2_ppm < FULL_LOAD_PPM:
        return None
    return flow.flow_m3_s * 1_000 / required_l_s(flow.people, room.area_m2)


def air_category(excess_ppm: Floats) -> Ints:
    """EN 16798-1 category of CO2 above outdoors: 1 to 4; 0 where it is NaN."""
    found = 1 + np.searchsorted(np.array(EN_DELTA_PPM), excess_ppm, "left")
    return np.where(np.isnan(excess_ppm), 0, found).astype(np.int64)


def rebreathed_fraction(excess_ppm: Floats) -> Floats:
    """Share of the air breathed in that others have breathed out (Rudnick & Milton 2003)."""
    return np.asarray(np.maximum(excess_ppm, 0.0) / BREATH_CO2_PPM)


def local_days_before(day: date, days: int = BASELINE_DAYS) -> tuple[date, date]:
    """First and last local day whose nights tell the baseline of ``day``."""
    return date.fromordinal(day.toordinal() - days), day

"""A room's air and comfort by local day, as metrics: what :mod:`analytics.ventilation` finds, with status.

A day is told by its own readings and by the sensor's baseline of the fortnight before (rollups of nights and
weekends), so that it comes out the same whenever it is computed. The ventilation of a running day is told
when the day has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analytics.coverage import LEAST_COVERAGE, reasons, status_of
from analytics.decay import When
from analytics.energy import to_us
from analytics.indoor import P95, Figure
from analytics.nights import Nights, baseline_on
from analytics.occupancy import ALONE_PPM_H, USUAL_RATE_1_H, alone, occupied
from analytics.points import HOUR_US
from analytics.quantiles import quantile
from analytics.rollups import DeviceSeries, cell_values, occupied_cells, weighted_quantile
from analytics.room_calendar import Day
from analytics.room_shares import shares, warmth
from analytics.ventilation import (
    Co2,
    DayAir,
    Method,
    day_air,
    fans_at_night,
    of_requirement,
    volume_of,
)
from classroom.metric import Status
from classroom.places import Room, Ventilation
from classroom.settings import AnalyticsSettings
from classroom.timetable import Span

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NIGHT_RATE_1_H = 0.15
"""Air change of a room whose fans stand still: about 0.1 (Batterman 2017) and a little wind."""

KEPT = {Ventilation.VAV: 0.4, Ventilation.S: 0.5}
"""What is left of a room's air change once its class has gone: dampers close, and windows."""

USUAL_TEMPERATURE_C = 22.0

AIR_METRICS = (
    "air_category_1_share",
    "air_category_2_share",
    "air_category_3_share",
    "air_category_4_share",
    "rebreathed_share",
    "air_change_rate_per_h",
    "airflow_l_s_person",
    "airflow_of_requirement",
    "night_air_change_rate_per_h",
    "occupied_detected_h",
)
"""What a day that has ended says of a room's air."""

_FLOWS = ("air_change_rate_per_h", "airflow_l_s_person", "airflow_of_requirement")


def co2_of_day(co2: Mapping[str, DeviceSeries], nights: Nights, day: Span) -> dict[str, Co2]:
    """Readings of local ``day`` of each sensor of the room that has a baseline, the one with most first."""
    found = {}
    for device, series in co2.items():
        baseline = baseline_on(nights, device, day)
        here = _rows(series.time_us, day)
        if baseline is not None and here.stop > here.start:
            found[device] = Co2(series.interval_s, series.time_us[here], series.value[here], baseline)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1].time_us), one[0])))


def occupied_by_co2(room: Room, told: Sequence[tuple[Day, Co2, DayAir]]) -> list[Bools]:
    """Whether somebody was in the room at each reading of days, from CO2 and the hours of the fans."""
    if not told:
        return []
    size = volume_of(room)
    starts = np.cumsum([0, *(len(co2.time_us) for _, co2, _ in told)])
    found = occupied(
        np.concatenate([co2.time_us for _, co2, _ in told]),
        np.concatenate([co2.ppm for _, co2, _ in told]),
        np.repeat([co2.baseline_ppm for _, co2, _ in told], np.diff(starts)),
        np.concatenate([_rates(room, *one) for one in told]),
        ALONE_PPM_H if size is None else alone(size[0]),
        starts[:-1],
    )
    return [found[start:end] for start, end in pairwise(starts.tolist())]


def _rates(room: Room, day: Day, co2: Co2, air: DayAir) -> Floats:
    """Air change rate [1/h] of a room without its class at each reading of a day."""
    running = np.zeros(len(co2.time_us), dtype=bool)
    for start, end in day.ventilated:
        running |= (co2.time_us >= to_us(start)) & (co2.time_us < to_us(end))
    use = _rate_in_hours(room, air)
    return np.where(running, use, min(NIGHT_RATE_1_H, use))


def _rate_in_hours(room: Room, air: DayAir) -> float:
    """Air change rate [1/h] of a room while the fans run, also without its class.

    Fans that run evenly: that of the lessons. With windows or demand control: that of the day's decays,
    rather of the fast ones (in the others somebody may have stayed), else a part of the lessons'. On days
    without either what the room's table says.
    """
    kept = 1.0 if room.ventilation is None else KEPT.get(room.ventilation, 1.0)
    decays = [one.rate_1_h for one, at in air.decays if at in (When.BREAK, When.AFTER_SCHOOL)]
    if decays and (kept < 1 or air.flow is None):
        return quantile(decays, 0.75)
    found, size = air.in_use(), volume_of(room)
    if found is not None:
        return kept * found[0].rate_1_h
    flow_l_s = room.design_flow_l_s if room.ovk_flow_l_s is None else room.ovk_flow_l_s
    if flow_l_s is None or size is None:
        return USUAL_RATE_1_H
    return max(USUAL_RATE_1_H, kept * flow_l_s * 3.6 / size[0])


def room_air(
    room: Room,
    days: Sequence[Day],
    now_us: int,
    series: Mapping[str, Mapping[str, DeviceSeries]],
    nights: Nights,
    intervals_s: Sequence[int],
    limits: AnalyticsSettings,
) -> dict[str, list[Figure]]:
    """Metrics of the room on ``days``, each a list in their order.

    ``series`` are trusted readings by quantity and device while it hung here, ``nights`` reach
    BASELINE_DAYS before the first day, ``intervals_s`` are those of all devices in the room.
    """
    cells = occupied_cells([day.occupied for day in days], now_us, intervals_s)
    temperature = cell_values(cells, list(series.get("temperature_c", {}).values()))
    co2 = series.get("co2_ppm", {})
    sensors = [co2_of_day(co2, nights, day.span) if day.ended else {} for day in days]
    excess = cell_values(cells, _above_baseline(sensors))
    measured = shares(days, now_us, cells, excess)
    silent = [_silent(day, co2) for day in days]
    found = {name: list(silent) for name in AIR_METRICS}
    edges = np.searchsorted(cells.day, np.arange(len(days) + 1)).tolist()
    told = []
    for at, of_day in enumerate(sensors):
        if of_day:
            best = next(iter(of_day.values()))
            mean_c = _mean_c(temperature[edges[at] : edges[at + 1]])
            told.append((at, best, day_air(room, days[at].lessons, days[at].ventilated, best, mean_c)))
    here = occupied_by_co2(room, [(days[at], best, air) for at, best, air in told])
    for (at, best, air), present in zip(told, here, strict=True):
        mine = slice(edges[at], edges[at + 1])
        figures = {name: of_days[at] for name, of_days in measured.items()}
        in_use = figures["rebreathed_share"]
        figures |= _flows(room, air, in_use, best.baseline_ppm, excess[mine], cells.length_s[mine])
        figures["occupied_detected_h"] = _detected(best, present, days[at].span)
        for name, figure in figures.items():
            found[name][at] = figure
    return warmth(days, now_us, cells, temperature, limits) | found


def _mean_c(inside_c: Floats) -> float:
    known = inside_c[~np.isnan(inside_c)]
    return float(known.mean()) if len(known) else USUAL_TEMPERATURE_C


def _silent(day: Day, co2: Mapping[str, DeviceSeries]) -> Figure:
    """What is said of a day's air where no sensor tells it."""
    if not day.ended:
        return Figure(None, 0.0, Status.NO_DATA, "running")
    heard = any(len(one.value[_rows(one.time_us, day.span)]) for one in co2.values())
    return Figure(None, 0.0, Status.NO_DATA, "no_baseline" if heard else "no_readings")


def _rows(time_us: Ints, span: Span) -> slice:
    """The readings of a local day."""
    first, last = np.searchsorted(time_us, [to_us(span[0]), to_us(span[1])])
    return slice(int(first), int(last))


def _above_baseline(sensors: Sequence[Mapping[str, Co2]]) -> list[DeviceSeries]:
    """The excess of each device [ppm] on the days on which it has a baseline."""
    days_of: dict[str, list[Co2]] = {}
    for of_day in sensors:
        for device, one in of_day.items():
            days_of.setdefault(device, []).append(one)
    return [
        DeviceSeries(
            some[0].interval_s,
            np.concatenate([one.time_us for one in some]),
            np.concatenate([one.ppm - one.baseline_ppm for one in some]),
        )
        for some in days_of.values()
    ]


def _flows(
    room: Room, air: DayAir, measured: Figure, baseline_ppm: float, excess: Floats, length_s: Floats
) -> dict[str, Figure]:
    """Air change rate, flow a person and to the required one, each with its interval and method."""
    if measured.value is None:
        found = dict.fromkeys(_FLOWS, measured)
    else:
        found = _in_use(room, air, measured, baseline_ppm, excess, length_s)
    night = air.at_night()
    found["night_air_change_rate_per_h"] = (
        Figure(None, 0.0, Status.NO_DATA, "no_decay")
        if night is None
        else Figure(
            night.rate_1_h,
            1.0,
            Status.OK,
            reasons(Method.DECAY, "fans_at_night" if fans_at_night(room, night) else None),
            night.low_1_h,
            night.high_1_h,
        )
    )
    return found


def _in_use(
    room: Room, air: DayAir, measured: Figure, baseline_ppm: float, excess: Floats, length_s: Floats
) -> dict[str, Figure]:
    """The flows of a day whose CO2 was ``measured``; what no method could tell says why."""
    refused = dict.fromkeys(one for one in air.by_lesson if isinstance(one, str))
    silent = Figure(None, measured.coverage, Status.INSUFFICIENT, "; ".join(refused) or "no_method")
    found = dict.fromkeys(_FLOWS, silent)
    rate = air.in_use()
    if rate is not None:
        one, method = rate
        found["air_change_rate_per_h"] = measured._replace(
            value=one.rate_1_h, low=one.low_1_h, high=one.high_1_h, reason=method
        )
    flow = air.flow
    if flow is not None:
        told = measured._replace(reason=Method.BALANCE)
        found["airflow_l_s_person"] = told._replace(
            value=flow.person_l_s, low=flow.person_low_l_s, high=flow.person_high_l_s
        )
        highest_ppm = baseline_ppm + weighted_quantile(excess, length_s, P95)
        share = of_requirement(room, flow, highest_ppm)
        why = "no_area" if room.area_m2 is None else "part_load"
        found["airflow_of_requirement"] = (
            silent._replace(reason=why) if share is None else told._replace(value=share)
        )
    return found


def _slot_us(co2: Co2) -> int:
    return HOUR_US // max(1, 3_600 // co2.interval_s)


def _detected(co2: Co2, here: Bools, span: Span) -> Figure:
    """Hours of the day in which somebody was there: occupied share of the slots that hold a reading."""
    slot = _slot_us(co2)
    number = co2.time_us // slot
    first = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    coverage = min(1.0, len(first) * slot / (to_us(span[1]) - to_us(span[0])))
    status = status_of(coverage)
    if coverage < LEAST_COVERAGE:
        return Figure(None, coverage, status, "few_readings")
    share = np.add.reduceat(here.astype(float), first) / np.diff(np.append(first, len(here)))
    hours = float(share.sum()) * slot / HOUR_US
    return Figure(hours, coverage, status, "gap" if status is Status.PARTIAL else None)

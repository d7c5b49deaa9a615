"""A room's air and comfort by local day, as metrics: what :mod:`analytics.ventilation` finds, with status.

A day is told by its own readings and by the sensor's baseline of the fortnight before (rollups of nights and
weekends), so that it comes out the same whenever it is computed. The ventilation of a running day is told
when the day has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.comfort import above_k, band, below_k, category, is_summer
from analytics.coverage import LEAST_COVERAGE, reasons, status_of
from analytics.decay import When
from analytics.energy import to_us
from analytics.indoor import P95, Figure
from analytics.nights import Nights, baseline_on
from analytics.occupancy import ALONE_PPM_H, USUAL_RATE_1_H, alone, occupied
from analytics.points import HOUR_US
from analytics.quantiles import quantile
from analytics.rollups import Cells, DeviceSeries, cell_values, occupied_cells, weighted_quantile
from analytics.ventilation import (
    BASELINE_DAYS,
    Co2,
    DayAir,
    Method,
    air_category,
    day_air,
    fans_at_night,
    of_requirement,
    rebreathed_fraction,
    volume_of,
)
from classroom.metric import Status
from classroom.places import DayType, Room, Ventilation
from classroom.settings import AnalyticsSettings
from classroom.site import Site
from classroom.timetable import Span, day_span, parse_hours

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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


class Day(NamedTuple):
    """What the calendar and the timetable say of a room's local day."""

    day: date
    span: Span
    lessons: Sequence[tuple[Span, int | None]]
    occupied: Sequence[Span]
    ventilated: Sequence[Span]
    ended: bool


def ventilated_spans(site: Site, school: str, day: date) -> list[Span]:
    """When the school's fans run on local ``day``, as its table says; empty where it does not say.

    Every day that is not closed, and hired evenings.
    """
    attributes = site.attributes_on(school, day)
    timetable = site.timetable(school)
    if attributes is None or attributes.ventilation_hours is None:
        return []
    spans = list(timetable.hired_evenings(day))
    if timetable.day_type(day) is not DayType.CLOSED:
        start, end = (
            datetime.combine(day, at, site.zone).astimezone(UTC)
            for at in parse_hours(attributes.ventilation_hours)
        )
        spans.append((start, end))
    return sorted(spans)


def room_days_of(site: Site, room: Room, days: Sequence[date], now_us: int) -> list[Day]:
    """The calendar's side of local ``days`` in ``room``."""
    timetable = site.timetable(room.school)
    found = []
    for day in days:
        span = day_span(day, site.zone)
        found.append(
            Day(
                day,
                span,
                [((start, end), told) for start, end, told in timetable.lessons(room.key, day)],
                timetable.occupied(room.key, day),
                ventilated_spans(site, room.school, day) or timetable.open_spans(day),
                to_us(span[1]) <= now_us,
            )
        )
    return found


def air_inputs(site: Site, school: str, room: str, day: date) -> list[object]:
    """What a day's ventilation depends on beside readings, placements and occupied spans: its fingerprint.

    Readings of BASELINE_DAYS before it are the ledger's business (:func:`analytics.nights.moved_days`).
    """
    place = site.room_by_key.get((school, room))
    if place is None:  # a room that is no longer in the tables
        return []
    timetable = site.timetable(school)
    size = [place.area_m2, place.volume_m3, place.persons, place.age_group, place.ventilation]
    size += [place.design_flow_l_s, place.ovk_flow_l_s]
    groups = [told for _, _, told in timetable.lessons(room, day)]
    fans = ventilated_spans(site, school, day) or timetable.open_spans(day)
    return [BASELINE_DAYS, *(one if one is None else str(one) for one in size), groups, fans]


def co2_of_day(co2: Mapping[str, DeviceSeries], nights: Nights, day: Span) -> dict[str, Co2]:
    """Readings of local ``day`` of each sensor of the room that has a baseline, the one with most first."""
    found = {}
    for device, series in co2.items():
        baseline = baseline_on(nights, device, day)
        first, last = np.searchsorted(series.time_us, [to_us(day[0]), to_us(day[1])])
        if baseline is not None and last > first:
            here = slice(first, last)
            found[device] = Co2(series.interval_s, series.time_us[here], series.value[here], baseline)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1].time_us), one[0])))


def occupied_by_co2(room: Room, day: Day, co2: Co2, air: DayAir) -> npt.NDArray[np.bool_]:
    """Whether somebody was in the room at each reading of a day, from CO2 and the hours of the fans."""
    size = volume_of(room)
    running = np.zeros(len(co2.time_us), dtype=bool)
    for start, end in day.ventilated:
        running |= (co2.time_us >= to_us(start)) & (co2.time_us < to_us(end))
    use = _rate_in_hours(room, air)
    rate: Floats = np.where(running, use, min(NIGHT_RATE_1_H, use))
    each = ALONE_PPM_H if size is None else alone(size[0])
    return occupied(co2.time_us, co2.ppm, co2.baseline_ppm, rate, each)


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
    found: dict[str, list[Figure]] = {}
    for day in days:
        here = {
            quantity: {key: one for key, whole in of.items() if len((one := _within(whole, day.span)).value)}
            for quantity, of in series.items()
        }
        cells = occupied_cells([day.occupied], now_us, intervals_s)
        temperature = cell_values(cells, list(here.get("temperature_c", {}).values()))
        figures = _warmth(day, now_us, cells, temperature, limits)
        figures |= _air(room, day, now_us, cells, here.get("co2_ppm", {}), temperature, nights)
        for name, figure in figures.items():
            found.setdefault(name, []).append(figure)
    return found


def _within(series: DeviceSeries, span: Span) -> DeviceSeries:
    """The readings of a local day."""
    first, last = np.searchsorted(series.time_us, [to_us(span[0]), to_us(span[1])])
    return DeviceSeries(series.interval_s, series.time_us[first:last], series.value[first:last])


def _warmth(
    day: Day, now_us: int, cells: Cells, values: Floats, limits: AnalyticsSettings
) -> dict[str, Figure]:
    """Degree hours outside the comfort band [K·h], and the share of occupied time in category II."""
    good = ~np.isnan(values)
    hours = cells.length_s[good] / 3_600
    summer = is_summer(day.day.month)
    low, high = band(limits, summer=summer)
    inside = category(values[good], summer) <= 2
    coverage = float(hours.sum() * 3_600 / cells.length_s.sum()) if len(values) else 0.0

    def figure(total: float) -> Figure:
        return _figure(day, now_us, total, coverage)

    sums = {
        "overheating_k_h": float((above_k(values[good], high) * hours).sum()),
        "underheating_k_h": float((below_k(values[good], low) * hours).sum()),
    }
    share = float((inside * hours).sum() / hours.sum()) if hours.sum() > 0 else 0.0
    found = {name: figure(total) for name, total in sums.items()}
    return found | {"temperature_category_2_share": figure(share)}


def _air(
    room: Room,
    day: Day,
    now_us: int,
    cells: Cells,
    co2: Mapping[str, DeviceSeries],
    inside_c: Floats,
    nights: Nights,
) -> dict[str, Figure]:
    if not day.ended:
        return dict.fromkeys(AIR_METRICS, Figure(None, 0.0, Status.NO_DATA, "running"))
    sensors = co2_of_day(co2, nights, day.span)
    if not sensors:
        nothing = Figure(None, 0.0, Status.NO_DATA, "no_baseline" if co2 else "no_readings")
        return dict.fromkeys(AIR_METRICS, nothing)
    above = [
        DeviceSeries(one.interval_s, one.time_us, one.ppm - one.baseline_ppm) for one in sensors.values()
    ]
    excess = cell_values(cells, above)
    best = next(iter(sensors.values()))
    known = inside_c[~np.isnan(inside_c)]
    temperature = float(known.mean()) if len(known) else USUAL_TEMPERATURE_C
    air = day_air(room, day.lessons, day.ventilated, best, temperature)
    here = occupied_by_co2(room, day, best, air)
    heard = _coverage_of_day(best, day.span)
    return {
        **_shares(day, now_us, excess, cells.length_s),
        **_flows(room, day, now_us, air, excess, best.baseline_ppm, cells.length_s),
        "occupied_detected_h": _detected(best, here, heard),
    }


def _shares(day: Day, now_us: int, excess: Floats, length_s: Floats) -> dict[str, Figure]:
    """Shares of occupied time in the categories of EN 16798-1, and the share of air breathed before."""
    good = ~np.isnan(excess)
    weight = length_s[good]
    coverage = float(weight.sum() / length_s.sum()) if len(excess) else 0.0
    total = float(weight.sum()) or 1.0
    categories = air_category(excess[good])
    found = {
        f"air_category_{number}_share": float(weight[categories == number].sum() / total)
        for number in (1, 2, 3, 4)
    }
    found["rebreathed_share"] = float((rebreathed_fraction(excess[good]) * weight).sum() / total)
    return {name: _figure(day, now_us, value, coverage) for name, value in found.items()}


def _flows(
    room: Room, day: Day, now_us: int, air: DayAir, excess: Floats, baseline: float, length_s: Floats
) -> dict[str, Figure]:
    """Air change rate, flow a person and to the required one, each with its interval and method."""
    good = ~np.isnan(excess)
    coverage = float(length_s[good].sum() / length_s.sum()) if len(excess) else 0.0
    measured = _figure(day, now_us, 0.0, coverage)
    if measured.value is None:
        found = dict.fromkeys(_FLOWS, measured)
    else:
        highest = baseline + weighted_quantile(excess, length_s, P95)
        found = _in_use(room, air, measured, highest)
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


def _in_use(room: Room, air: DayAir, measured: Figure, highest_ppm: float) -> dict[str, Figure]:
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
        share = of_requirement(room, flow, highest_ppm)
        why = "no_area" if room.area_m2 is None else "part_load"
        found["airflow_of_requirement"] = (
            silent._replace(reason=why) if share is None else told._replace(value=share)
        )
    return found


def _figure(day: Day, now_us: int, value: float, coverage: float) -> Figure:
    """A figure of the day's occupied time."""
    if not day.occupied:
        return Figure(None, 0.0, Status.NO_DATA, "not_occupied")
    if to_us(day.occupied[0][0]) >= now_us:
        return Figure(None, 0.0, Status.NO_DATA, "not_yet_occupied")
    status = status_of(coverage)
    if status is Status.NO_DATA:
        return Figure(None, 0.0, status, "no_readings")
    if status is Status.INSUFFICIENT:
        return Figure(None, coverage, status, "few_readings")
    if to_us(day.occupied[-1][1]) > now_us:
        return Figure(value, coverage, Status.PRELIMINARY, "running")
    return Figure(value, coverage, status, "gap" if status is Status.PARTIAL else None)


def _slot_us(co2: Co2) -> int:
    return HOUR_US // max(1, 3_600 // co2.interval_s)


def _coverage_of_day(co2: Co2, span: Span) -> float:
    slot = _slot_us(co2)
    return min(1.0, len(np.unique(co2.time_us // slot)) * slot / (to_us(span[1]) - to_us(span[0])))


def _detected(co2: Co2, here: npt.NDArray[np.bool_], coverage: float) -> Figure:
    """Hours of the day in which somebody was there: occupied share of the slots that hold a reading."""
    status = status_of(coverage)
    if coverage < LEAST_COVERAGE:
        return Figure(None, coverage, status, "few_readings")
    slot = _slot_us(co2)
    _, first = np.unique(co2.time_us // slot, return_index=True)
    share = np.add.reduceat(here.astype(float), first) / np.diff(np.append(first, len(here)))
    hours = float(share.sum()) * slot / HOUR_US
    return Figure(hours, coverage, status, "gap" if status is Status.PARTIAL else None)

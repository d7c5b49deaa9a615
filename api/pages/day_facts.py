"""What a school's day was like, from its own readings: energy, air, noise, particles, sun, food."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from analytics.verdicts import DISTRUSTED
from api.outdoors import outdoor_temperature
from api.pages.daily_entries import DailyEntry, entry_of
from api.pages.visit import Visit
from classroom.metric import Interval, Scope
from classroom.places import DayType, School
from classroom.quantity import Carrier
from classroom.timetable import Span, day_span

BACK_DAYS = 7
"""Days before that are told beside it."""

PARTICLES = ("pm25_ug_m3", "pm10_ug_m3", "pm1_ug_m3")
NOISE = "noise_db"
_DROP_OFF_BEFORE, _DROP_OFF_AFTER = timedelta(minutes=45), timedelta(minutes=15)
_LEAST_READINGS = 3
_HOURS_OF_SCHOOL = range(7, 17)
_LEAST_COVERAGE = 0.9
_MAIN = (Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT, Carrier.PELLETS, Carrier.GAS, Carrier.OIL)


@dataclass(frozen=True, slots=True)
class Particles:
    """Mean of particles [µg/m³] while children arrive, and in the rest of the open hours (None: too few)."""

    quantity: str
    drop_off: float
    rest: float | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class DayFacts:
    """A local day of a school that is over; what was not measured is empty or None.

    Amounts are kWh; ``hours_kwh`` is electricity by local hour, only of days that are all there. Those of
    days hold this day and those before. ``noise_db`` is the equivalent level by local hour of school.
    """

    school: School
    day: date
    day_type: DayType
    name: str | None
    pupils: int | None
    hours_kwh: Mapping[int, float]
    closed_share: float | None
    days_kwh: Mapping[Carrier, Mapping[date, float]]
    solar_kwh: Mapping[date, float]
    outdoor_c: Mapping[date, float]
    room_ppm: Mapping[str, float]
    noise_db: Mapping[int, float]
    particles: Particles | None
    entry: DailyEntry | None

    def kwh(self, carrier: Carrier) -> float | None:
        """The day's energy of a carrier."""
        return self.days_kwh.get(carrier, {}).get(self.day)

    @property
    def heat(self) -> Carrier | None:
        """What the school heats with, if it is metered and not electricity."""
        return next((one for one in _MAIN[1:] if self.kwh(one) is not None), None)


def day_facts(visit: Visit, school: School, day: date) -> DayFacts:
    """``day`` at ``school``.

    Raises:
        StoreError: the store cannot serve now.
    """
    site, store = visit.site, visit.context.store
    span = day_span(day, site.zone)
    since = day_span(day - timedelta(days=BACK_DAYS), site.zone)[0]
    timetable, size = site.timetable(school.key), site.attributes_on(school.key, day)
    hours = _hours(visit, school.key, span)
    opened = timetable.open_spans(day)
    days = store.read_metrics(
        school.key, Scope.SCHOOL, None, Interval.DAY, since, span[1], ("energy_kwh", "produced_kwh")
    )
    by_carrier: dict[Carrier, dict[date, float]] = {}
    solar: dict[date, float] = {}
    for metric in days:
        if metric.value is None or metric.carrier is None or metric.coverage < _LEAST_COVERAGE:
            continue
        of_day = metric.time.astimezone(site.zone).date()
        if metric.metric == "energy_kwh":
            by_carrier.setdefault(metric.carrier, {})[of_day] = metric.value
        else:
            solar[of_day] = solar.get(of_day, 0.0) + metric.value
    rooms = store.read_metrics(school.key, Scope.ROOM, None, Interval.DAY, *span, "co2_mean_ppm")
    readings = _readings(visit, school.key, span)
    return DayFacts(
        school=school,
        day=day,
        day_type=timetable.day_type(day),
        name=timetable.day_name(day),
        pupils=size.pupils if size else None,
        hours_kwh=_by_local_hour(visit, hours),
        closed_share=_closed_share(hours, opened),
        days_kwh=by_carrier,
        solar_kwh=solar,
        outdoor_c=_outdoor(visit, school.key, since, span[1]),
        room_ppm={metric.id: metric.value for metric in rooms if metric.value is not None},
        noise_db=_noise(visit, readings),
        particles=_particles(readings, _drop_off(visit, school.key, day), opened),
        entry=entry_of(visit, school.key, day),
    )


def _hours(visit: Visit, school: str, span: Span) -> list[tuple[datetime, float]]:
    """Electricity of each hour; nothing where an hour is missing: a highest of some is none."""
    found = visit.context.store.read_metrics(school, Scope.SCHOOL, None, Interval.HOUR, *span, "energy_kwh")
    hours = [
        (metric.time, metric.value)
        for metric in found
        if metric.carrier is Carrier.ELECTRICITY and metric.value is not None
    ]
    return hours if len(hours) == round((span[1] - span[0]) / timedelta(hours=1)) else []


def _by_local_hour(visit: Visit, hours: Sequence[tuple[datetime, float]]) -> dict[int, float]:
    found: dict[int, float] = {}
    for at, kwh in hours:  # the hour that autumn has twice is told as the mean of both
        hour = at.astimezone(visit.site.zone).hour
        found[hour] = (found[hour] + kwh) / 2 if hour in found else kwh
    return found


def _closed_share(hours: Sequence[tuple[datetime, float]], opened: Sequence[Span]) -> float | None:
    """Share of the electricity in hours in which the school was not open at all."""
    total = sum(kwh for _, kwh in hours)
    if total <= 0 or not opened:
        return None
    closed = [
        kwh
        for at, kwh in hours
        if not any(start < at + timedelta(hours=1) and at < end for start, end in opened)
    ]
    return sum(closed) / total


def _outdoor(visit: Visit, school: str, start: datetime, end: datetime) -> dict[date, float]:
    hours = outdoor_temperature(visit.context.store, visit.site, school, start, end)
    if hours.empty:
        return {}
    local = pd.DatetimeIndex(hours.index).tz_convert(str(visit.site.zone))
    values: dict[date, list[float]] = {}
    for day, value in zip(local.date, hours.tolist(), strict=True):
        values.setdefault(day, []).append(value)
    return {day: sum(of_day) / len(of_day) for day, of_day in values.items()}


def _readings(visit: Visit, school: str, span: Span) -> pd.DataFrame:
    """Trusted noise and particles in the school's rooms."""
    site, store = visit.site, visit.context.store
    keys = {one.key for one in site.devices if one.school == school and one.room is not None}
    found = store.read_readings(keys, (NOISE, *PARTICLES), *span)
    found = found[found["flag"] == 0]
    verdicts = store.read_verdicts(keys, *span)
    verdicts = verdicts[verdicts["verdict"].isin(DISTRUSTED)]
    rows = (verdicts[name] for name in ("device", "quantity", "start", "end"))
    for device, quantity, start, end in zip(*rows, strict=True):
        doubted = (found["device"] == device) & (found["quantity"] == quantity)
        found = found[~(doubted & (found["time"] >= start) & (found["time"] < end))]
    return found


def _noise(visit: Visit, readings: pd.DataFrame) -> dict[int, float]:
    """Levels are added as energies: 60 and 40 dB are together 57, not 50."""
    mine = readings[readings["quantity"] == NOISE]
    local = mine["time"].dt.tz_convert(str(visit.site.zone)).dt.hour
    found = {}
    for hour, group in mine.groupby(local):
        if hour in _HOURS_OF_SCHOOL and len(group) >= _LEAST_READINGS:
            energy = np.power(10.0, group["value"].to_numpy(dtype=float) / 10)
            found[int(hour)] = float(10 * np.log10(energy.mean()))
    return found


def _drop_off(visit: Visit, school: str, day: date) -> Span | None:
    """Around the day's first lesson; None on days without."""
    timetable = visit.site.timetable(school)
    if timetable.day_type(day) is not DayType.SCHOOL_DAY:
        return None
    starts = [
        start for room in visit.site.rooms_of(school) for start, _, _ in timetable.lessons(room.key, day)[:1]
    ]
    if not starts:
        return None
    return min(starts) - _DROP_OFF_BEFORE, min(starts) + _DROP_OFF_AFTER


def _particles(readings: pd.DataFrame, drop_off: Span | None, opened: Sequence[Span]) -> Particles | None:
    for quantity in PARTICLES:
        mine = readings[readings["quantity"] == quantity]
        if drop_off is None or mine.empty:
            continue
        early = mine[(mine["time"] >= drop_off[0]) & (mine["time"] < drop_off[1])]["value"]
        later = mine[mine["time"] >= drop_off[1]]
        inside = pd.Series(data=False, index=later.index)
        for start, end in opened:
            inside |= (later["time"] >= start) & (later["time"] < end)
        rest = later[inside]["value"]
        if len(early) >= _LEAST_READINGS:
            calm = float(rest.mean()) if len(rest) >= _LEAST_READINGS else None
            return Particles(quantity, float(early.mean()), calm, *drop_off)
    return None

"""A school's local days with what a comparison needs: energy by carrier, outdoor temperature, kind of day,
sun.

Weather is that of one station for all days: two stations, or two places for one sensor, differ by as much as
a measure saves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analytics.bills import BILLED
from analytics.outdoor import outdoor_hours
from analytics.sufficiency import DAY_COVERAGE, LEAST_SHARE, counted
from analytics.sun import extraterrestrial_kwh_m2
from classroom.metric import Interval, Metric, Scope
from classroom.places import MeterRole
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.timetable import day_span
from reports.dates import Dates
from store.base import Store

FARTHEST_KM = 100.0
"""A station farther away says too little of a school's weather (field knowledge; OpenEEmeter's ``eeweather``
ranks stations by 50, 100 and 200 km)."""

_FILLED_DAYS = 3

_HOUR = timedelta(hours=1)


class StationUsed(NamedTuple):
    """The weather station of a comparison and how far it stands from the school [km]."""

    key: str
    name: str
    distance_km: float


class SchoolDays(NamedTuple):
    """Days of a school.

    ``frames`` holds for each carrier bought :data:`analytics.signature.DAY_COLUMNS` with ``energy_coverage``,
    ``temperature_coverage`` and, where the latitude is known, ``sun_kwh_m2``: a row a day of ``dates``, NaN
    where nothing is known. ``billed`` are the carriers of which there are bills and no readings.
    ``weather`` holds the columns that all carriers share; ``station`` is None where none with readings stands
    near enough.
    """

    school: str
    dates: Dates
    frames: Mapping[Carrier, pd.DataFrame]
    weather: pd.DataFrame
    billed: frozenset[Carrier]
    station: StationUsed | None


class DayMetrics:
    """Metrics of schools by day; of a school and name what was read once is not asked of the store again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[tuple[str, str], tuple[datetime, datetime, list[Metric]]] = {}

    def of(self, school: str, name: str, start: datetime, end: datetime) -> list[Metric]:
        """The school's metrics ``name`` of days that begin in the half-open range, by carrier and time.

        Raises:
            StoreError: the store cannot serve now.
        """
        held = self._read.get((school, name))
        if held is None or start < held[0] or end > held[1]:
            first, last = (start, end) if held is None else (min(start, held[0]), max(end, held[1]))
            read = self._store.read_metrics(school, Scope.SCHOOL, school, Interval.DAY, first, last, name)
            held = self._read[school, name] = first, last, read
        return [metric for metric in held[2] if start <= metric.time < end]


class StationDays:
    """Daily mean temperatures of stations; a day that was read once is not asked of the store again."""

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone
        self._read: dict[str, tuple[Dates, pd.DataFrame]] = {}

    def of(self, station: str, dates: Dates) -> pd.DataFrame:
        """``temperature_c`` [°C] and ``temperature_coverage`` (0-1, share of the day's hours) of local days.

        The mean of the day's hourly means. Days without any are NaN with coverage 0.

        Raises:
            StoreError: the store cannot serve now.
        """
        held = self._read.get(station)
        if held is None or dates.first < held[0].first or dates.last > held[0].last:
            wide = dates
            if held is not None:
                wide = Dates(min(dates.first, held[0].first), max(dates.last, held[0].last))
            hours = outdoor_hours(self._store, station, *wide.span(self._zone))
            held = self._read[station] = wide, daily_temperature(hours, wide, self._zone)
        return held[1].loc[str(dates.first) : str(dates.last)]


def daily_temperature(hours: pd.DataFrame, dates: Dates, zone: ZoneInfo) -> pd.DataFrame:
    """Daily means and coverage from one station's hourly rollups (HOUR_COLUMNS); see :class:`StationDays`."""
    hours = hours[hours["count"] > 0]
    local = hours["hour"].dt.tz_convert(str(zone)).dt.tz_localize(None).dt.normalize()
    index = pd.date_range(dates.first, dates.last, freq="D", unit="us")
    by_day = hours["mean"].groupby(local)
    length_h = [(end - start) / _HOUR for start, end in (day_span(day.date(), zone) for day in index)]
    return pd.DataFrame(
        {
            "temperature_c": by_day.mean().reindex(index),
            "temperature_coverage": by_day.size().reindex(index, fill_value=0) / length_h,
        },
        index=index,
    )


def load_days(
    site: Site, school: str, dates: Dates, now: datetime, energy: DayMetrics, weather: StationDays
) -> SchoolDays:
    """The days of ``school`` in ``dates``; a day that is still running at ``now`` is not known yet.

    Raises:
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    start, end = dates.span(site.zone)
    metrics = [
        metric
        for metric in energy.of(school, "energy_kwh", start, end)
        if metric.period_end <= now and metric.carrier is not None
    ]
    carriers = carriers_of(site, school, metrics)
    index = pd.date_range(dates.first, dates.last, freq="D", unit="us")
    frames = {
        carrier: _energy([m for m in metrics if m.carrier is carrier], index, site.zone)
        for carrier in carriers
    }
    wanted = _known_days(list(frames.values()), index)
    station, temperature = _nearest(site, school, dates, weather, wanted)
    common = pd.concat([temperature, _calendar(site, school, index, station)], axis=1)
    return SchoolDays(
        school,
        dates,
        {carrier: pd.concat([frame, common], axis=1) for carrier, frame in frames.items()},
        common,
        frozenset(c for c in carriers if _bills_only([m for m in metrics if m.carrier is c])),
        station,
    )


def carriers_of(site: Site, school: str, metrics: Sequence[Metric] = ()) -> list[Carrier]:
    """Carriers that ``school`` buys: those of its main meters and of ``metrics``."""
    metered = {meter.carrier for meter in site.meters_of(school, role=MeterRole.MAIN)}
    told = {metric.carrier for metric in metrics}
    return [carrier for carrier in Carrier if carrier in metered | told and carrier is not Carrier.SOLAR]


def _energy(metrics: Sequence[Metric], index: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DataFrame:
    days = pd.DatetimeIndex([metric.time.astimezone(zone).date() for metric in metrics]).as_unit("us")
    values = [np.nan if metric.value is None else metric.value for metric in metrics]
    frame = pd.DataFrame(
        {"energy_kwh": values, "energy_coverage": [metric.coverage for metric in metrics]},
        index=days,
        dtype=np.float64,
    ).reindex(index)
    return frame.assign(energy_coverage=frame["energy_coverage"].fillna(0.0))


def _known_days(frames: Sequence[pd.DataFrame], index: pd.DatetimeIndex) -> pd.Series:
    """Days on which any carrier has energy; all days where none has."""
    known = pd.Series(False, index=index)
    for frame in frames:
        known |= frame["energy_kwh"].notna()
    return known if known.any() else ~known


def _bills_only(metrics: Sequence[Metric]) -> bool:
    billed = any(BILLED in (metric.reason or "").split("; ") for metric in metrics)
    return billed and all(metric.value is None for metric in metrics)


def _nearest(
    site: Site, school: str, dates: Dates, weather: StationDays, wanted: pd.Series
) -> tuple[StationUsed | None, pd.DataFrame]:
    """The nearest station that has nearly all of the ``wanted`` days, else the one that has most of them."""
    best: tuple[float, StationUsed, pd.DataFrame] | None = None
    for station, distance_km in site.stations_near(school):
        if distance_km > FARTHEST_KM:
            break
        days = weather.of(station.key, dates)
        share = float((days["temperature_coverage"] > DAY_COVERAGE)[wanted].mean())
        if share > (best[0] if best else 0.0):
            best = share, StationUsed(station.key, station.name, distance_km), days
        if share >= LEAST_SHARE:
            break
    if best is None:
        index = wanted.index
        return None, pd.DataFrame({"temperature_c": np.nan, "temperature_coverage": 0.0}, index=index)
    return best[1], best[2]


def _calendar(site: Site, school: str, index: pd.DatetimeIndex, station: StationUsed | None) -> pd.DataFrame:
    """``day_type`` of each day and, where school or station have a latitude, ``sun_kwh_m2``."""
    timetable = site.timetable(school)
    found = pd.DataFrame({"day_type": [str(timetable.day_type(day.date())) for day in index]}, index=index)
    latitude = site.school_by_key[school].latitude
    if latitude is None and station is not None:
        latitude = next((one.latitude for one in site.stations if one.key == station.key), None)
    if latitude is not None:
        found["sun_kwh_m2"] = extraterrestrial_kwh_m2(index, latitude)
    return found


def with_temperature(days: pd.DataFrame) -> pd.DataFrame:
    """``days`` with the temperature of each: NaN where it does not count (:func:`counted`), but a few missing
    days in a row lie on a line between their neighbours'. For sums over a period, never for a fit."""
    temperature = counted(days)["temperature_c"]
    missing = temperature.isna()
    run = missing.groupby((~missing).cumsum()).transform("sum")  # length of the run that a day is in
    filled = temperature.interpolate(limit_area="inside").where(~missing | (run <= _FILLED_DAYS))
    return days.assign(temperature_c=filled)


def last_full_month(days: SchoolDays) -> date | None:
    """Last day of the newest month that nearly all carriers know (90 % of its days, weather too if there is
    any).

    A carrier whose data ended more than three months before the newest one's is not waited for.
    """
    ends = []
    for frame in days.frames.values():
        known = frame["energy_kwh"].notna() & (frame["energy_coverage"] > DAY_COVERAGE)
        with_weather = known & (frame["temperature_coverage"] > DAY_COVERAGE)
        for complete in (with_weather, known):
            share = complete.groupby(pd.DatetimeIndex(frame.index).to_period("M")).mean()
            full = share.index[share >= LEAST_SHARE]
            if len(full):
                ends.append(full[-1])
                break
    near = [end for end in ends if (max(ends) - end).n <= 3]
    return min(near).end_time.date() if near else None

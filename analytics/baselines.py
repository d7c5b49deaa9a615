"""The days of CO2 sensors as :mod:`analytics.drift` judges them: from rollups and the schools' calendars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from analytics.drift import RECENT_DAYS, Air, Day, drifted, spans
from analytics.energy import to_us
from analytics.judge import Zones
from analytics.quality import Verdict
from analytics.verdicts import Zone
from classroom.places import DayType, Device
from classroom.quantity import QUANTITIES
from classroom.reading import Flag
from classroom.site import Site
from classroom.timetable import day_span

BEGINNING = date(2000, 1, 1)
"""No reading is older."""

LOWS_READ = ("device", "quantity", "hour", "mean", "count", "coverage", "flagged")
"""What drift is judged by of rollups (among HOUR_COLUMNS)."""

FLAT_PPM = 40.0
"""On a day whose hours differ by no more, nobody was in the room, and its air is outdoor air: what an evening
left would fall by nine tenths in a day even at 0.1 air changes an hour."""

_LEAST_HOURS, _WHOLE_HOURS = 12, 20
_LEAST_COVERAGE = 0.5


class Span(NamedTuple):
    """Local days, both included, whose CO2 changed or which have ended since the last run."""

    first: date
    last: date


class DriftPart(NamedTuple):
    """Sensors whose ``span`` is to be judged, with the lows that bear on it; ``today`` is still running."""

    site: Site
    span: Span
    today: date
    hours: pd.DataFrame


def with_low(hours: pd.DataFrame, readings: pd.DataFrame) -> pd.DataFrame:
    """What is judged of rollups of CO2 (LOWS_READ): device, hour, mean and coverage.

    Hours most of whose ``readings`` (READING_COLUMNS) were refused because no air holds so little CO2 are
    told by those: a sensor that has drifted so far shows nothing else at night. 0 is no answer.
    """
    judged = hours[["device", "hour", "mean", "coverage"]]
    limit = QUANTITIES["co2_ppm"].low
    low = readings[
        (readings["flag"] == int(Flag.LIMITS)) & (readings["value"] > 0) & (readings["value"] < limit)
    ]
    if low.empty:
        return judged
    by_hour = low["value"].groupby([low["device"], low["time"].dt.floor("h")], observed=True)
    told = pd.DataFrame({"mean": by_hour.mean(), "count": by_hour.size()})
    told = told.reindex(pd.MultiIndex.from_frame(hours[["device", "hour"]]))
    mostly = told["count"].to_numpy() > hours["count"].to_numpy()
    return judged.assign(
        mean=judged["mean"].mask(mostly, pd.Series(told["mean"].to_numpy(), judged.index)),
        coverage=judged["coverage"].mask(mostly, 1.0),
    )


def sensor_days(site: Site, hours: pd.DataFrame) -> Mapping[str, list[Day]]:
    """Local days of each sensor, ascending, from rollups of its CO2 (HOUR_COLUMNS).

    The day's low is the mean of its lowest hour, about the 4 % quantile of its readings. Days with fewer than
    12 hours of readings say nothing, nor do days on which nothing moved: that is a stuck sensor, not a
    drifted one.
    """
    hours = hours[hours["coverage"] >= _LEAST_COVERAGE]
    local = hours["hour"].dt.tz_convert(site.zone).dt.tz_localize(None).dt.normalize()
    by_day = hours["mean"].groupby([hours["device"], local], observed=True).agg(["min", "max", "count"])
    told = by_day[(by_day["count"] >= _LEAST_HOURS) & (by_day["max"] > by_day["min"])]
    flat = (told["max"] - told["min"] <= FLAT_PPM) & (told["count"] >= _WHOLE_HOURS)
    calendar = _Calendar(site)
    found: dict[str, list[Day]] = {}
    for (device, time), low, level in zip(told.index, told["min"].tolist(), flat.tolist(), strict=True):
        day = calendar.day(str(device), time.date(), low)
        found.setdefault(str(device), []).append(day._replace(air=Air.CLEARED, flat=True) if level else day)
    return found


class _Calendar:
    """Where sensors hung, and when those schools were empty; each answer is kept."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._air: dict[tuple[str, date], Air] = {}
        self._noon: dict[date, datetime] = {}

    def day(self, device: str, day: date, low_ppm: float) -> Day:
        placed = self._placed(device, day)
        if placed is None:
            return Day(day, low_ppm, Air.SOME)
        key = placed.school, day
        if key not in self._air:
            self._air[key] = self._air_of(*key)
        return Day(day, low_ppm, self._air[key], f"{placed.school}/{placed.room}")

    def _placed(self, device: str, day: date) -> Device | None:
        if day not in self._noon:
            start, end = day_span(day, self._site.zone)
            self._noon[day] = start + (end - start) / 2
        return self._site.placement(device, self._noon[day])

    def _air_of(self, school: str, day: date) -> Air:
        before = day - timedelta(days=1)
        if self._empty(school, day) or self._empty(school, before):
            return Air.CLEARED
        day_type = self._site.timetable(school).day_type(before)
        return Air.SCHOOL if day_type is DayType.SCHOOL_DAY else Air.SOME

    def _empty(self, school: str, day: date) -> bool:
        timetable = self._site.timetable(school)
        return timetable.day_type(day) is DayType.CLOSED and not timetable.hired_evenings(day)


def drift_zones(part: DriftPart) -> Zones:
    """Zones of the part's sensors, from a week before the span (drift is dated back) to its end."""
    zone = part.site.zone
    first = part.span.first - timedelta(days=RECENT_DAYS)
    ends_today = part.span.last == part.today - timedelta(days=1)
    end = part.today if ends_today else part.span.last
    start_us, end_us = to_us(day_span(first, zone)[0]), to_us(day_span(end, zone)[1])
    found: Zones = {}
    for device, days in sensor_days(part.site, part.hours).items():
        flagged = drifted(days, first)
        if ends_today and part.span.last in flagged:
            flagged[part.today] = flagged[part.span.last]
        found[device, "co2_ppm"] = [Zone(("drift",), start_us, end_us, _in_utc(flagged, part))]
    for device in set(part.hours["device"].unique()) - {device for device, _ in found}:
        found[str(device), "co2_ppm"] = [Zone(("drift",), start_us, end_us, [])]
    return found


def _in_utc(flagged: Mapping[date, str], part: DriftPart) -> list[Verdict]:
    zone = part.site.zone
    return [
        Verdict(to_us(day_span(first, zone)[0]), to_us(day_span(end, zone)[0]), "drift", why)
        for first, end, why in spans(flagged)
    ]

"""What findings are made from: a school's hours, and its rooms' hours, with their place in the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.points import HOUR_US
from analytics.quantiles import row_medians
from classroom.places import DayType
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.timetable import Span, Timetable, day_span, parse_hours
from store.base import Values

Floats = npt.NDArray[np.float64]

WINDOW = timedelta(days=400)
"""How far back findings look: a year, and some weeks to compare its beginning with."""

HEAT_CARRIERS: tuple[Carrier, ...] = (Carrier.DISTRICT_HEAT, Carrier.GAS)
"""Carriers that heat and are metered by the hour."""

HOURS_COLUMNS = (
    "day",
    "hour",
    "day_type",
    "holiday",
    "open_h",
    "fans_h",
    "outdoor_c",
    "electricity_kwh",
    "exported_kwh",
    "produced_kwh",
    "heat_kwh",
    "flow_m3",
)
"""One row a UTC hour, indexed by it: local day (naive midnight), local hour (0-23), kind of day, whether the
day lies in a break (:func:`in_break`), hours (0-1) of it in which the school is open and in which ventilation
is due, outdoor temperature [°C], energy [kWh], water of district heating [m³]. NaN: not known."""

ROOM_DAY_COLUMNS = ("room", "day", "airflow_l_s_person")
"""One row a room and local day (naive midnight): outdoor air for a person in its lessons [L/s], the metric of
that name; NaN: not told."""

_YEAR = pd.Timedelta(days=365)


@dataclass(frozen=True)
class SchoolData:
    """A school over local days ``first`` to ``last`` (both whole and over).

    ``hours`` has HOURS_COLUMNS, every hour of the span; ``room_co2_ppm`` and ``room_temperature_c`` have its
    rows and a column a room: means of trusted readings, NaN: not known (``load`` gives single precision, half
    the bytes to hand to another process). ``room_days`` has ROOM_DAY_COLUMNS.
    ``heat`` is the carrier of ``heat_kwh``, None where none is metered. ``site`` holds the rows of ``school``
    (``Site.part``).
    """

    site: Site
    school: str
    first: date
    last: date
    hours: pd.DataFrame
    room_co2_ppm: pd.DataFrame
    room_temperature_c: pd.DataFrame
    room_days: pd.DataFrame
    heat: Carrier | None
    senses: tuple[Sense, ...] = ()

    @property
    def timetable(self) -> Timetable:
        """The school's timetable."""
        return self.site.timetable(self.school)

    @cached_property
    def use_kwh(self) -> pd.Series:
        """Electricity that the school used, by hour [kWh]: bought, made and not fed out.

        Without a production meter it is what was bought.
        """
        made = self.hours["produced_kwh"].fillna(0.0) - self.hours["exported_kwh"].fillna(0.0)
        return self.hours["electricity_kwh"] + made.where(self.hours["produced_kwh"].notna(), 0.0)

    @cached_property
    def indoor_c(self) -> pd.Series:
        """Temperature of the school by UTC hour [°C]: median of its rooms, which one sunny room or odd sensor
        does not move."""
        return pd.Series(row_medians(self.room_temperature_c.to_numpy(np.float64)), index=self.hours.index)

    @cached_property
    def opens(self) -> int | None:
        """Local hour in which the school opens on most school days; None where it never does."""
        hours = self.hours
        opened = hours[(hours["day_type"] == DayType.SCHOOL_DAY) & (hours["open_h"] > 0)]
        return None if opened.empty else int(opened.groupby("day")["hour"].min().median())

    @cached_property
    def last_year(self) -> pd.Series:
        """Which UTC hours lie in the last 365 local days."""
        return self.hours["day"] > pd.Timestamp(self.last) - _YEAR

    @cached_property
    def days(self) -> pd.DataFrame:
        """One row a local day, indexed by it: ``day_type``, ``holiday``, ``outdoor_c`` and energy [kWh].

        A day's energy is NaN unless all of its hours are known; its temperature, unless 9 of 10 are.
        """
        by_day = self.hours.groupby("day", sort=True)
        found = by_day[["day_type", "holiday"]].first()
        counts = by_day.size()
        known = by_day["outdoor_c"].count() >= 0.9 * counts
        found["outdoor_c"] = by_day["outdoor_c"].mean().where(known)
        for column in ("electricity_kwh", "exported_kwh", "produced_kwh", "heat_kwh"):
            found[column] = by_day[column].sum().where(by_day[column].count() == counts)
        return found


@dataclass(frozen=True)
class Sense:
    """What is known of a device: when it last said something good, and what it is distrusted for now."""

    device: str
    room: str | None
    meter: str | None
    interval_s: int
    last_good: datetime | None
    since: datetime | None
    verdict: str | None = None
    detail: str = ""


def calendar_hours(site: Site, school: str, first: date, last: date) -> pd.DataFrame:
    """The hours of local days ``first`` to ``last`` with their place in the calendar (HOURS_COLUMNS without
    temperature and energy)."""
    timetable = site.timetable(school)
    fans = ventilation_hours(site, school, last)
    start, end = day_span(first, site.zone)[0], day_span(last, site.zone)[1]
    hours = pd.date_range(start.replace(minute=0), end, freq="h", inclusive="left")
    local = hours.tz_convert(site.zone)
    day = local.tz_localize(None).normalize()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    kinds = [timetable.day_type(one) for one in days]
    number = ((day - pd.Timestamp(first)) // pd.Timedelta(days=1)).to_numpy()
    opened = [span for one in days for span in timetable.open_spans(one)]
    due = [span for one in days for span in timetable.hired_evenings(one)]
    if fans is not None:
        due += [
            _local_span(one, fans, site)
            for one, kind in zip(days, kinds, strict=True)
            if kind is not DayType.CLOSED
        ]
    return pd.DataFrame(
        {
            "day": day,
            "hour": local.hour,
            "day_type": pd.array([str(kind) for kind in kinds], dtype="str").take(number),
            "holiday": np.array([in_break(timetable, one) for one in days], dtype=bool)[number],
            "open_h": _shares(hours, opened),
            "fans_h": _shares(hours, due),
        },
        index=hours,
    )


def ventilation_hours(site: Site, school: str, day: date) -> str | None:
    """When ventilation is due (local), as ``school_attributes.csv`` says on ``day``; None: not told."""
    attributes = site.attributes_on(school, day)
    return attributes.ventilation_hours if attributes else None


def in_break(timetable: Timetable, day: date) -> bool:
    """Whether ``day`` lies in a break: a weekday without school that is no study day, or a weekend beside
    one."""
    kind = timetable.day_type(day)
    if kind is DayType.SCHOOL_DAY:
        return False
    if day.isoweekday() <= 5:
        return kind is not DayType.STUDIEDAG
    friday = day - timedelta(days=day.isoweekday() - 5)
    beside = (friday, friday + timedelta(days=3))
    return any(timetable.day_type(other) in (DayType.LOV, DayType.CLOSED) for other in beside)


def ordinary_closed(rows: pd.DataFrame) -> pd.Series:
    """Which of ``rows``, hours or days, are of closed days outside breaks: weekends of term."""
    return (rows["day_type"] == DayType.CLOSED) & ~rows["holiday"].astype(bool)


def put_energy(hours: pd.DataFrame, energy: Values | None, column: str) -> None:
    """Fill ``column`` of HOURS_COLUMNS from a school's hourly metrics; a missing or null hour stays NaN."""
    if energy is not None:
        at = (energy.time_us - pd.DatetimeIndex(hours.index).as_unit("us").asi8[0]) // HOUR_US
        inside = (at >= 0) & (at < len(hours))
        values = np.full(len(hours), np.nan)
        values[at[inside]] = energy.value[inside]
        hours[column] = values


def over_hours(data: SchoolData, by_day: pd.Series) -> pd.Series:
    """A day's energy evenly over its UTC hours."""
    day = data.hours["day"]
    return (day.map(by_day) / day.groupby(day).transform("size")).dropna()


def _local_span(day: date, text: str, site: Site) -> Span:
    start, end = (datetime.combine(day, at, site.zone).astimezone(UTC) for at in parse_hours(text))
    return start, end


def _shares(hours: pd.DatetimeIndex, spans: list[Span]) -> Floats:
    """Part of each hour inside the spans, 0-1; where they overlap at most 1. ``hours`` follow one another."""
    share = np.zeros(len(hours) + 1)
    begin_s = hours[0].timestamp() if len(hours) else 0.0
    for begin, end in spans:
        first, last = ((at.timestamp() - begin_s) / 3_600 for at in (begin, end))
        first, last = max(first, 0.0), min(last, float(len(hours)))
        if first < last:
            a, b = int(first), int(last)
            share[a : b + 1] += 1.0
            share[a] -= first - a
            share[b] -= 1.0 - (last - b)
    return np.minimum(share[:-1], 1.0)

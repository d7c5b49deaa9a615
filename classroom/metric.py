"""A metric point: the one shape in which figures leave the house."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from classroom.quantity import Carrier


class Status(StrEnum):
    """How far a figure can be trusted."""

    OK = "ok"  # coverage at or above the method's demand
    PARTIAL = "partial"  # readings are missing; the value describes what stood
    ESTIMATED = "estimated"  # filled by a stated method
    PRELIMINARY = "preliminary"  # will be restated (a factor or bill is still to come)
    INSUFFICIENT = "insufficient"  # too little to say anything: value is null
    NO_DATA = "no_data"  # nothing stood: value is null


class Interval(StrEnum):
    """Length of a metric's period; days and longer are those of the site's time zone, hours are UTC."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    SCHOOL_YEAR = "school_year"
    YEAR = "year"


class Scope(StrEnum):
    """What a metric is about."""

    SCHOOL = "school"
    BUILDING = "building"
    ROOM = "room"
    METER = "meter"
    PORTFOLIO = "portfolio"  # all schools; summed when asked for, never stored


class Metric(NamedTuple):
    """One figure with all that is needed to trust it.

    ``time`` and ``period_end`` are aware UTC, half open. ``id`` is the place's key within ``school``.
    ``value`` is None where there is nothing to say, never 0. ``coverage`` is 0-1. ``method`` names the
    function and its version, ``factors`` the ids of the factors used. ``fingerprint`` changes whenever the
    inputs that are not readings (method, factors, places, timetable) change.
    """

    time: datetime
    period_end: datetime
    interval: Interval
    school: str
    scope: Scope
    id: str
    metric: str
    carrier: Carrier | None
    basis: str | None
    value: float | None
    low: float | None
    high: float | None
    unit: str
    coverage: float
    status: Status
    reason: str | None
    method: str
    factors: tuple[str, ...]
    fingerprint: str

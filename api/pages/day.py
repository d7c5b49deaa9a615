"""A day in a room: the CO2 curve with lessons and breaks, and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import pandas as pd

from api.charts import DayCurve, Mark, Span, split_at_gaps
from api.pages.language import Language
from api.pages.visit import Visit
from classroom.air import NOW_PPM, SOON_PPM, stale_after_s
from classroom.places import Room
from classroom.site import Site
from classroom.timetable import day_span

FIRST_HOUR, LAST_HOUR = 7, 17
"""Local hours that the axis shows at least."""

POINT_EVERY_MIN = 5
TABLE_EVERY_MIN = 30


@dataclass(frozen=True, slots=True)
class TableRow:
    """A stretch of the day; a value is None where nothing was measured."""

    start: str
    end: str
    co2_ppm: float | None
    peak_ppm: float | None
    temperature_c: float | None
    use: str


@dataclass(frozen=True, slots=True)
class RoomDay:
    """A room's day, up to now if it is today."""

    day: date
    name: str | None
    curve: DayCurve
    table: tuple[TableRow, ...]
    has_lessons: bool
    has_breaks: bool
    has_readings: bool
    peak_ppm: float | None
    peak_at: str | None


def room_day(visit: Visit, room: Room, day: date, words: dict[str, str]) -> RoomDay:
    """The local ``day`` in ``room``, from good readings only; two sensors are averaged.

    Raises:
        StoreError: the store cannot serve now.
    """
    site, now, say = visit.site, visit.now, visit.say
    spans = _spans(site, room, day)
    so_far = _minute(now, site.zone) if day == visit.today else 24 * 60
    hours = _hours(spans, so_far)
    step_min, patience_min = _steps(site, room, now)
    readings = _readings(visit, room, day)
    readings = readings[(readings["at"] >= hours[0] * 60) & (readings["at"] <= hours[-1] * 60)]
    co2 = readings[readings["quantity"] == "co2_ppm"]
    points = _binned(co2, step_min)
    peak = max(points, key=lambda point: point[1], default=None)
    curve = DayCurve(
        segments=split_at_gaps(points, patience_min),
        spans=tuple(spans),
        hours=tuple(Mark(hour * 60, f"{hour % 24:02d}") for hour in hours),
        values=_levels(peak[1] if peak else 0, say),
        limits=(Mark(SOON_PPM, words["soon"]), Mark(NOW_PPM, words["now"])),
    )
    until = min(hours[-1] * 60 - 1, so_far)
    return RoomDay(
        day=day,
        name=site.timetable(room.school).day_name(day),
        curve=curve,
        table=tuple(_table(readings, spans, hours[0] * 60, until, say)),
        has_lessons=any(span.lesson for span in spans),
        has_breaks=any(not span.lesson for span in spans),
        has_readings=bool(points),
        peak_ppm=peak[1] if peak else None,
        peak_at=_wall(peak[0]) if peak else None,
    )


def _hours(spans: Sequence[Span], so_far: float) -> range:
    """Hours of the axis: around the lessons; the whole day where there are none or it is not their time."""
    first = min([FIRST_HOUR * 60, *(span.start - 30 for span in spans)])
    last = max([LAST_HOUR * 60, *(span.end + 30 for span in spans)])
    if not spans or so_far < first or last < so_far < 24 * 60:
        return range(25)
    return range(max(0, int(first // 60)), min(24, ceil(last / 60)) + 1)


def _spans(site: Site, room: Room, day: date) -> list[Span]:
    """Lessons of the day and the breaks between them."""
    spans: list[Span] = []
    for start, end, _ in site.timetable(room.school).lessons(room.key, day):
        begins, ends = _minute(start, site.zone), _minute(end, site.zone)
        if spans and spans[-1].end < begins:
            spans.append(Span(spans[-1].end, begins, lesson=False))
        spans.append(Span(begins, ends, lesson=True))
    return spans


def _steps(site: Site, room: Room, now: datetime) -> tuple[float, float]:
    """Minutes between points, and the longest silence that is still drawn through."""
    intervals = [d.interval_s for d in site.devices_in_room(room.school, room.key) if d.holds_at(now)]
    slowest_s = max(intervals, default=600)
    return max(POINT_EVERY_MIN, slowest_s / 60), stale_after_s(slowest_s) / 60


def _readings(visit: Visit, room: Room, day: date) -> pd.DataFrame:
    """Good CO2 and temperature readings of the day, with ``at`` in minutes since local midnight."""
    site = visit.site
    start, end = day_span(day, site.zone)
    end = min(end, visit.now + timedelta(minutes=1))
    placed = site.devices_in_room(room.school, room.key)
    frame = visit.context.store.read_readings(
        {d.key for d in placed}, ("co2_ppm", "temperature_c"), start, end
    )
    frame = frame[frame["flag"] == 0]
    parts = [
        frame[
            (frame["device"] == d.key)
            & (frame["time"] >= (d.valid_from or start))
            & (frame["time"] < (d.valid_to or end))
        ]
        for d in placed
    ]
    found = pd.concat(parts) if parts else frame
    local = found["time"].dt.tz_convert(str(site.zone))
    at = local.dt.hour * 60.0 + local.dt.minute + local.dt.second / 60.0
    return found.assign(at=at).sort_values("at")


def _binned(frame: pd.DataFrame, step_min: float) -> list[tuple[float, float]]:
    means = frame.groupby(frame["at"] // step_min)[["at", "value"]].mean()
    return [(round(float(at), 1), round(float(value), 1)) for at, value in means.itertuples(index=False)]


def _levels(peak: float, say: Language) -> tuple[Mark, ...]:
    step = 200 if peak <= 2_400 else 500 if peak <= 5_000 else 1_000
    top = max(1_600, ceil((peak + 1) / step) * step)
    return tuple(Mark(ppm, say.number(ppm)) for ppm in range(400, top + step, step))


def _table(
    frame: pd.DataFrame, spans: Sequence[Span], first: int, until: float, say: Language
) -> list[TableRow]:
    rows = []
    for start in range(first, int(until) + 1, TABLE_EVERY_MIN):
        end = start + TABLE_EVERY_MIN
        part = frame[(frame["at"] >= start) & (frame["at"] < end)]
        co2 = part.loc[part["quantity"] == "co2_ppm", "value"]
        temperature = part.loc[part["quantity"] == "temperature_c", "value"]
        rows.append(
            TableRow(
                start=_wall(start),
                end=_wall(end),
                co2_ppm=float(co2.mean()) if len(co2) else None,
                peak_ppm=float(co2.max()) if len(co2) else None,
                temperature_c=float(temperature.mean()) if len(temperature) else None,
                use=_use(spans, start, end, say),
            )
        )
    return rows


def _use(spans: Sequence[Span], start: float, end: float, say: Language) -> str:
    within = {span.lesson for span in spans if span.start < end and start < span.end}
    if within == {True, False}:
        return say.text("lesson and break")
    if within == {True}:
        return say.text("lesson")
    return say.text("break") if within else ""


def _minute(time: datetime, zone: ZoneInfo) -> float:
    local = time.astimezone(zone)
    return local.hour * 60 + local.minute + local.second / 60


def _wall(minute: float) -> str:
    return f"{int(minute) // 60 % 24:02d}:{int(minute) % 60:02d}"

"""What calendar and timetable say of a room's local days: lessons, occupied spans, hours of the fans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from analytics.energy import to_us
from analytics.ventilation import BASELINE_DAYS
from classroom.places import DayType, Room
from classroom.site import Site
from classroom.timetable import Span, day_span, parse_hours


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

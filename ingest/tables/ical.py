"""iCalendar (RFC 5545) to dated events within bounds: recurrences expanded, time zones resolved.

Only the properties named in ``_KEPT`` reach the parser: organisers, attendees, descriptions and comments are
dropped line by line before anything is made of them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar

from ingest.imports.refusal import FileFault, FileRefused, refused

Part = Any
"""A component, or a tzinfo class, of icalendar: its types are a union of thirty."""

MOST_EVENTS = 300_000
"""Dated events of a file; a year of a large school is 100,000. More is a mistake, or an attack."""

_WHEN = "UID DTSTART DTEND DURATION RRULE RDATE EXDATE RECURRENCE-ID STATUS TZID TZOFFSETFROM TZOFFSETTO"
_KEPT = frozenset(f"BEGIN END VERSION CALSCALE LOCATION SUMMARY {_WHEN}".split())
_SKIPPED_PARTS = frozenset(("VALARM", "VTODO", "VJOURNAL", "VFREEBUSY"))
_DAILY_OR_LONGER = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_SLOW_S, _SLOW_LIMIT_S = 0.5, 30  # an event takes a millisecond; one whose rule never comes true 10 s
_UNFOLD = re.compile(r"\r?\n[ \t]")


@dataclass(frozen=True)
class Bounds:
    """First and last local day that is asked for."""

    first: date
    last: date


@dataclass(frozen=True)
class Event:
    """One dated event. ``number`` counts the VEVENTs of the file from 1.

    ``start`` and ``end`` are local times without zone; of an all-day event the midnights before its first and
    after its last day. ``summary`` and ``location`` may hold names of people.
    """

    number: int
    start: datetime
    end: datetime
    all_day: bool
    summary: str
    location: str

    @property
    def last_day(self) -> date:
        """The last day of which it takes something."""
        return max(self.start, self.end - timedelta(microseconds=1)).date()


@dataclass(frozen=True)
class Read:
    """The events of a file, and how many there were outside the bounds and cancelled."""

    events: tuple[Event, ...]
    outside: int
    cancelled: int


def read_ical(text: str, name: str, zone: ZoneInfo, bounds: Bounds) -> Read:
    """The events of an iCalendar text as dated events, in time order; ``zone`` is that of floating times.

    Raises:
        FileRefused: it is no iCalendar, or an event cannot be understood; messages quote nothing of it.
    """
    series = _all_series(_components(text, name), name, zone, bounds)
    moved = {(one.uid, one.instead_of) for one in series if one.instead_of is not None}
    events: list[Event] = []
    outside = cancelled = 0
    for one in series:
        for instant, event in one.occurrences:
            if one.instead_of is None and (one.uid, instant) in moved:
                continue
            if event.start.date() > bounds.last or event.last_day < bounds.first:
                outside += 1
            elif one.cancelled:
                cancelled += 1
            else:
                events.append(event)
        if len(events) > MOST_EVENTS:
            raise refused(name, f"more than {MOST_EVENTS} dated events; narrow them with --from and --to")
    return Read(tuple(sorted(events, key=lambda e: (e.start, e.end, e.number))), outside, cancelled)


def _all_series(components: list[Part], name: str, zone: ZoneInfo, bounds: Bounds) -> list[_Series]:
    faults: list[FileFault] = []
    series: list[_Series] = []
    slow = 0.0
    for number, component in enumerate(components, start=1):
        if slow > _SLOW_LIMIT_S:
            raise refused(name, "its recurrences never come true; export dated events", row=number)
        began = monotonic()
        try:
            series.append(_series(component, number, zone, bounds))
        except _Unreadable as error:
            faults.append(FileFault(name, number, "VEVENT", "", str(error)))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            faults.append(FileFault(name, number, "VEVENT", "", "the event's times cannot be read"))
        took = monotonic() - began
        slow += took if took > _SLOW_S else 0
    if faults:
        raise FileRefused(faults[:20], max(0, len(faults) - 20))
    return series


class _Unreadable(Exception):  # noqa: N818 - a fact about an event
    """Why an event cannot be taken in; quotes nothing of it."""


@dataclass(frozen=True)
class _Series:
    """A VEVENT as its dated events, each with its instant (UTC): others of its ``uid`` replace it by that.

    ``instead_of`` is the instant that this VEVENT replaces.
    """

    uid: str
    occurrences: tuple[tuple[datetime, Event], ...]
    instead_of: datetime | None
    cancelled: bool


def _components(text: str, name: str) -> list[Part]:
    if "BEGIN:VCALENDAR" not in text.upper():
        raise refused(name, "no iCalendar (.ics): it does not hold BEGIN:VCALENDAR")
    kept = "\r\n".join(_kept_lines(_UNFOLD.sub("", text).splitlines()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the file
            calendars = Calendar.from_ical(kept, multiple=True)
    except (ValueError, IndexError, KeyError):
        raise refused(name, "damaged iCalendar; export it again") from None  # the error quotes the line
    return [event for calendar in calendars for event in calendar.walk("VEVENT")]


def _kept_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines that say when and where; whole parts that are no events fall out."""
    skipped: str | None = None
    for line in lines:
        key = re.split(r"[;:]", line, maxsplit=1)[0].strip().upper()
        part = line.split(":", 1)[-1].strip().upper()
        if skipped is None and key == "BEGIN" and part in _SKIPPED_PARTS:
            skipped = part
        elif skipped is not None:
            skipped = None if key == "END" and part == skipped else skipped
        elif key in _KEPT:
            yield line


def _series(component: Part, number: int, zone: ZoneInfo, bounds: Bounds) -> _Series:
    own, event = _first(component, number, zone)
    instead = component.get("RECURRENCE-ID")
    if instead is not None and instead.params.get("RANGE"):
        raise _Unreadable(
            "it changes all later events of a series (RANGE=THISANDFUTURE): export them one by one"
        )
    without = set(_dates(component.get("EXDATE"), own))
    occurrences = []
    for start in _starts(component, event.start, own, bounds):
        if start not in without:
            end = start + (event.end - event.start)
            dated = replace(event, start=_seen(start, own, zone, event), end=_seen(end, own, zone, event))
            occurrences.append((_instant(start, own), dated))
    return _Series(
        str(component.get("UID", f"event {number}")),
        tuple(occurrences),
        _instant(_naive(instead.dt, own), own) if instead is not None else None,
        str(component.get("STATUS", "")).upper() == "CANCELLED",
    )


def _first(component: Part, number: int, zone: ZoneInfo) -> tuple[Part, Event]:
    """The zone in which a VEVENT counts (a weekly lesson stays at its hour when the clocks change), and its
    first occurrence by the clocks of that zone."""
    if "DTSTART" not in component:
        raise _Unreadable("the event has no start (DTSTART)")
    begin = component["DTSTART"].dt
    all_day = not isinstance(begin, datetime)
    own: Part = zone
    if isinstance(begin, datetime) and begin.tzinfo is not None:
        own = begin.tzinfo
    elif component["DTSTART"].params.get("TZID"):
        raise _Unreadable("its time zone (TZID) is not known and the file does not define it (VTIMEZONE)")
    start = _naive(begin, own)
    if "DTEND" in component:
        end = _naive(component["DTEND"].dt, own)
    elif "DURATION" in component:
        end = start + component["DURATION"].dt
    else:
        end = start + timedelta(days=1 if all_day else 0)
    if end < start:
        raise _Unreadable("the event ends before it starts")
    return own, Event(number, start, end, all_day, _text(component, "SUMMARY"), _text(component, "LOCATION"))


def _text(component: Part, key: str) -> str:
    value = component.get(key, "")
    return " ".join(str(value[0] if isinstance(value, list) else value).split())


def _naive(value: date | datetime, own: Part) -> datetime:
    """A time as the clocks of ``own`` show it; a date is its midnight."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value.astimezone(own).replace(tzinfo=None) if value.tzinfo is not None else value


def _dates(lists: Part, own: Part) -> Iterator[datetime]:
    """The times of RDATE or EXDATE: one property, several, or none."""
    for several in [] if lists is None else lists if isinstance(lists, list) else [lists]:
        for one in several.dts:
            if isinstance(one.dt, tuple):
                raise _Unreadable("it lists periods (RDATE;VALUE=PERIOD): export its events one by one")
            yield _naive(one.dt, own)


def _instant(at: datetime, own: Part) -> datetime:
    return at.replace(tzinfo=own).astimezone(UTC)


def _seen(at: datetime, own: Part, zone: ZoneInfo, event: Event) -> datetime:
    """A time by the clocks of ``own`` as those of ``zone`` show it."""
    if event.all_day or own is zone:
        return at
    return _instant(at, own).astimezone(zone).replace(tzinfo=None)


def _starts(component: Part, begin: datetime, own: Part, bounds: Bounds) -> list[datetime]:
    """Starts of a VEVENT by the clocks of ``own``: the first, and all others up to the end of the bounds."""
    if isinstance(component.get("RRULE"), list):
        raise _Unreadable("it has several RRULEs: export its events one by one")
    found = {begin, *_dates(component.get("RDATE"), own)}
    if "RRULE" in component:
        told: str = component["RRULE"].to_ical().decode().upper()
        parts = {key: value for key, _, value in (part.partition("=") for part in told.split(";"))}
        if parts.get("FREQ") not in _DAILY_OR_LONGER:
            raise _Unreadable("it recurs more often than daily")
        count = int(parts.pop("COUNT", MOST_EVENTS))
        if int(parts.get("INTERVAL", 1)) < 1:
            raise _Unreadable("it recurs every 0 days")
        end = min(
            _until(parts.pop("UNTIL", ""), own), datetime.combine(bounds.last, time.max) + timedelta(days=1)
        )
        if begin <= end:
            rule = ";".join(
                [*(f"{key}={value}" for key, value in parts.items()), f"UNTIL={end:%Y%m%dT%H%M%S}"]
            )
            found.update(islice(rrulestr(rule, dtstart=begin), count))
    return sorted(found)


def _until(text: str, own: Part) -> datetime:
    """The last start that UNTIL allows, by the clocks of ``own``; the end of time where there is none."""
    if not text:
        return datetime(9999, 12, 31)  # noqa: DTZ001
    ends = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007
    if "T" not in text:
        return datetime.combine(ends, time.max)
    return ends.replace(tzinfo=UTC).astimezone(own).replace(tzinfo=None) if text.endswith("Z") else ends

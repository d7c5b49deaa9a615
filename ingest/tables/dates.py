"""Dates, times of day and weekdays as Swedish files write them; None for anything else."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from ingest.tables.sheets import Cell

_MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001 - only its time of day is used
_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_LONG = (
    *("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober"),
    *("november", "december"),
)
_MONTH = {name: number for several in (_MONTHS, _LONG) for number, name in enumerate(several, start=1)}
_DAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = {
    name[:length]: number
    for several in (_DAYS, _ENGLISH)
    for number, name in enumerate(several, start=1)
    for length in (2, 3, len(name))
    if not (length == 2 and several is _ENGLISH)
}


def text_of(cell: Cell | None) -> str:
    """A cell as text: whole numbers without decimals, spaces (also those that do not break) made single."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return " ".join(str(cell).split())


def date_of(cell: Cell, date_format: str | None = None) -> date | None:
    """``2026-08-18``, ``20260818``, ``18 augusti 2026``, a date cell, or as ``date_format`` has it."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = text_of(cell).casefold()
    if date_format is not None:
        try:
            return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            return None
    iso = re.fullmatch(r"(\d{4})([-/.]?)(\d\d?)\2(\d\d?)(?:[t ]00:00(?::00)?)?", text)
    words = re.fullmatch(r"(?:\w+dag(?:en)?(?: den)?,? )?(\d\d?)(?::e|\.)? ([a-z]+)\.?,? (\d{4})", text)
    try:
        if iso and (iso[2] or len(text) == 8):
            return date(int(iso[1]), int(iso[3]), int(iso[4]))
        if words and words[2] in _MONTH:
            return date(int(words[3]), _MONTH[words[2]], int(words[1]))
    except ValueError:
        return None
    return None


def time_of(cell: Cell) -> time | None:
    """``08:10``, ``8.10``, ``0810``, a time cell, or the part of a day that Excel counts."""
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    if isinstance(cell, timedelta):
        return (_MIDNIGHT + cell).time() if timedelta(0) <= cell < timedelta(days=1) else None
    if isinstance(cell, float) and 0 <= cell < 1:
        return (_MIDNIGHT + timedelta(minutes=round(cell * 1440) % 1440)).time()
    told = re.fullmatch(r"(?:kl\.? ?)?(\d{1,2})[:.]?(\d\d)(?::00)?", text_of(cell).casefold())
    if told is None or int(told[1]) > 23 or int(told[2]) > 59:
        return None
    return time(int(told[1]), int(told[2]))


def hours_of(cell: Cell) -> str | None:
    """``18:00-21:00`` from that, from ``18-21`` or ``kl. 18.00–21.00``."""
    parts = re.split(r"\s*[-–—]\s*", text_of(cell))
    times = [time_of(f"{part}:00" if re.fullmatch(r"\d\d?", part) else part) for part in parts]
    if len(times) != 2 or times[0] is None or times[1] is None or times[1] <= times[0]:
        return None
    return f"{times[0]:%H:%M}-{times[1]:%H:%M}"


def weekday_of(cell: Cell) -> int | None:
    """1 for Monday to 7: a number, or a name in Swedish or English, also cut to two or three letters."""
    text = text_of(cell).casefold().rstrip(".")
    return int(text) if re.fullmatch("[1-7]", text) else _WEEKDAY.get(text.removesuffix("ar"))

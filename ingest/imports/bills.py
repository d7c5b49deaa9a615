"""Bills: a sum of a period stays one sum. Three readings at the period's first instant: energy, length, final
or not.

A bill's days are those of the site's calendar; the hour by which normaltid differs in summer is not the
bill's to tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from classroom.quantity import bill_quantities
from ingest.imports.cells import words
from ingest.imports.clock import Clock
from ingest.imports.mapping import Mapping
from ingest.imports.refusal import FileFault
from ingest.imports.source import Cell
from ingest.imports.stage import Column
from ingest.imports.table import Chunk

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_LONGEST = timedelta(days=400)


def bill_columns(
    chunk: Chunk,
    mapping: Mapping,
    zone: ZoneInfo,
    name: str,
    devices: Sequence[str],
    times: Sequence[Cell],
    values: Sequence[float],
    faults: list[FileFault],
) -> list[Column]:
    """The three columns of readings of a chunk of bills; faults are appended."""
    clock = Clock(mapping.time.model_copy(update={"basis": "utc"}), zone, name)
    ends = chunk.column("end") or [""] * len(times)
    final = _final(chunk, mapping, name, faults)
    kept: list[tuple[str, int, float, float, float, int]] = []
    for at, row in enumerate(chunk.rows):
        if math.isnan(values[at]):
            continue
        if not devices[at]:
            faults.append(FileFault(name, row, "", "", "the row names no device"))
        period = _period(mapping, clock, times[at], ends[at])
        if isinstance(period, str):
            faults.append(FileFault(name, row, mapping.time.column[0], repr(times[at])[:60], period))
            continue
        start, end = (day.replace(tzinfo=zone).astimezone(UTC) for day in period)
        hours = (end - start) / timedelta(hours=1)
        kept.append((devices[at], (start - _EPOCH) // _US, values[at], hours, final[at], row))
    if not kept:
        return []
    device, start_us, kwh, length, state, row_numbers = (list(column) for column in zip(*kept, strict=True))
    zeros, sure = [0] * len(kept), [False] * len(kept)
    names = zip(*(bill_quantities(hours) for hours in length), strict=True)
    return [
        Column(device, list(quantity), start_us, value, zeros, sure, row_numbers)
        for quantity, value in zip(names, (kwh, length, state), strict=True)
    ]


def _period(mapping: Mapping, clock: Clock, start: Cell, end: Cell) -> tuple[datetime, datetime] | str:
    """First local day and the day after the last; or what is wrong."""
    first = clock.moment(start)
    if first.naive is None:
        return first.cure
    day = first.naive.replace(hour=0, minute=0, second=0)
    if mapping.time.interval == "month":
        return day.replace(day=1), (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    if mapping.time.interval == "year":
        return day.replace(month=1, day=1), day.replace(year=day.year + 1, month=1, day=1)
    last = clock.moment(end)
    if last.naive is None:
        return f"the period ends at {end!r}: {last.cure}"
    until = last.naive.replace(hour=0, minute=0, second=0)
    if mapping.time.last_day == "included":
        until += timedelta(days=1)
    if not day < until <= day + _LONGEST:
        return f"from here to {end!r} is no period of a bill (1 to {_LONGEST.days} days)"
    return day, until


def _final(chunk: Chunk, mapping: Mapping, name: str, faults: list[FileFault]) -> list[float]:
    part, cells = mapping.bill, chunk.column("bill")
    if cells is None:
        return [float(part.status == "final")] * len(chunk.rows)
    meaning = {
        **{word.casefold(): "calculated" for word in part.calculated},
        **{word.casefold(): "final" for word in part.final},
    }
    found = []
    for said, cell, row in zip(words(cells, meaning), cells, chunk.rows, strict=True):
        if said is None:
            known = ", ".join([*part.calculated, *part.final])
            cure = f"known words are {known}; add it to [bill] in the mapping"
            faults.append(FileFault(name, row, part.column[0], repr(cell)[:60], cure))
        found.append(float(said == "final"))
    return found

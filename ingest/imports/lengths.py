"""How long each interval of a file is, and when it begins."""

from __future__ import annotations

from collections.abc import Sequence

from classroom.quantity import INTERVAL_S
from ingest.imports.clock import Clock
from ingest.imports.mapping import TimePart
from ingest.imports.refusal import FileFault
from ingest.imports.source import Cell
from ingest.imports.table import Chunk

_KNOWN_S = frozenset(INTERVAL_S.values())


def lengths_s(
    chunk: Chunk,
    part: TimePart,
    clock: Clock,
    times: Sequence[Cell],
    instants: Sequence[int],
    name: str,
    faults: list[FileFault],
) -> list[int]:
    """Length [s] of each row's interval: the mapping's, or from the row's start to its end. 0: unknown."""
    if part.interval != "columns":
        return [INTERVAL_S.get(part.interval or "", 0)] * len(instants)
    found = []
    cache: dict[tuple[Cell, Cell, int], int] = {}
    for start, end, start_us, row in zip(times, chunk.column("end") or [], instants, chunk.rows, strict=True):
        length = cache.get((start, end, start_us))
        if length is None:
            if len(cache) > 100_000:
                cache.clear()
            length = cache[start, end, start_us] = _between(clock, start, start_us, end)
        if not length:
            known = ", ".join(INTERVAL_S)
            cure = f"from {start!r} to here is no interval of {known}; is the row, or time.format, wrong?"
            faults.append(FileFault(name, row, part.end_column[0], repr(end)[:60], cure))
        found.append(length)
    return found


def _between(clock: Clock, start: Cell, start_us: int, end: Cell) -> int:
    """Seconds from start to end if that is a known length: by the clock on the wall (a day of 23 hours is a
    day), else as time that passed (01:45 to 03:00 in March is a quarter)."""
    first, last = clock.moment(start), clock.moment(end)
    if first.naive is None or last.naive is None:
        return 0
    passed = [(us - start_us) // 1_000_000 for us in (last.first_us, last.second_us)]
    wall = round((last.naive - first.naive).total_seconds())
    return next((seconds for seconds in (wall, *passed) if seconds in _KNOWN_S), 0)


def starts(part: TimePart, instants: Sequence[int], lengths: Sequence[int]) -> Sequence[int]:
    """When each interval begins [us]. A day named by its end was set back already, on the calendar."""
    if part.stands_for != "end" or part.interval == "day":
        return instants
    return [at - length * 1_000_000 for at, length in zip(instants, lengths, strict=True)]

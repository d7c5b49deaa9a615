"""Verdict intervals of one series: a stretch of them replaced, and what that changes.

A series' verdicts are judged anew in a zone around what has changed, never as a whole; each kind of verdict
reaches only so far, so that what lies outside the zone stands. Pieces that touch are joined again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analytics.quality import Bools, Ints, Verdict

METHOD = "quality.verdicts/3"
"""Name and version of the way verdicts are made; another one judges everything anew."""

DISTRUSTED = ("stale", "spike", "drift")
"""Verdicts that take readings out of the metrics; the others are for people."""

STRETCHES = frozenset(("stale", "gap", "clock", "drift"))
"""Kinds that are cut at a zone's edge and joined again; the others are events, known by their start."""


class Zone(NamedTuple):
    """Verdicts of some kinds in ``[start_us, end_us)`` of one series, complete."""

    kinds: tuple[str, ...]
    start_us: int
    end_us: int
    found: Sequence[Verdict]


def replaced(stored: Sequence[Verdict], zones: Iterable[Zone]) -> list[Verdict]:
    """``stored`` with what the zones hold instead, in order of start, end and kind."""
    rows = list(stored)
    for zone in zones:
        kept = [
            piece
            for one in rows
            for piece in ([one] if one.verdict not in zone.kinds else _outside(one, zone))
        ]
        rows = kept + [piece for one in zone.found for piece in _inside(one, zone)]
    return _joined(rows)


def _outside(one: Verdict, zone: Zone) -> list[Verdict]:
    if one.verdict not in STRETCHES:
        return [] if zone.start_us <= one.start_us < zone.end_us else [one]
    before = one._replace(end_us=min(one.end_us, zone.start_us))
    after = one._replace(start_us=max(one.start_us, zone.end_us))
    return [piece for piece in (before, after) if piece.start_us < piece.end_us]


def _inside(one: Verdict, zone: Zone) -> list[Verdict]:
    if one.verdict not in STRETCHES:
        return [one] if zone.start_us <= one.start_us < zone.end_us else []
    cut = one._replace(start_us=max(one.start_us, zone.start_us), end_us=min(one.end_us, zone.end_us))
    return [cut] if cut.start_us < cut.end_us else []


def _joined(rows: Iterable[Verdict]) -> list[Verdict]:
    found: list[Verdict] = []
    for one in sorted(rows, key=lambda row: (row.verdict, row.start_us, row.end_us, row.detail)):
        last = found[-1] if found else None
        if (
            last is not None
            and one.verdict in STRETCHES
            and (last.verdict, last.detail) == (one.verdict, one.detail)
            and one.start_us <= last.end_us
        ):
            found[-1] = last._replace(end_us=max(last.end_us, one.end_us))
        else:
            found.append(one)
    return sorted(found, key=lambda row: (row.start_us, row.end_us, row.verdict))


def changed_trust(before: Sequence[Verdict], after: Sequence[Verdict]) -> list[tuple[int, int]]:
    """Intervals [us] that are distrusted by one of the two and not by the other."""
    edges = sorted({edge for one in (*before, *after) for edge in one[:2]})
    if not edges:
        return []
    cells = np.array(edges, dtype=np.int64)
    differ = np.flatnonzero(covered(cells[:-1], before) != covered(cells[:-1], after))
    return [(int(cells[i]), int(cells[i + 1])) for i in differ.tolist()]


def covered(time_us: Ints, verdicts: Sequence[Verdict]) -> Bools:
    """Which of the times a distrusting verdict covers."""
    rows = [one for one in verdicts if one.verdict in DISTRUSTED]
    starts = np.array([one.start_us for one in rows], dtype=np.int64)
    return inside(time_us, starts, np.array([one.end_us for one in rows], dtype=np.int64))


def inside(time_us: Ints, start_us: Ints, end_us: Ints) -> Bools:
    """Which of the times lie in any of the half-open intervals, which may overlap."""
    begun = np.searchsorted(np.sort(start_us), time_us, "right")
    return np.asarray(begun > np.searchsorted(np.sort(end_us), time_us, "right"))

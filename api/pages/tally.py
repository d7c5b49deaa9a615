"""How many rooms stand at each level of the light."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = ("now", "soon", "good", "none")
"""The most urgent first."""

Tally = list[tuple[str, int]]
"""Levels that occur, with their number of rooms, in the order of :data:`LEVELS`."""


def tally_of(levels: Sequence[str]) -> Tally:
    """Counts of the levels that occur."""
    return [(level, levels.count(level)) for level in LEVELS if level in levels]


def added(tallies: Sequence[Tally]) -> Tally:
    """Several schools' counts as one."""
    sums = [
        (level, sum(count for one in tallies for name, count in one if name == level)) for level in LEVELS
    ]
    return [(level, count) for level, count in sums if count]

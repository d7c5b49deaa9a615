"""What a coverage is worth: the two limits of the house, and how statuses combine."""

from __future__ import annotations

from collections.abc import Iterable

from classroom.metric import Status

OK_COVERAGE = 0.9
"""At or above this share a mean or a share is ``ok`` (OpenDSM asks the same of a day's hours)."""

LEAST_COVERAGE = 0.5
"""Below this share nothing is said: the value is null and the status ``insufficient``."""

_WORST_FIRST = (
    Status.NO_DATA,
    Status.INSUFFICIENT,
    Status.PARTIAL,
    Status.PRELIMINARY,
    Status.ESTIMATED,
    Status.OK,
)


def status_of(coverage: float) -> Status:
    """Status of a figure whose readings cover the share ``coverage`` (0-1) of its period."""
    if coverage <= 0:
        return Status.NO_DATA
    if coverage < LEAST_COVERAGE:
        return Status.INSUFFICIENT
    return Status.OK if coverage >= OK_COVERAGE else Status.PARTIAL


def worst(statuses: Iterable[Status]) -> Status:
    """The status of a figure made from figures with ``statuses``; ``no_data`` where there are none."""
    return min(statuses, key=_WORST_FIRST.index, default=Status.NO_DATA)


def reasons(*parts: str | None) -> str | None:
    """Reason codes joined by ``; ``, each once, in order; None where there are none."""
    found = dict.fromkeys(code for part in parts if part for code in part.split("; "))
    return "; ".join(found) or None

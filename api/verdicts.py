"""Verdicts as the API tells them: those on the newest readings from memory, the others from the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pandas as pd

from analytics.verdicts import DISTRUSTED
from api.models import VerdictOut
from classroom.air import stale_after_s
from classroom.reading import Reading
from store.base import Store

_BACK = timedelta(days=3)  # an older newest reading is no longer current anyway
_AHEAD = timedelta(hours=1)  # clocks may run ahead

CURRENT = (*DISTRUSTED, "clock")
"""Kinds that say something of a device as it is now; a gap has ended when it is told."""


class CurrentVerdicts:
    """What the last analysis said of the series now; replaced as a whole, read from any thread."""

    def __init__(self) -> None:
        self._by_series: dict[tuple[str, str], list[VerdictOut]] = {}

    def take(self, store: Store, newest: Iterable[Reading]) -> None:
        """Read the verdicts around the newest readings.

        Raises:
            StoreError: the store cannot serve now; what was known stands.
        """
        readings = list(newest)
        if not readings:
            self._by_series = {}
            return
        last = max(reading.time for reading in readings)
        rows = store.read_verdicts({reading.device for reading in readings}, last - _BACK, last + _AHEAD)
        found: dict[tuple[str, str], list[VerdictOut]] = {}
        for one in verdicts_out(rows[rows["verdict"].isin(CURRENT)]):
            found.setdefault((one.device, one.quantity), []).append(one)
        self._by_series = found

    def of(self, reading: Reading, interval_s: int) -> list[VerdictOut]:
        """Verdicts that cover a reading; one on a stuck sensor also those that have come since it was
        made."""
        patience = timedelta(seconds=stale_after_s(interval_s))
        return [
            one
            for one in self._by_series.get((reading.device, reading.quantity), ())
            if one.start <= reading.time < one.end + (patience if one.verdict == "stale" else timedelta())
        ]

    def distrust(self, reading: Reading, interval_s: int) -> str | None:
        """The verdict that distrusts a reading (``stale``, ``drift``, ``spike``); None if none does."""
        kinds = {one.verdict for one in self.of(reading, interval_s)}
        return next((kind for kind in DISTRUSTED if kind in kinds), None)


def stored_verdicts(
    store: Store, devices: Sequence[str], start: datetime, end: datetime, kinds: frozenset[str]
) -> list[VerdictOut]:
    """Verdicts of the devices that overlap the span, of all ``kinds`` if there are none.

    Raises:
        StoreError: the store cannot serve now.
    """
    rows = store.read_verdicts(devices, start, end)
    return verdicts_out(rows[rows["verdict"].isin(kinds)] if kinds else rows)


def verdicts_out(rows: pd.DataFrame) -> list[VerdictOut]:
    """Rows of the store (VERDICT_COLUMNS) as the API gives them."""
    details = rows["detail"].fillna("")
    columns = (rows["device"], rows["quantity"], rows["start"], rows["end"], rows["verdict"], details)
    return [
        VerdictOut(
            device=device,
            quantity=quantity,
            start=start.to_pydatetime(),
            end=end.to_pydatetime(),
            verdict=verdict,
            detail=detail,
        )
        for device, quantity, start, end, verdict, detail in zip(*columns, strict=True)
    ]

"""What planted faults did in the time that was played: the truth that goes with the messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from classroom.places import Device
from classroom.site import Site
from simulators.faults import FaultRow, PlantedFault, Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE_KEYS = {"kind", "device", "school", "start", "end"}


class FaultLog:
    """Counts, for each planted fault, the messages it touched whose own time lies in the span played."""

    def __init__(self, faults: Sequence[PlantedFault], begin_ms: int, end_ms: int | None) -> None:
        self._faults = faults
        self._span = (begin_ms, end_ms)
        self._touched: list[list[NDArray[np.int64]]] = [[] for _ in faults]
        self._lost: dict[str, tuple[Device, list[NDArray[np.int64]]]] = {}

    def count(self, index: int, times_ms: NDArray[np.int64]) -> None:
        """Fault ``index`` touched the messages of ``times_ms``."""
        played = self._played(times_ms)
        if played.size:
            self._touched[index].append(played)

    def lost_joining(self, placed: Device, times_ms: NDArray[np.int64]) -> None:
        """A LoRaWAN device lost the messages of ``times_ms`` before it joined anew."""
        if times_ms.size:
            self._lost.setdefault(placed.key, (placed, []))[1].append(self._played(times_ms))

    def rows(self, site: Site, until_ms: int | None = None) -> list[FaultRow]:
        """Every planted fault, what the tables themselves say of moves and swaps, and joins, by start.

        Messages count that left their device before ``until_ms``, all that were asked for without it.
        """
        found = [
            self._row(fault, _before(until_ms, parts))
            for fault, parts in zip(self._faults, self._touched, strict=True)
        ]
        found += [*_of_the_tables(site), *self._join_gaps(until_ms)]
        return sorted(found, key=lambda row: (row.start or _EPOCH, row.kind, row.device or ""))

    def _join_gaps(self, until_ms: int | None) -> Iterator[FaultRow]:
        """A row for each run of lost reports that follow one another."""
        for placed, parts in self._lost.values():
            lost = _before(until_ms, parts)
            interval_ms = placed.interval_s * 1000
            for run in np.split(lost, np.flatnonzero(np.diff(lost) > 1.5 * interval_ms) + 1):
                if run.size:
                    start, end = _time(int(run[0])), _time(int(run[-1]) + interval_ms)
                    yield FaultRow("join_gap", placed.key, placed.school, start, end, run.size, "{}")

    def _row(self, fault: PlantedFault, touched: NDArray[np.int64]) -> FaultRow:
        detail = fault.model_dump(mode="json", exclude=_PLACE_KEYS, exclude_none=True)
        start = getattr(fault, "start", None) or (_time(int(touched[0])) if touched.size else None)
        return FaultRow(
            fault.kind,
            fault.device,
            getattr(fault, "school", None) or getattr(fault, "gateway", None),
            start,
            fault.end if isinstance(fault, Window) else None,
            touched.size,
            json.dumps(detail, sort_keys=True),
        )

    def _played(self, times_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        begin, end = self._span
        kept = times_ms >= begin
        if end is not None:
            kept &= times_ms < end
        return times_ms[kept]


def _before(until_ms: int | None, parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    times_ms = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return times_ms if until_ms is None else times_ms[times_ms < until_ms]


def _of_the_tables(site: Site) -> list[FaultRow]:
    """Devices that hung elsewhere before, and meters read by another device before: ``devices.csv`` knows."""
    found = []
    placed = sorted((d for d in site.devices if d.valid_from), key=lambda d: d.valid_from or _EPOCH)
    for now in placed:
        for before in site.devices:
            if before.valid_to is None or before.valid_to != now.valid_from or before.school != now.school:
                continue
            detail = {"in_tables": True, "from": before.room or before.key, "to": now.room or now.key}
            if before.key == now.key and before.room != now.room:
                kind = "moved"
            elif now.meter is not None and before.meter == now.meter and before.key != now.key:
                kind = "meter_swap"
            else:
                continue
            start = now.valid_from
            found.append(
                FaultRow(kind, before.key, now.school, start, None, 0, json.dumps(detail, sort_keys=True))
            )
    return found


def _time(time_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=time_ms)

"""From the stage to the store: batches of readings in order, through whoever owns the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa

from classroom.quantity import ESTIMATED_MARKS
from classroom.reading import Reading
from ingest.imports.stage import Stage
from store.base import ReadingsRefused, Store, Written

BATCH = 10_000


Submit = Callable[[Sequence[Reading]], "Future[Written]"]
"""Hands readings to whoever writes the store."""

Known = Callable[[Sequence[Reading]], set[tuple[str, str, datetime]]]
"""Device, quantity and time of those readings in whose place the store has one."""


def write(
    stage: Stage,
    submit: Submit,
    bury: Callable[[ReadingsRefused], None],
    known: Known,
    *,
    fill_only: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Written:
    """Store everything that is staged; one batch is written while the next is made ready.

    ``bury`` keeps what the store will never take. With ``fill_only`` what is ``known`` is left alone. Beside
    values that are estimated stand marks (:func:`marks`), which are not counted. ``progress`` is told how
    many readings are done. Again with the same stage stores nothing more, so that an import that was cut
    short is completed by handing it in again.

    Raises:
        StoreError: as :meth:`ingest.pipeline.Pipeline.write`.
    """
    names = stage.series
    total = Written()
    waiting: tuple[Future[Written], Future[Written] | None, int] | None = None
    done = 0

    def settle() -> None:
        nonlocal total, done
        if waiting is None:
            return
        total = _sum(total, _outcome(waiting[0], bury))
        if waiting[1] is not None:
            _outcome(waiting[1], bury)
        done += waiting[2]
        progress(done)

    for frame in stage.batches(BATCH):
        times = pa.array(frame["time_us"].to_numpy(), pa.timestamp("us")).to_pylist()
        columns = (frame["series"].tolist(), times, frame["value"].tolist(), frame["flag"].tolist())
        readings = [
            Reading(names[series][0], names[series][1], time.replace(tzinfo=UTC), value, flag)
            for series, time, value, flag in zip(*columns, strict=True)
        ]
        count, left_alone = len(readings), known(readings) if fill_only else set()
        told = [
            (reading, estimated)
            for reading, estimated in zip(readings, frame["estimated"].tolist(), strict=True)
            if reading[:3] not in left_alone
        ]
        beside = marks(told, known)
        settle()
        waiting = submit([reading for reading, _ in told]), submit(beside) if beside else None, count
    settle()
    return total


def marks(told: Iterable[tuple[Reading, bool]], known: Known) -> list[Reading]:
    """Marks of readings of energy: 1 beside each that is estimated; 0 beside one that was and no longer is,
    which the mark that is ``known`` shows."""
    found = [
        Reading(reading.device, mark, reading.time, float(estimated))
        for reading, estimated in told
        if (mark := ESTIMATED_MARKS.get(reading.quantity)) is not None
    ]
    measured = [mark for mark in found if not mark.value]
    marked = known(measured) if measured else set()
    return [mark for mark in found if mark.value or mark[:3] in marked]


def _outcome(written: Future[Written], bury: Callable[[ReadingsRefused], None]) -> Written:
    try:
        return written.result()
    except ReadingsRefused as refusal:
        bury(refusal)
        return refusal.written


def in_store(store: Store) -> Known:
    """What stands in ``store`` at the times of some readings."""

    def stored(readings: Sequence[Reading]) -> set[tuple[str, str, datetime]]:
        frame = store.read_readings(
            {reading.device for reading in readings},
            {reading.quantity for reading in readings},
            min(reading.time for reading in readings),
            max(reading.time for reading in readings) + timedelta(microseconds=1),
        )
        times = pd.DatetimeIndex(frame["time"]).to_pydatetime()
        return set(zip(frame["device"], frame["quantity"], times, strict=True))

    return stored


def directly(store: Store) -> Submit:
    """For a command that has the store to itself: writes where it is called."""

    def submit(readings: Sequence[Reading]) -> Future[Written]:
        done: Future[Written] = Future()
        try:
            done.set_result(store.write_readings(readings))
        except ReadingsRefused as refusal:
            done.set_exception(refusal)
        return done

    return submit


def _sum(one: Written, other: Written) -> Written:
    return Written(
        one.stored + other.stored, one.duplicates + other.duplicates, one.conflicts + other.conflicts
    )

"""From the stage to the store: batches of readings in order, through whoever owns the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa

from classroom.reading import Reading
from ingest.imports.stage import Stage
from store.base import ReadingsRefused, Store, Written

BATCH = 10_000


Submit = Callable[[Sequence[Reading]], "Future[Written]"]
"""Hands readings to whoever writes the store."""


def write(
    stage: Stage,
    submit: Submit,
    bury: Callable[[ReadingsRefused], None],
    stored: Callable[[Sequence[Reading]], set[tuple[str, str, datetime]]] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Written:
    """Store everything that is staged; one batch is written while the next is made ready.

    ``bury`` keeps what the store will never take. What ``stored`` knows is left alone. ``progress`` is told
    how many readings are done. Again with the same stage stores nothing more, so that an import that was cut
    short is completed by handing it in again.

    Raises:
        StoreError: as :meth:`ingest.pipeline.Pipeline.write`.
    """
    names = stage.series
    total = Written()
    waiting: tuple[Future[Written], int] | None = None
    done = 0

    def settle() -> None:
        nonlocal total, done
        if waiting is None:
            return
        try:
            total = _sum(total, waiting[0].result())
        except ReadingsRefused as refusal:
            bury(refusal)
            total = _sum(total, refusal.written)
        done += waiting[1]
        progress(done)

    for frame in stage.batches(BATCH):
        times = pa.array(frame["time_us"].to_numpy(), pa.timestamp("us")).to_pylist()
        columns = (frame["series"].tolist(), times, frame["value"].tolist(), frame["flag"].tolist())
        readings = [
            Reading(names[series][0], names[series][1], time.replace(tzinfo=UTC), value, flag)
            for series, time, value, flag in zip(*columns, strict=True)
        ]
        count = len(readings)
        if stored is not None:
            known = stored(readings)
            readings = [reading for reading in readings if reading[:3] not in known]
        settle()
        waiting = submit(readings), count
    settle()
    return total


def in_store(store: Store) -> Callable[[Sequence[Reading]], set[tuple[str, str, datetime]]]:
    """Device, quantity and time of what stands in ``store`` at the times of some readings."""

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

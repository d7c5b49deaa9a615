"""From the stage to the store: batches of readings in order, through whoever owns the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC

import pyarrow as pa

from classroom.reading import Reading
from ingest.imports.stage import Stage
from store.base import Store, Written

BATCH = 10_000


def write(
    stage: Stage,
    submit: Callable[[Sequence[Reading]], Future[Written]],
    progress: Callable[[int], None] = lambda _: None,
) -> Written:
    """Store everything that is staged; one batch is written while the next is made ready.

    ``progress`` is told how many readings are stored. Again with the same stage stores nothing more, so that
    an import that was cut short is completed by handing it in again.

    Raises:
        StoreError, ReadingsRefused: as :meth:`ingest.pipeline.Pipeline.write`.
    """
    names = stage.series
    total = Written()
    waiting: tuple[Future[Written], int] | None = None
    done = 0
    for frame in stage.batches(BATCH):
        times = pa.array(frame["time_us"].to_numpy(), pa.timestamp("us")).to_pylist()
        rows = zip(
            frame["series"].tolist(), times, frame["value"].tolist(), frame["flag"].tolist(), strict=True
        )
        readings = [
            Reading(names[series][0], names[series][1], time.replace(tzinfo=UTC), value, flag)
            for series, time, value, flag in rows
        ]
        if waiting is not None:
            total, done = _sum(total, waiting[0].result()), done + waiting[1]
            progress(done)
        waiting = submit(readings), len(readings)
    if waiting is not None:
        total, done = _sum(total, waiting[0].result()), done + waiting[1]
        progress(done)
    return total


def directly(store: Store) -> Callable[[Sequence[Reading]], Future[Written]]:
    """For a command that has the store to itself: writes where it is called."""

    def submit(readings: Sequence[Reading]) -> Future[Written]:
        done: Future[Written] = Future()
        done.set_result(store.write_readings(readings))
        return done

    return submit


def _sum(one: Written, other: Written) -> Written:
    return Written(
        one.stored + other.stored, one.duplicates + other.duplicates, one.conflicts + other.conflicts
    )

"""Copying what later readings replaced: a reading's values are written to the target in their old order.

So the target's own rule (the last received is read, the one before is kept) makes the same history there, and
no store needs a way to write the past.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pandas as pd

from classroom.reading import Reading
from store.base import Store

Key = tuple[str, datetime]
"""Quantity and time of a reading of one device."""

History = dict[Key, list[tuple[float, int]]]
"""Value and flag of every revision of a reading, the one that is read last."""

_BATCH = 10_000


class HistoryError(Exception):
    """The target holds values of a reading that the source never had."""


def history(store: Store, device: str, start: datetime, others: Collection[Key] = ()) -> History:
    """Histories of the device's readings from ``start`` that were revised, and of the ``others``.

    What was revised and has since been deleted by rule is left out.
    """
    old = _rows(store.superseded(device))
    found: History = {}
    for key, revision in old:
        if key[1] >= start:
            found.setdefault(key, []).append(revision)
    wanted = {*found, *others}
    if not wanted:
        return {}
    times = [time for _, time in wanted]
    current = dict(
        _rows(
            store.read_readings(
                [device], {key for key, _ in wanted}, min(times), max(times) + timedelta(microseconds=1)
            )
        )
    )
    return {key: [*found.get(key, []), current[key]] for key in wanted if key in current}


def _rows(frame: pd.DataFrame) -> list[tuple[Key, tuple[float, int]]]:
    times = (time.to_pydatetime().astimezone(UTC) for time in frame["time"])
    keys = zip(frame["quantity"].tolist(), times, strict=True)
    return list(zip(keys, zip(frame["value"].tolist(), frame["flag"].tolist(), strict=True), strict=True))


def replay(target: Store, device: str, wanted: Mapping[Key, list[tuple[float, int]]], held: History) -> int:
    """Write what the target's histories lack, one revision of every reading at a time; how many it was.

    Raises:
        HistoryError: the target's history of a reading is not the beginning of the wanted one.
    """
    missing = {key: _rest(device, key, revisions, held.get(key, [])) for key, revisions in wanted.items()}
    for generation in range(max(map(len, missing.values()), default=0)):
        batch = [
            Reading(device, *key, *revisions[generation])
            for key, revisions in missing.items()
            if len(revisions) > generation
        ]
        for first in range(0, len(batch), _BATCH):
            target.write_readings(batch[first : first + _BATCH])
    return sum(map(len, missing.values()))


def _rest(
    device: str, key: Key, wanted: list[tuple[float, int]], held: list[tuple[float, int]]
) -> list[tuple[float, int]]:
    # A write that was cut off may have kept the old value twice, as replaced and as read.
    held = [revision for index, revision in enumerate(held) if index == 0 or revision != held[index - 1]]
    if wanted[: len(held)] != held:
        raise HistoryError(
            f"the target holds other values of {device} {key[0]} at {key[1]:%Y-%m-%d %H:%M:%S} UTC "
            f"({held[-1][0]:g}; the source {wanted[-1][0]:g}). Copy into an empty store"
        )
    return wanted[len(held) :]

"""Copying one store into another, whatever their kinds: in pieces, each compared afterwards by count and sum.

A piece that is equal already is not written again, so that a copy that was cut short goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from classroom.metric import Interval, Scope
from classroom.reading import Reading
from store.base import Store

BATCH = 10_000
_DEVICES = 100
_EVERYTHING = "copy: never advanced"
_ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class Piece(NamedTuple):
    """What is copied in one go: rows of some devices in a month, or of a school."""

    what: str  # readings, hours, verdicts, metrics
    name: str
    rows: int
    written: int  # 0 where the target held them already


@dataclass(frozen=True, slots=True)
class Digest:
    """Count of rows and an order-independent sum over their content."""

    rows: int
    sum: int

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Digest:
        """Of a frame whose columns and types are the same in both stores."""
        plain = frame.copy()
        for name in plain.columns:
            if isinstance(plain[name].dtype, pd.DatetimeTZDtype):
                plain[name] = plain[name].dt.as_unit("us").astype("int64")
            elif pd.api.types.is_numeric_dtype(plain[name]):
                plain[name] = plain[name].astype("float64")
            else:
                plain[name] = plain[name].astype(object).where(plain[name].notna(), "")
        hashes = pd.util.hash_pandas_object(plain, index=False).to_numpy(dtype=np.uint64)
        return cls(len(frame), int(hashes.sum(dtype=np.uint64)))


class CopyError(Exception):
    """After copying, a piece of the target is not what the source holds."""


def copy(
    source: Store,
    target: Store,
    schools: Sequence[str],
    from_time: datetime | None = None,
    progress: Callable[[Piece], None] = lambda _: None,
) -> list[Piece]:
    """Copy readings, hours, verdicts and the metrics of ``schools``; gives the pieces.

    The target's ledger receives all hours, so that analytics looks at everything once. What revisions
    replaced (``superseded``), cursors and watermarks stay behind: they tell how the source came about.

    Raises:
        CopyError: a piece differs after it was written.
        StoreError: one of the stores cannot serve; the same call again goes on where it stood.
    """
    pieces = []
    for piece in _pieces(source, target, schools, from_time or _ALWAYS[0]):
        pieces.append(piece)
        progress(piece)
    return pieces


def _pieces(source: Store, target: Store, schools: Sequence[str], start: datetime) -> Iterator[Piece]:
    everything = source.changed(_EVERYTHING).hours
    everything = everything[everything["hour"] >= pd.Timestamp(start).floor("h")]
    devices = sorted(everything["device"].unique())
    for month, hours in everything.groupby(everything["hour"].dt.strftime("%Y-%m"), sort=True):
        present = sorted(hours["device"].unique())
        span = (
            max(start, hours["hour"].min().to_pydatetime()),
            (hours["hour"].max() + pd.Timedelta(hours=1)).to_pydatetime(),
        )
        for some in _chunks(present):
            name = f"{month} {some[0]} … {some[-1]}"
            read = partial(_readings, some, *span)
            yield _copy_piece("readings", name, read, source, target, partial(_write_readings, target))
            read = partial(_hours, some, *span)
            yield _copy_piece("hours", name, read, source, target, target.write_hours)
    for some in _chunks(devices):
        name, read = f"{some[0]} … {some[-1]}", partial(_verdicts, some, *_ALWAYS)
        yield _copy_piece("verdicts", name, read, source, target, partial(_write_verdicts, target))
    for school in schools:
        for scope in Scope:
            for interval in Interval:
                yield _copy_metrics(source, target, school, scope, interval, start)


def _readings(devices: Sequence[str], start: datetime, end: datetime, store: Store) -> pd.DataFrame:
    return store.read_readings(devices, None, start, end)


def _hours(devices: Sequence[str], start: datetime, end: datetime, store: Store) -> pd.DataFrame:
    return store.read_hours(devices, None, start, end)


def _verdicts(devices: Sequence[str], start: datetime, end: datetime, store: Store) -> pd.DataFrame:
    return store.read_verdicts(devices, start, end)


def _copy_piece(
    what: str,
    name: str,
    read: Callable[[Store], pd.DataFrame],
    source: Store,
    target: Store,
    write: Callable[[pd.DataFrame], None],
) -> Piece:
    frame = read(source)
    wanted = Digest.of(frame)
    if Digest.of(read(target)) == wanted:
        return Piece(what, name, len(frame), 0)
    write(frame)
    found = Digest.of(read(target))
    if found != wanted:
        raise CopyError(
            f"{what} {name}: the source has {wanted.rows} rows (sum {wanted.sum:x}), the target {found.rows} "
            f"(sum {found.sum:x}); does something else write to one of them? Stop it and copy again"
        )
    return Piece(what, name, len(frame), len(frame))


def _copy_metrics(
    source: Store, target: Store, school: str, scope: Scope, interval: Interval, start: datetime
) -> Piece:
    name = f"{school} {scope} by {interval}"
    wanted = source.read_metrics(school, scope, None, interval, start, _ALWAYS[1])
    if target.read_metrics(school, scope, None, interval, start, _ALWAYS[1]) == wanted:
        return Piece("metrics", name, len(wanted), 0)
    for first in range(0, len(wanted), BATCH):
        target.write_metrics(wanted[first : first + BATCH])
    found = target.read_metrics(school, scope, None, interval, start, _ALWAYS[1])
    if found != wanted:
        raise CopyError(
            f"metrics {name}: the source has {len(wanted)}, the target {len(found)} or other ones"
        )
    return Piece("metrics", name, len(wanted), len(wanted))


def _write_readings(target: Store, frame: pd.DataFrame) -> None:
    ordered = frame.sort_values("time", kind="stable")
    for first in range(0, len(ordered), BATCH):
        part = ordered.iloc[first : first + BATCH]
        columns = (
            part["device"],
            part["quantity"],
            part["time"].dt.to_pydatetime(),
            part["value"],
            part["flag"],
        )
        target.write_readings([Reading(*row) for row in zip(*columns, strict=True)])


def _write_verdicts(target: Store, frame: pd.DataFrame) -> None:
    for (device, quantity), intervals in frame.groupby(["device", "quantity"], sort=False):
        target.write_verdicts(str(device), str(quantity), intervals)


def _chunks(devices: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(devices), _DEVICES):
        yield devices[first : first + _DEVICES]

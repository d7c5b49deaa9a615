"""Copying one store into another, whatever their kinds: in pieces, each compared afterwards by count and sum.

A piece that is equal already is not written again, so that a copy that was cut short goes on where it stood.
What says how far others have come (cursors, watermarks) moves last, when all it speaks of is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import pandas as pd

from classroom.metric import Interval, Metric, Scope
from classroom.reading import Reading
from store.base import CHANGED_COLUMNS, Marks, Store, Watermark
from store.copy_revisions import HistoryError, history, replay

BATCH = 10_000
_DEVICES = 100
_EVERYTHING = "copy: never advanced"
_ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_DAY_ONE = (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))  # marks of analytics
_LONGEST = timedelta(days=366)  # of a metric's period


class Piece(NamedTuple):
    """What is copied in one go: rows of some devices in a month, or of a school."""

    what: str  # revisions, readings, hours, verdicts, metrics, documents, marks
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
    """The target holds something else than the source, before or after copying."""


class _Begun(NamedTuple):
    """What the source said before anything was copied; what it is given meanwhile is for the next copy."""

    marks: Marks
    pending: Mapping[str, pd.DataFrame]  # changed hours that a consumer has not worked on, by consumer
    hours: pd.DataFrame  # all changed hours, CHANGED_COLUMNS
    start: datetime


def copy(
    source: Store,
    target: Store,
    schools: Sequence[str],
    from_time: datetime | None = None,
    progress: Callable[[Piece, int], None] = lambda *_: None,
) -> list[Piece]:
    """Copy a site's data from ``from_time`` on; gives the pieces. ``progress(piece, pieces in all)``.

    Copied are readings with what they replaced, hours, verdicts, the metrics and documents of ``schools``,
    the seals of deleted readings, the ledger with its cursors, and the watermarks: the target's analytics
    goes on where the source's stood and computes the same, and a spool is not handed in again. The target
    may hold a part of the same site already, but nothing else.

    Raises:
        CopyError: the target holds something else, or a piece differs after it was written.
        StoreError: one of the stores cannot serve; the same call again goes on where it stood.
    """
    start = from_time or _ALWAYS[0]
    marks = source.marks()
    pending = {consumer: _since(source.changed(consumer).hours, start) for consumer in marks.cursors}
    begun = _Begun(marks, pending, _since(source.changed(_EVERYTHING).hours, start), start)
    for domain, before in source.sealed().items():
        if target.sealed().get(domain, _ALWAYS[0]) < before:
            target.delete_before(domain, readings=before)
    work = list(_work(source, target, schools, begun))
    pieces = []
    for step in work:
        pieces.append(step())
        progress(pieces[-1], len(work))
    return pieces


def _since(hours: pd.DataFrame, start: datetime) -> pd.DataFrame:
    return hours[hours["hour"] >= pd.Timestamp(start).floor("h")]


def _work(
    source: Store, target: Store, schools: Sequence[str], begun: _Begun
) -> Iterator[Callable[[], Piece]]:
    hours, start = begun.hours, begun.start
    devices = sorted(hours["device"].unique())
    for some in _chunks(devices):  # before the readings, whose newest would else be taken for the first
        yield partial(_copy_revisions, source, target, some, start)
    for month, of_month in hours.groupby(hours["hour"].dt.strftime("%Y-%m"), sort=True):
        span = (
            max(start, of_month["hour"].min().to_pydatetime()),
            (of_month["hour"].max() + pd.Timedelta(hours=1)).to_pydatetime(),
        )
        for some in _chunks(sorted(of_month["device"].unique())):
            name = f"{month} {_named(some)}"
            read = partial(_readings, some, *span)
            yield partial(_copy_piece, "readings", name, read, source, target, _write_readings)
            read = partial(_hours, some, *span)
            yield partial(_copy_piece, "hours", name, read, source, target, _write_hours)
    for some in _chunks(devices):
        read = partial(_verdicts, some, start, _ALWAYS[1])
        yield partial(_copy_piece, "verdicts", _named(some), read, source, target, _write_verdicts)
    for school in schools:
        for scope in Scope:
            for interval in Interval:
                yield partial(_copy_metrics, source, target, school, scope, interval, start)
    for school in ("", *schools):
        yield partial(_copy_documents, source, target, school)
    yield partial(_copy_marks, target, begun)


def _readings(devices: Sequence[str], start: datetime, end: datetime, store: Store) -> pd.DataFrame:
    return store.read_readings(devices, None, start, end)


def _hours(devices: Sequence[str], start: datetime, end: datetime, store: Store) -> pd.DataFrame:
    return store.read_hours(devices, None, start, end)


def _verdicts(devices: Sequence[str], start: datetime, end: datetime, store: Store) -> pd.DataFrame:
    return store.read_verdicts(devices, start, end)


def _copy_revisions(source: Store, target: Store, devices: Sequence[str], start: datetime) -> Piece:
    rows = written = 0
    for device in devices:
        wanted = history(source, device, start)
        held = history(target, device, start, wanted)
        if held != wanted:
            try:
                written += replay(target, device, wanted, held)
            except HistoryError as error:
                raise CopyError(str(error)) from error
            held = history(target, device, start, wanted)
        if held != wanted:
            raise CopyError(
                f"{device}: {len(wanted)} revised readings in the source, {len(held)} in the target"
            )
        rows += sum(map(len, wanted.values()))
    return Piece("revisions", _named(devices), rows, written)


def _copy_piece(
    what: str,
    name: str,
    read: Callable[[Store], pd.DataFrame],
    source: Store,
    target: Store,
    write: Callable[[Store, pd.DataFrame, pd.DataFrame], None],
) -> Piece:
    frame, held = read(source), read(target)
    wanted = Digest.of(frame)
    if Digest.of(held) == wanted:
        return Piece(what, name, len(frame), 0)
    write(target, frame, held)
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
    wanted, held = (_metrics(store, school, scope, interval, start) for store in (source, target))
    if held == wanted:
        return Piece("metrics", name, len(wanted), 0)
    for first in range(0, len(wanted), BATCH):
        target.write_metrics(wanted[first : first + BATCH])
    held = _metrics(target, school, scope, interval, start)
    if held != wanted:
        raise CopyError(f"metrics {name}: the source has {len(wanted)}, the target {len(held)} or other ones")
    return Piece("metrics", name, len(wanted), len(wanted))


def _metrics(store: Store, school: str, scope: Scope, interval: Interval, start: datetime) -> list[Metric]:
    """Metrics whose period ends after ``start``, and what analytics marks at the epoch."""
    first = max(_DAY_ONE[1], start - _LONGEST)
    found = store.read_metrics(school, scope, None, interval, *_DAY_ONE)
    found += store.read_metrics(school, scope, None, interval, first, _ALWAYS[1])
    return [metric for metric in found if metric.time < _DAY_ONE[1] or metric.period_end > start]


def _copy_documents(source: Store, target: Store, school: str) -> Piece:
    wanted, held = source.read_documents(None, school), target.read_documents(None, school)
    name = school or "the site"
    if held == wanted:
        return Piece("documents", name, len(wanted), 0)
    target.write_documents(wanted)
    kept = {row[:3] for row in wanted}
    for row in held:
        if row[:3] not in kept:  # withdrawn since the copy before
            target.delete_documents(row.kind, row.school, [row.key])
    if target.read_documents(None, school) != wanted:
        raise CopyError(f"documents of {name}: the source has {len(wanted)}, the target other ones")
    return Piece("documents", name, len(wanted), len(wanted))


def _copy_marks(target: Store, begun: _Begun) -> Piece:
    """The ledger's other hours, then cursors and watermarks: by now the target holds all they speak of."""
    target.append_changed(
        _without(begun.hours, target.changed(_EVERYTHING).hours)
    )  # whose readings are deleted
    # Who is behind further is behind with all that those before him are: so nobody is shown another's hours.
    consumers = sorted(begun.marks.cursors, key=lambda consumer: begun.marks.cursors[consumer])
    for consumer, further in zip_longest(consumers, consumers[1:]):
        target.advance(consumer, target.changed(consumer).cursor)
        own = begun.pending[consumer]
        target.append_changed(own if further is None else _without(own, begun.pending[further]))
    for spool, last in begun.marks.watermarks.items():
        target.write_readings([], Watermark(spool, last))
    found = target.marks()
    lacking = {*begun.marks.cursors} - {*found.cursors}
    lacking |= {
        spool for spool, last in begun.marks.watermarks.items() if found.watermarks.get(spool, 0) < last
    }
    if lacking:
        raise CopyError(f"marks: the target has none of {', '.join(sorted(lacking))}")
    rows = len(begun.marks.cursors) + len(begun.marks.watermarks)
    return Piece("marks", "cursors and watermarks", rows, rows)


def _without(hours: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Rows with CHANGED_COLUMNS that are not among ``others``."""
    both = hours.merge(others, on=list(CHANGED_COLUMNS), how="left", indicator=True)
    return both.loc[both["_merge"] == "left_only", list(CHANGED_COLUMNS)]


def _write_readings(target: Store, frame: pd.DataFrame, held: pd.DataFrame) -> None:
    key = ["device", "quantity", "time"]
    both = frame.merge(held, on=key, suffixes=("", "_held"))
    other = both[(both["value"] != both["value_held"]) | (both["flag"] != both["flag_held"])]
    if len(other):
        first = other.iloc[0]
        raise CopyError(
            f"the target holds {len(other)} other values, as of {first['device']} {first['quantity']} at "
            f"{first['time']:%Y-%m-%d %H:%M:%S} UTC. Copy into an empty store"
        )
    ordered = frame.sort_values("time", kind="stable")
    for begin in range(0, len(ordered), BATCH):
        part = ordered.iloc[begin : begin + BATCH]
        columns = (
            part["device"],
            part["quantity"],
            part["time"].dt.to_pydatetime(),
            part["value"],
            part["flag"],
        )
        target.write_readings([Reading(*row) for row in zip(*columns, strict=True)])


def _write_hours(target: Store, frame: pd.DataFrame, _: pd.DataFrame) -> None:
    target.write_hours(frame)


def _write_verdicts(target: Store, frame: pd.DataFrame, _: pd.DataFrame) -> None:
    for (device, quantity), intervals in frame.groupby(["device", "quantity"], sort=False):
        target.write_verdicts(str(device), str(quantity), intervals)


def _named(devices: Sequence[str]) -> str:
    return f"{devices[0]} … {devices[-1]}"


def _chunks(devices: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(devices), _DEVICES):
        yield devices[first : first + _DEVICES]

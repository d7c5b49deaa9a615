"""Curves of a room: raw readings or hourly rollups, thinned to a stated number of points, gaps kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from api.models import SeriesPoint
from api.problems import wrong
from classroom.air import stale_after_s
from classroom.places import Device
from classroom.site import overlap
from classroom.timetable import Span
from store.base import Store

COLUMNS = ("device", "time", "value", "low", "high", "coverage", "flag")

WHOLE_LIMIT = 100_000
"""Longest curve that is given whole, in rows: eleven years of hours, a year of five minutes."""

Curve = tuple[list[SeriesPoint], int, bool]
"""Points, the number of readings (or hours) they were drawn from, and whether they were thinned."""


def raw_curve(
    store: Store, devices: Sequence[Device], quantity: str, within: Span, limit: int | None, flagged: bool
) -> Curve:
    """Readings of the placed ``devices`` with gaps marked, at most about ``limit`` points; None gives all.

    A gap is a silence longer than :func:`classroom.air.stale_after_s`; it gives a null point one reporting
    interval after its start. A flagged reading breaks the curve too (null, with its flag) unless ``flagged``
    asks for it.
    """

    def read(device: Device, start: datetime, end: datetime) -> pd.DataFrame:
        frame = store.read_readings([device.key], [quantity], start, end)
        piece = pd.DataFrame({name: frame[name] for name in ("device", "time", "value", "flag")})
        if not flagged:
            piece["value"] = piece["value"].where(piece["flag"] == 0)
        return piece.assign(low=np.nan, high=np.nan, coverage=np.nan)

    pieces = []
    for interval_s, piece in _pieces(devices, within, read):
        longest = timedelta(seconds=stale_after_s(interval_s))
        pieces.append(_with_gaps(piece, longest, timedelta(seconds=interval_s)))
    return _curve(pieces, limit)


def hour_curve(
    store: Store, devices: Sequence[Device], quantity: str, within: Span, limit: int | None
) -> Curve:
    """Hourly means with least, greatest and coverage; an hour without a good reading is a gap.

    An hour belongs to where the device hung at its start.
    """

    def read(device: Device, start: datetime, end: datetime) -> pd.DataFrame:
        frame = store.read_hours([device.key], [quantity], start, end)
        columns = {"time": "hour", "value": "mean", "low": "min", "high": "max"}
        piece = pd.DataFrame({name: frame[source] for name, source in columns.items()})
        return piece.assign(device=device.key, coverage=frame["coverage"], flag=0)

    hour = timedelta(hours=1)
    return _curve([_with_gaps(piece, hour, hour) for _, piece in _pieces(devices, within, read)], limit)


def _pieces(
    devices: Sequence[Device], within: Span, read: Callable[[Device, datetime, datetime], pd.DataFrame]
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Of each device that has any: its reporting interval [s] and what it measured while it hung here."""
    for key in sorted({device.key for device in devices}):
        frames, interval_s = [], 0
        for device in devices:
            common = overlap(device.valid_from, device.valid_to, *within)
            if device.key == key and common is not None:
                frames.append(read(device, *common))
                interval_s = max(interval_s, device.interval_s)
        frames = [frame for frame in frames if len(frame)]
        if frames:
            yield interval_s, pd.concat(frames).sort_values("time", ignore_index=True)


def _curve(pieces: list[pd.DataFrame], limit: int | None) -> Curve:
    total = sum(len(piece) for piece in pieces)
    if limit is None and total > WHOLE_LIMIT:
        cure = f"gives more than {WHOLE_LIMIT:,} rows; ask in parts, for interval=hour, or for points=20000"
        raise wrong("from", "the span", cure)
    drawn_from = sum(int((piece["gap_s"] == 0).sum()) for piece in pieces)
    thin = limit is not None and total > limit
    if limit is not None and thin:
        pieces = [thinned(piece, max(9, limit * len(piece) // total)) for piece in pieces]
    return [point for piece in pieces for point in _points(piece)], drawn_from, thin


def _with_gaps(piece: pd.DataFrame, longest: timedelta, step: timedelta) -> pd.DataFrame:
    """Insert a null row ``step`` after each row that is followed by a silence longer than ``longest``.

    The new column ``gap_s`` is the length of the silence [s] on inserted rows, 0 on others.
    """
    piece = piece.assign(gap_s=0.0)
    silence = piece["time"].shift(-1) - piece["time"]
    before = piece[silence > longest]
    gaps = before.assign(
        time=before["time"] + step,
        value=np.nan,
        low=np.nan,
        high=np.nan,
        coverage=np.nan,
        flag=0,
        gap_s=silence[silence > longest].dt.total_seconds(),
    )
    return pd.concat([piece, gaps]).sort_values("time", kind="stable", ignore_index=True)


def thinned(piece: pd.DataFrame, limit: int) -> pd.DataFrame:
    """At most ``limit`` rows of one device's curve: of each equal stretch of time its least, its greatest and
    its longest break.

    The rows that stay are readings as they were made, so peaks keep their height and time. A break that is
    left out is shorter than a stretch.
    """
    times = piece["time"].astype("int64").to_numpy()
    good = piece["value"].notna()
    stretches = max(1, (limit - min(int((~good).sum()), limit // 3)) // 2)
    width = max(1, -(-(int(times[-1]) - int(times[0]) + 1) // stretches))
    stretch = pd.Series((times - times[0]) // width, index=piece.index)
    low = piece["low"].fillna(piece["value"])[good].groupby(stretch[good]).idxmin()
    high = piece["high"].fillna(piece["value"])[good].groupby(stretch[good]).idxmax()
    breaks = piece["gap_s"][~good].groupby(stretch[~good]).idxmax()
    return piece.loc[sorted({*low, *high, *breaks})]


def _points(piece: pd.DataFrame) -> Iterator[SeriesPoint]:
    for device, time, value, low, high, coverage, flag in zip(
        *(piece[name] for name in COLUMNS), strict=True
    ):
        yield SeriesPoint(
            time=time.to_pydatetime(),
            device=device,
            value=_number(value),
            low=_number(low),
            high=_number(high),
            coverage=_number(coverage),
            flag=int(flag),
        )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

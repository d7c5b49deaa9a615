"""Times as the stores compute with them: whole microseconds since 1970 (UTC), hours and days of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  DuckDB's TIMESTAMP is naive UTC
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_MOST_RANGES = 16

Array = npt.NDArray[np.int64]


def naive_utc(time: datetime) -> datetime:
    """An aware time as naive UTC.

    Raises:
        ValueError: the time is naive, so nobody knows when it was.
    """
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone; hand in aware times")
    return time.astimezone(UTC).replace(tzinfo=None)


def to_us(time: datetime) -> int:
    """An aware time as microseconds since 1970."""
    return (naive_utc(time) - EPOCH) // timedelta(microseconds=1)


def to_datetime(time_us: int | np.int64) -> datetime:
    """Microseconds since 1970 as naive UTC."""
    return EPOCH + timedelta(microseconds=int(time_us))


def microseconds(times: pd.Series) -> Array:
    """A frame's column of times as microseconds since 1970 (UTC)."""
    utc = pd.DatetimeIndex(pd.to_datetime(times, utc=True)).as_unit("us")
    return np.asarray(utc.asi8, dtype=np.int64)


def day_ranges_us(time_us: Array) -> list[tuple[int, int]]:
    """As :func:`ranges_us`, of whole UTC days."""
    return ranges_us(time_us, DAY_US)


def ranges_us(time_us: Array, width_us: int) -> list[tuple[int, int]]:
    """Half-open ranges [µs] of whole ``width_us`` since 1970 that cover the times, few and tight.

    DuckDB skips parts of a table only by a range known before the query starts, and InfluxDB knows ranges
    only: one straggler must not make them read all in between. Those next to each other are one range; of
    more than 16 ranges the closest are joined.
    """
    if not len(time_us):
        return []
    found = np.unique(time_us // width_us)
    gaps = np.diff(found)
    widest = np.sort(gaps)[-_MOST_RANGES] if len(gaps) >= _MOST_RANGES else 1
    pieces = np.split(found, np.flatnonzero(gaps > max(widest, 1)) + 1)
    return [(int(piece[0]) * width_us, (int(piece[-1]) + 1) * width_us) for piece in pieces]


def day_ranges(time_us: Array) -> list[tuple[datetime, datetime]]:
    """As :func:`day_ranges_us`, in naive UTC."""
    return [(to_datetime(start), to_datetime(end)) for start, end in day_ranges_us(time_us)]


def hour_pairs(hours: pd.DataFrame) -> set[tuple[str, int]]:
    """The distinct (device, UTC hour since 1970)s of a frame with CHANGED_COLUMNS."""
    return set(zip(hours["device"].tolist(), (microseconds(hours["hour"]) // HOUR_US).tolist(), strict=True))

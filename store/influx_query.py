"""Questions to the bucket that every kind of data shares: conditions with bound values, frames of series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from store.influx_lines import name, tag
from store.times import Array, to_us

DEVICES = 200
"""Devices a statement: InfluxDB walks a condition of many alternatives once for each series."""


class Question:
    """InfluxQL statements and their bound parameters; nobody's text stands in a statement."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.parameters: dict[str, str | int | float] = {}

    def bind(self, value: str | float) -> str:
        """A place holder for ``value``."""
        key = f"p{len(self.parameters)}"
        self.parameters[key] = value
        return f"${key}"

    def one_of(self, tag_name: str, values: Iterable[str]) -> str:
        """The condition that a tag has one of the values (at least one)."""
        return "(" + " OR ".join(f"{name(tag_name)} = {self.bind(tag(value))}" for value in values) + ")"

    def ask(self, fields: Iterable[str] | None, measurement: str, *conditions: str, by: str = "*") -> None:
        """Add ``SELECT fields FROM measurement WHERE all conditions GROUP BY by``; None is all fields."""
        selected = "*" if fields is None else ", ".join(fields)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        self.statements.append(f"SELECT {selected} FROM {name(measurement)}{where} GROUP BY {by}")  # noqa: S608

    def __str__(self) -> str:
        return ";".join(self.statements)


def span(start_us: int, end_us: int) -> str:
    """The condition of a half-open range of time."""
    return f"time >= {start_us}u AND time < {end_us}u"


def between(start: datetime, end: datetime) -> str:
    """The condition of a half-open range of aware times."""
    return span(to_us(start), to_us(end))


def chunks(values: Iterable[str], size: int = DEVICES) -> Iterator[Sequence[str]]:
    """The distinct values in order, ``size`` at a time."""
    ordered = sorted(set(values))
    for first in range(0, len(ordered), size):
        yield ordered[first : first + size]


def times(time_us: Array) -> pa.Array:
    """Microseconds since 1970 as an Arrow column of aware times."""
    return pa.array(time_us).cast(pa.timestamp("us", tz="UTC"))


def frame(columns: dict[str, object]) -> pd.DataFrame:
    """Arrow columns or arrays as a frame."""
    made: pd.DataFrame = pa.table(columns).to_pandas()
    return made


def numbers(table: pa.Table, column: str) -> Array:
    """A column of whole numbers without gaps."""
    return np.asarray(table[column].to_numpy(), dtype=np.int64)

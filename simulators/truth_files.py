"""Writing the truth beside the messages: one ``.jsonl``, or a folder of Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulators.counterfactual import CARRIERS, daily_energy
from simulators.defects import DefectKind
from simulators.faults import FaultRow
from simulators.school import Town
from simulators.truth import RoomHour, SchoolHour, hours_within, room_rows, school_rows

MODEL = 2
"""Version of the model: counts up when the same seed gives other figures than before."""

_DIGITS = 6
"""Decimals of floats in the truth: far below what any device shows, and the same text on every machine."""


class DefectRow(NamedTuple):
    """A planted defect, ``number`` in the scenario's order; ``amount`` as its kind understands it."""

    number: int
    school: str
    kind: DefectKind
    first: str
    last: str | None
    room: str | None
    amount: float


class ExtraDay(NamedTuple):
    """What a school's defect added on a local day [kWh], negative: saved; ``defect`` -1 is all together."""

    school: str
    defect: int
    day: str
    electricity_kwh: float
    district_heat_kwh: float
    solar_kwh: float
    export_kwh: float


class Made(NamedTuple):
    """From what the truth was made; the same gives the same bytes."""

    model: int
    seed: int
    first_day: str
    start: datetime
    end: datetime


_TABLES: dict[str, tuple[str, ...]] = {
    "made": Made._fields,
    "rooms": RoomHour._fields,
    "schools": SchoolHour._fields,
    "defects": DefectRow._fields,
    "extra": ExtraDay._fields,
    "faults": FaultRow._fields,
}

_TYPES: dict[str, Any] = {
    "time": pa.timestamp("ms", tz="UTC"), "start": pa.timestamp("ms", tz="UTC"),
    "end": pa.timestamp("ms", tz="UTC"), "number": pa.int64(), "defect": pa.int64(), "seed": pa.int64(),
    "model": pa.int64(),
    "messages": pa.int64(),
}  # fmt: skip
_TEXTS = {"school", "room", "kind", "first", "last", "day", "device", "detail", "first_day"}


def write_truth(
    town: Town,
    target: Path,
    start: datetime,
    end: datetime,
    *,
    faults: Sequence[FaultRow] = (),
    on_day: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the truth of ``[start, end)``, at full hours, to ``target``.

    A name that ends in ``.jsonl`` is one file with a line a row, each with its ``table``; anything else is a
    folder with a Parquet file a table. Tables are those of ``docs/simulator.md``. ``on_day`` is told the
    number of days done; days before ``start`` count, they are computed too.

    Raises:
        ValueError: ``start`` or ``end`` is no full hour, or lies outside what the town knows.
    """
    for moment in (start, end):
        if moment.minute or moment.second or moment.microsecond:
            raise ValueError(f"{moment.isoformat()} is no full hour; the truth is told by hours")
    if not town.start <= start < end:
        raise ValueError(
            f"{start.isoformat()} to {end.isoformat()}: begin at {town.start.isoformat()} or later"
        )
    with ExitStack() as stack:
        sink: _Lines | _Folder = _Lines(target) if target.suffix == ".jsonl" else _Folder(target)
        stack.enter_context(sink)
        first_day = town.scenario.first_day.isoformat()
        sink.write("made", [Made(MODEL, town.scenario.seed, first_day, start, end)])
        sink.write("defects", _defect_rows(town))
        for done, day in enumerate(town.days(), 1):
            if day.start >= end:
                break
            hours = hours_within(day, start, end)
            sink.write("rooms", [row for hour in hours for row in room_rows(town, day, hour)])
            sink.write("schools", [row for hour in hours for row in school_rows(town, day, hour)])
            on_day(done)
        sink.write("extra", _extra_rows(town, start, end))
        sink.write("faults", faults)


def _defect_rows(town: Town) -> Iterator[DefectRow]:
    for number, defect in enumerate(town.scenario.defects):
        last = defect.last.isoformat() if defect.last else None
        yield DefectRow(
            number, defect.school, defect.kind, defect.first.isoformat(), last, defect.room, defect.amount
        )


def _extra_rows(town: Town, start: datetime, end: datetime) -> Iterator[ExtraDay]:
    """Whole local days within ``[start, end)``."""
    if not town.scenario.defects:
        return
    zone = town.site.zone
    first = (start + timedelta(days=1) - timedelta(microseconds=1)).astimezone(zone).date()
    last = end.astimezone(zone).date() - timedelta(days=1)
    if last < first:
        return
    extra: pd.DataFrame = daily_energy([town], first, last).extra
    order = extra.sort_values(["day", "school", "defect"], kind="stable")
    for row in order.itertuples(index=False):
        values = [float(getattr(row, carrier)) for carrier in CARRIERS]
        yield ExtraDay(str(row.school), int(str(row.defect)), str(row.day), *values)


class _Lines:
    """One JSON object a line, ``table`` first."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Lines:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._target.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, table: str, rows: Iterable[NamedTuple]) -> None:
        """Append ``rows`` of ``table``."""
        if self._file is not None:
            for row in rows:
                line = {"table": table, **{name: _rounded(v) for name, v in row._asdict().items()}}
                self._file.write(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))


class _Folder:
    """A Parquet file a table; a table without rows is a file without rows."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> _Folder:
        self._target.mkdir(parents=True, exist_ok=True)
        for table, fields in _TABLES.items():
            path = self._target / f"{table}.parquet"
            self._writers[table] = pq.ParquetWriter(path, _schema(fields), compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, table: str, rows: Iterable[NamedTuple]) -> None:
        """Append ``rows`` of ``table`` as a row group."""
        listed = [[_rounded(value) for value in row] for row in rows]
        if listed:
            schema = _schema(_TABLES[table])
            columns = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*listed, strict=True), schema, strict=True)
            ]
            self._writers[table].write_table(pa.Table.from_arrays(columns, schema=schema))


def _schema(fields: tuple[str, ...]) -> pa.Schema:
    def type_of(name: str) -> pa.DataType:
        return pa.string() if name in _TEXTS else _TYPES.get(name, pa.float64())

    return pa.schema([(name, type_of(name)) for name in fields])


def _rounded(value: object) -> object:
    return round(value, _DIGITS) if isinstance(value, float) else value

"""A file to staged readings, all of it or none: every fault is found before anything is stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from classroom.quantity import QUANTITIES
from classroom.reading import Flag
from ingest.imports.bills import bill_columns
from ingest.imports.cells import NumberReader, unit_reader, words
from ingest.imports.clock import Clock
from ingest.imports.lengths import lengths_s, starts
from ingest.imports.mapping import Mapping, ValuePart, quantities_of
from ingest.imports.refusal import FileFault, FileRefused, refused
from ingest.imports.source import Cell, Limits, rows
from ingest.imports.stage import Column, Stage
from ingest.imports.table import Chunk, Skipped, chunks, text_of

MOST_FAULTS = 20
"""Faults told of one file; the others are counted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_DEVICE_MAX = 200  # classroom.places.DeviceKey
_LIMITS = int(Flag.LIMITS)


class Given(NamedTuple):
    """A file that was handed in: where it lies, and its name for people."""

    path: Path
    name: str


class Terms(NamedTuple):
    """What an import is judged by: the site's zone, the present time, how far a clock may be ahead [s],
    sizes."""

    zone: ZoneInfo
    now: datetime
    clock_tolerance_s: int = 600
    limits: Limits = Limits()


@dataclass
class Tally:
    """What was met on the way besides readings."""

    rows: int = 0
    readings: int = 0
    empty: int = 0
    estimated: int = 0
    outside_limits: int = 0
    repeated: int = 0
    outside_span: int = 0
    skipped: Skipped = field(default_factory=Skipped)


def read_file(
    given: Given,
    mapping: Mapping,
    terms: Terms,
    stage: Stage,
    progress: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Stage the readings of a file; ``progress`` is told how many rows are read.

    Raises:
        FileRefused: something is wrong with it; nothing should be taken from the stage.
    """
    tally = Tally()
    reader = _FileReader(given.name, mapping, terms.zone, tally)
    source = rows(given.path, given.name, mapping.file, terms.limits)
    for chunk in chunks(source, mapping, given.name, tally.skipped):
        for column in reader.columns(chunk):
            stage.add(column)
        tally.rows += len(chunk.rows)
        progress(tally.rows)
        if len(reader.faults) > MOST_FAULTS:
            break
    reader.faults += reader.clock.unpaired()
    if reader.faults:
        ordered = sorted(dict.fromkeys(reader.faults), key=lambda fault: fault.row)
        raise FileRefused(ordered[:MOST_FAULTS], max(0, len(ordered) - MOST_FAULTS))
    start, end = (None if time is None else _us(time, terms.zone) for time in mapping.span.ends)
    tally.outside_span = stage.keep(start, end)
    if not stage.count():
        cure = "no value is left to store: all are empty, or outside the span that was asked for"
        raise refused(given.name, cure)
    _check_whole(given.name, mapping, terms, stage, tally)
    tally.readings = stage.count()
    return tally


def _us(time: datetime, zone: ZoneInfo) -> int:
    return ((time if time.tzinfo else time.replace(tzinfo=zone)) - _EPOCH) // _US


def _check_whole(name: str, mapping: Mapping, terms: Terms, stage: Stage, tally: Tally) -> None:
    """What only all rows together show: two values for one time, times to come."""
    conflicts, tally.repeated = stage.settle(MOST_FAULTS)
    cure = {
        "local": "is one of them wrong, or does the file mix two meters?",
        "normaltid": "is one of them wrong? Twice an hour in October means that the file is in local time",
    }.get(mapping.time.basis, "is one of them wrong?")
    if conflicts:
        faults = [
            FileFault(
                name,
                one.second[0],
                one.quantity,
                f"{one.second[1]:g}",
                f"row {one.first[0]} says {one.first[1]:g} for {one.device} at "
                f"{_EPOCH + one.time_us * _US:%Y-%m-%d %H:%M} UTC; {cure}",
            )
            for one in conflicts
        ]
        raise FileRefused(faults)
    late = stage.beyond((terms.now - _EPOCH) // _US + terms.clock_tolerance_s * 1_000_000)
    if late is not None:
        shown = f"{_EPOCH + late[1] * _US:%Y-%m-%d %H:%M} UTC"
        cure = f"{shown} is still to come; are time.basis and time.format right? (--to leaves later rows out)"
        raise refused(name, cure, row=late[0], column=mapping.time.column[0])


class _FileReader:
    """Turns the chunks of one file into columns of readings, and notes every fault."""

    def __init__(self, name: str, mapping: Mapping, zone: ZoneInfo, tally: Tally) -> None:
        self._name, self._mapping, self._zone, self._tally = name, mapping, zone, tally
        self._numbers = NumberReader(mapping.file)
        self.clock = Clock(mapping.time, zone, name)
        self.faults: list[FileFault] = []

    def columns(self, chunk: Chunk) -> list[Column]:
        """Columns to stage; with a fault in the chunk they are not to be trusted."""
        quality = self._quality(chunk)
        devices = self._devices(chunk)
        times = self.clock.joined(chunk.column("time") or [], chunk.column("clock"))
        parts = [
            (number, part)
            for number, part in enumerate(self._mapping.value)
            if f"value {number}" in chunk.layout.at
        ]
        found = []
        if any(part.quantity == "bill" for _, part in parts):
            for number, part in parts:
                values, _ = self._values(chunk, number, part)
                key = [part.device or device for device in devices]
                found += bill_columns(
                    chunk, self._mapping, self._zone, self._name, key, times, values, self.faults
                )
            return [self._noted(column) for column in found]
        instants = self.clock.instants(times, devices, chunk.rows, self.faults)
        measured = self._mapping.time.interval is not None
        length = lengths_s(chunk, self._mapping.time, self.clock, times, instants, self._name, self.faults)
        begins = starts(self._mapping.time, instants, length)
        for number, part in parts:
            values, column = self._values(chunk, number, part)
            quantity = self._quantity(chunk, part, length) if measured else [part.quantity] * len(values)
            found.append(self._column(chunk, devices, part, quantity, begins, values, quality, column))
        return [self._noted(column) for column in found]

    def _column(
        self,
        chunk: Chunk,
        devices: Sequence[str],
        part: ValuePart,
        quantity: Sequence[str],
        begins: Sequence[int],
        values: Sequence[float],
        quality: Sequence[str],
        column: str,
    ) -> Column:
        kept = [at for at, value in enumerate(values) if not math.isnan(value) and quality[at] != "missing"]
        self._tally.empty += len(values) - len(kept)
        key = devices if part.device is None else [part.device] * len(devices)
        if part.device is None:
            for at in kept:
                if not devices[at]:
                    self._fault(chunk.rows[at], column, "", "the row names no device")
        return Column(
            [key[at] for at in kept],
            [quantity[at] for at in kept],
            [begins[at] for at in kept],
            [values[at] for at in kept],
            [0] * len(kept),
            [quality[at] == "estimated" for at in kept],
            [chunk.rows[at] for at in kept],
        )

    def _noted(self, column: Column) -> Column:
        """The column with flags for what is physically impossible, as live readings have them."""
        flags = [
            0 if quantity not in QUANTITIES or QUANTITIES[quantity].within_limits(value) else _LIMITS
            for quantity, value in zip(column.quantity, column.value, strict=True)
        ]
        self._tally.outside_limits += sum(flag != 0 for flag in flags)
        self._tally.estimated += sum(column.estimated)
        return column._replace(flag=flags)

    def _devices(self, chunk: Chunk) -> list[str]:
        part, count = self._mapping.device, len(chunk.rows)
        if part.key is not None:
            return [part.key] * count
        cells = chunk.column("device")
        if cells is not None:
            cache: dict[Cell, str] = {}
            found = []
            for cell, row in zip(cells, chunk.rows, strict=True):
                key = cache.get(cell)
                if key is None:
                    text = f"{cell:.0f}" if isinstance(cell, float) and cell == int(cell) else text_of(cell)
                    key = cache[cell] = part.prefix + text if text else ""
                    if len(key) > _DEVICE_MAX or not key.isprintable():
                        self._fault(
                            row, part.column[0], cell, "no key of a device: too long or not printable"
                        )
                found.append(key)
            return found
        named = next((chunk.preamble[name] for name in part.preamble if chunk.preamble.get(name)), None)
        if named is None and part.preamble:
            names = " or ".join(part.preamble)
            self._fault(
                chunk.rows[0],
                "",
                "",
                f"no {names!r} in the lines above the table says whose values these are",
            )
        return [part.prefix + (named or "")] * count

    def _values(self, chunk: Chunk, number: int, part: ValuePart) -> tuple[list[float], str]:
        cells = chunk.column(f"value {number}") or []
        column = chunk.layout.name[f"value {number}"]
        pairs = self._units(chunk, number, part)
        read, found = self._numbers.read, []
        for cell, row, (factor, offset) in zip(cells, chunk.rows, pairs, strict=True):
            value = read(cell)
            if value is None or math.isinf(value):
                self._fault(row, column, cell, self._numbers.cure)
                value = math.nan
            found.append(value * factor * part.factor + offset)
        return found, column

    def _units(self, chunk: Chunk, number: int, part: ValuePart) -> list[tuple[float, float]]:
        count = len(chunk.rows)
        if part.unit is not None:
            return [part.units()[part.unit]] * count
        read, known = unit_reader(part), ", ".join(part.units())
        cells = chunk.column(f"unit {number}")
        if cells is None:
            name = next((one for one in part.unit_preamble if one in chunk.preamble), None)
            unit = chunk.preamble[name] if name else ""
            pair = read(unit)
            if pair is None:
                where = " or ".join(part.unit_preamble)
                self._fault(
                    0, where, unit, f"unit of {part.column[0]} in the lines above the table: one of {known}"
                )
            return [pair or (1.0, 0.0)] * count
        pairs = []
        for cell, row in zip(cells, chunk.rows, strict=True):
            pair = read(text_of(cell))
            if pair is None:
                self._fault(row, part.unit_column[0], cell, f"no unit that fits; one of {known}")
            pairs.append(pair or (1.0, 0.0))
        return pairs

    def _quantity(self, chunk: Chunk, part: ValuePart, lengths: Sequence[int]) -> list[str]:
        if part.quantity != "direction":
            made = {length: quantities_of(part.quantity, length) for length in set(lengths) if length}
            return [made.get(length, "") for length in lengths]
        direction = self._mapping.direction
        assert direction is not None, "checked with the mapping"  # noqa: S101
        meaning = {
            **{word.casefold(): "consumption" for word in direction.consumption},
            **{word.casefold(): "export" for word in direction.export},
        }
        cells = chunk.column("direction") or []
        found = []
        for way, length, cell, row in zip(words(cells, meaning), lengths, cells, chunk.rows, strict=True):
            if way is None:
                known = ", ".join([*direction.consumption, *direction.export])
                self._fault(row, direction.column[0], cell, f"known words are {known}; add it to [direction]")
            found.append(quantities_of(way or "consumption", length) if length else "")
        return found

    def _quality(self, chunk: Chunk) -> list[str]:
        part, cells = self._mapping.quality, chunk.column("quality")
        if part is None or cells is None:
            return ["good"] * len(chunk.rows)
        meaning = {
            word.casefold(): name
            for name, several in (
                ("good", part.good),
                ("estimated", part.estimated),
                ("missing", part.missing),
            )
            for word in several
        }
        found = []
        for said, cell, row in zip(words(cells, meaning), cells, chunk.rows, strict=True):
            if said is None:
                known = ", ".join([*part.good, *part.estimated, *part.missing])
                self._fault(
                    row, part.column[0], cell, f"known codes are {known}; add it to [quality] in the mapping"
                )
            found.append(said or "good")
        return found

    def _fault(self, row: int, column: str, cell: object, cure: str) -> None:
        self.faults.append(FileFault(self._name, row, column, repr(cell)[:60] if cell != "" else "", cure))

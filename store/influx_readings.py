"""Readings in InfluxDB: a point a device and time, a field a quantity; a batch goes in once, however often it
is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from store.batch import Batch, Ids, Mask, ends
from store.frames import Columns
from store.influx_frames import long
from store.influx_lines import FLAG, READINGS, measurement_of, name, tag, untag
from store.influx_query import DEVICES, Question, chunks, span
from store.influx_server import InfluxServer
from store.times import DAY_US, HOUR_US, Array, ranges_us, to_us

_NEVER_US = -(2**62)
_ALWAYS_US = 2**62
_DEVICE_DAYS = 1_000  # a request: some 20 MB at a reading every 5 minutes, here and on the server
_FEWEST = 20  # devices a request, however long the range
_MANY = 500  # devices, from which on it is cheaper to ask about all there are: 0.1 ms each instead of 1


@dataclass
class Series:
    """What a writer knows of the series it has met: number, place in the bucket, newest reading.

    Where series are shared with other writers, nobody knows the newest: all is read back.
    """

    is_shared: bool = False

    number: dict[tuple[str, str], int] = field(default_factory=dict)
    keys: list[tuple[str, str]] = field(default_factory=list)
    points: list[int] = field(default_factory=list)  # number of (measurement, device) per series
    heads: list[str] = field(default_factory=list)  # what starts a line, per point number
    fields: list[str] = field(default_factory=list)  # field with "=", per series
    last_us: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _points: dict[tuple[str, str], int] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)  # quantities of which the newest of all devices is known
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)  # these

    def numbers(self, server: InfluxServer, keys: list[tuple[str, str]]) -> Ids:
        """The number of each (device, quantity); the newest reading of unknown ones is asked for."""
        known = self.number
        try:
            return np.array([known[key] for key in keys], dtype=np.int32)
        except KeyError:
            self._learn(server, [key for key in dict.fromkeys(keys) if key not in known])
        return np.array([known[key] for key in keys], dtype=np.int32)

    def _learn(self, server: InfluxServer, new: list[tuple[str, str]]) -> None:
        last_us = {} if self.is_shared else self._newest_of(server, new)
        for device, quantity in new:
            place = (measurement_of(quantity), device)
            if place not in self._points:
                self._points[place] = len(self.heads)
                self.heads.append(f"{place[0]},device={tag(device)} ")
            self.number[device, quantity] = len(self.keys)
            self.keys.append((device, quantity))
            self.points.append(self._points[place])
            self.fields.append(f"{tag(quantity)}=")
        unknown_us = _ALWAYS_US if self.is_shared else _NEVER_US
        self.last_us = np.append(self.last_us, [last_us.get(key, unknown_us) for key in new]).astype(np.int64)

    def _newest_of(self, server: InfluxServer, keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Time [µs] of the newest reading of those (device, quantity)s that have one.

        What was asked about all devices stands for those to come: nobody else writes.
        """
        open_ = {quantity for _, quantity in keys} - self._asked
        if open_ and len({device for device, _ in keys}) > _MANY:
            self._newest |= _newest_us(server, None, open_)
            self._asked |= open_
        rest = [key for key in keys if key[1] not in self._asked]
        asked = {device for device, _ in rest}, {quantity for _, quantity in rest}
        found = _newest_us(server, *asked) if rest else {}
        return found | {key: self._newest[key] for key in keys if key in self._newest}


def _newest_us(
    server: InfluxServer, devices: Iterable[str] | None, quantities: Iterable[str]
) -> dict[tuple[str, str], int]:
    """Time [µs] of the newest reading of every series of the devices, None: of all."""
    asked: dict[str, set[str]] = {}
    for quantity in quantities:
        asked.setdefault(measurement_of(quantity), set()).add(quantity)
    found = newest(server, devices, asked)
    pairs = zip(found.device.tolist(), found.quantity.tolist(), strict=True)
    return {
        (found.devices[device], found.quantities[quantity]): time_us
        for (device, quantity), time_us in zip(pairs, found.time_us.tolist(), strict=True)
    }


def compare(server: InfluxServer, series: Series, batch: Batch) -> tuple[Mask, Mask, pd.DataFrame]:
    """Whether each reading's series and time is stored, and with the same value and flag; and the stored
    readings that differ (position, value, flag)."""
    known = np.zeros(len(batch), dtype=bool)
    same = known.copy()
    late = np.flatnonzero(batch.time_us <= series.last_us[batch.series])  # newer ones cannot be stored yet
    rows = stored_at(server, series, batch.where(late))
    position = late[rows["position"].to_numpy()]
    equal = (batch.value[position] == rows["value"].to_numpy()) & (
        batch.flag[position] == rows["flag"].to_numpy()
    )
    known[position] = True
    same[position] = equal
    return known, same, rows.assign(position=position)[~equal]


def stored_at(server: InfluxServer, series: Series, batch: Batch) -> pd.DataFrame:
    """What is stored for the batch's series and times: position in the batch, value, flag."""
    wanted = pd.DataFrame({"series": batch.series, "time": batch.time_us, "position": np.arange(len(batch))})
    found = [pd.DataFrame({"series": [], "time": [], "value": [], "flag": []}, dtype="int64")]
    width_us = HOUR_US if series.is_shared else DAY_US  # a straggler must not have the day of all read back
    for start_us, end_us in ranges_us(batch.time_us, width_us):
        inside = wanted[(wanted["time"] >= start_us) & (wanted["time"] < end_us)]
        keys = [series.keys[number] for number in inside["series"].unique()]
        rows = _melted(
            server,
            {device for device, _ in keys},
            {quantity for _, quantity in keys},
            span(int(inside["time"].min()), int(inside["time"].max()) + 1),
        )
        numbers = [
            [series.number.get((device, quantity), -1) for quantity in rows.quantities]
            for device in rows.devices
        ]
        table = np.array(numbers, dtype=np.int64).reshape(len(rows.devices), len(rows.quantities))
        of = table[rows.device, rows.quantity]
        columns = {"series": of, "time": rows.time_us, "value": rows.value, "flag": rows.flag}
        found.append(pd.DataFrame(columns))
    return wanted.merge(pd.concat(found), on=["series", "time"]).sort_values("position", ignore_index=True)


def keyed(series: Series, batch: Batch) -> list[tuple[tuple[str, str, int], float, int]]:
    """((device, quantity, time [µs]), value, flag) of every row."""
    rows = zip(
        batch.series.tolist(), batch.time_us.tolist(), batch.value.tolist(), batch.flag.tolist(), strict=True
    )
    return [((*series.keys[number], time_us), value, flag) for number, time_us, value, flag in rows]


def lines(series: Series, batch: Batch, plain: Mask | None = None) -> list[str]:
    """Line protocol of the readings. A flag of 0 is written too, to cover another one, unless the reading is
    ``plain``: new in the bucket."""
    points = np.array(series.points, dtype=np.int64)[batch.series]
    order = np.lexsort((batch.time_us, points))
    points, time_us, number = points[order], batch.time_us[order], batch.series[order]
    flagged = (batch.flag != 0 if plain is None else (batch.flag != 0) | ~plain)[order]
    fields, heads = series.fields, series.heads
    values = zip(number.tolist(), batch.value[order].tolist(), strict=True)
    parts = [f"{fields[of]}{value!r}" for of, value in values]
    for index in np.flatnonzero(flagged).tolist():
        parts[index] += f",{fields[number[index]][:-1]}{FLAG}={batch.flag[order[index]]}"
    last = np.flatnonzero(ends(points, time_us))
    first = np.append(0, last[:-1] + 1)
    columns = (points[first], first, last + 1, time_us[first])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [f"{heads[point]}{','.join(parts[start:end])} {at}" for point, start, end, at in rows]


def read_columns(
    server: InfluxServer,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    start: datetime,
    end: datetime,
) -> Columns:
    """Readings in the half-open range."""
    start_us, end_us = to_us(start), to_us(end)
    at_once = max(_FEWEST, _DEVICE_DAYS * DAY_US // max(1, end_us - start_us))
    return _melted(server, devices, quantities, span(start_us, end_us), min(DEVICES, at_once))


def _melted(
    server: InfluxServer,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    when: str,
    at_once: int = DEVICES,
) -> Columns:
    """Readings under the condition ``when``, asked for ``at_once`` devices at a time."""
    asked = None if quantities is None else set(quantities)
    measurements = READINGS if asked is None else sorted({measurement_of(quantity) for quantity in asked})
    tables = []
    for some in chunks(devices, at_once):
        question = Question()
        device = question.one_of("device", some)
        for measurement in measurements:
            fields = _fields(asked, measurement)
            question.ask(fields, measurement, device, when, by="device")
        if question.statements:
            tables += server.query(str(question), question.parameters)
    return long(tables)


def _fields(quantities: set[str] | None, measurement: str) -> list[str] | None:
    if quantities is None:
        return None
    own = sorted(quantity for quantity in quantities if measurement_of(quantity) == measurement)
    return [name(field) for quantity in map(tag, own) for field in (quantity, quantity + FLAG)]


def latest(server: InfluxServer, devices: Iterable[str] | None) -> pd.DataFrame:
    """The newest reading of every series (READING_COLUMNS)."""
    quantities: dict[str, list[str]] = {}
    for table in server.query("SHOW FIELD KEYS", strings=("fieldKey", "fieldType")):
        for measurement, key in zip(table["name"].to_pylist(), table["fieldKey"].to_pylist(), strict=True):
            if measurement in READINGS and not key.endswith(FLAG):
                quantities.setdefault(measurement, []).append(untag(key))
    return newest(server, devices, quantities).frame()


def newest(
    server: InfluxServer, devices: Iterable[str] | None, quantities: Mapping[str, Iterable[str]]
) -> Columns:
    """The newest reading of every series, for the quantities named by measurement."""
    tables = []
    for some in [None] if devices is None else chunks(devices):
        question = Question()
        device = [] if some is None else [question.one_of("device", some)]
        for measurement, keys in quantities.items():
            for key in map(tag, keys):
                fields = [f"last({name(key)}) AS {name(key)}", name(key + FLAG)]
                question.ask(fields, measurement, *device, by="device")
        if question.statements:
            tables += server.query(str(question), question.parameters)
    return long(tables)

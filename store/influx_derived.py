"""Verdicts and metrics in InfluxDB: replaced as wholes, never changed in part.

A series' verdicts are one point (or a few, when there are many) at a fixed time, so that writing them anew
replaces them in one stroke. A metric is a point; a field cannot be emptied, so ``detail`` says which stand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa

from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from store.influx_lines import string, tag, tags_of
from store.influx_query import Question, between, chunks, frame
from store.influx_server import InfluxServer
from store.times import microseconds, to_us

_INTERVALS = 500  # a point; a string field may hold 64 kB
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAGS = ("school", "scope", "id", "metric", "carrier", "basis", "interval")
_NUMBERS = ("value", "low", "high")


def verdict_lines(device: str, quantity: str, verdicts: pd.DataFrame) -> list[str]:
    """Lines that replace all verdict intervals of one series."""
    strangers = verdicts[(verdicts["device"] != device) | (verdicts["quantity"] != quantity)]
    if len(strangers):
        raise ValueError(f"{len(strangers)} of the verdicts for {device} {quantity} are of another series")
    detail = [None if pd.isna(text) else text for text in verdicts["detail"]]
    rows = list(
        zip(
            microseconds(verdicts["start"]).tolist(),
            microseconds(verdicts["end"]).tolist(),
            verdicts["verdict"].tolist(),
            detail,
            strict=True,
        )
    )
    pieces = [rows[first : first + _INTERVALS] for first in range(0, len(rows), _INTERVALS)] or [[]]
    head = f"verdicts,device={tag(device)},quantity={tag(quantity)}"
    return [
        f"{head} pieces={len(pieces)},intervals={string(orjson.dumps(piece).decode())} {index}"
        for index, piece in enumerate(pieces)
    ]


def read_verdicts(
    server: InfluxServer, devices: Iterable[str], start: datetime, end: datetime
) -> pd.DataFrame:
    """Verdict intervals that overlap the half-open range (VERDICT_COLUMNS)."""
    start_us, end_us = to_us(start), to_us(end)
    rows = [
        (device, quantity, *interval)
        for device, quantity, interval in _intervals(server, devices)
        if interval[0] < end_us and interval[1] > start_us and start_us < end_us
    ]
    rows.sort(key=lambda row: row[:5])
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    time, text = pa.timestamp("us", tz="UTC"), pa.string()
    kinds = {"device": text, "quantity": text, "start": time, "end": time, "verdict": text, "detail": text}
    return frame(
        {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )


def _intervals(
    server: InfluxServer, devices: Iterable[str]
) -> list[tuple[str, str, tuple[int, int, str, str | None]]]:
    found = []
    for some in chunks(devices):
        question = Question()
        question.ask(["pieces", "intervals"], "verdicts", question.one_of("device", some))
        for table in server.query(str(question), question.parameters, strings=("intervals",)):
            pieces: dict[str, float] = {}  # of each series, as its first point says
            rows = zip(*(table[name].to_pylist() for name in table.column_names[1:]), strict=True)
            for text, index, count, intervals in rows:
                if index < pieces.setdefault(text, count):
                    tags = tags_of(text)
                    found += [
                        (tags["device"], tags["quantity"], tuple(row)) for row in orjson.loads(intervals)
                    ]
    return found


def metric_lines(table: pa.Table) -> list[str]:
    """Lines that replace metrics with the same key (a table of :mod:`store.metric_table`)."""
    columns = {
        name: column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    rows = zip(*(column.to_pylist() for column in columns.values()), strict=True)
    return [_metric_line(dict(zip(columns, row, strict=True))) for row in rows]


def _metric_line(metric: dict[str, Any]) -> str:
    tags = "".join(f",{name}={tag(metric[name])}" for name in _TAGS if metric[name] is not None)
    known = {name: metric[name] for name in _NUMBERS if metric[name] is not None}
    detail = {
        "stand": list(known),
        "period_us": metric["period_end"] - metric["time"],
        **{name: metric[name] for name in ("unit", "status", "reason", "method", "factors", "fingerprint")},
    }
    fields = "".join(f"{name}={value!r}," for name, value in known.items())
    text = string(orjson.dumps(detail).decode())
    return f"metrics{tags} {fields}coverage={metric['coverage']!r},detail={text} {metric['time']}"


def read_metrics(
    server: InfluxServer,
    school: str | None,
    scope: Scope,
    id_: str | None,
    interval: Interval,
    start: datetime,
    end: datetime,
    metric: str | Collection[str] | None,
) -> list[Metric]:
    """Metrics in the half-open range, by school, id, metric, carrier, basis, time; None before names."""
    wanted = [metric] if isinstance(metric, str) else metric
    if wanted is not None and not wanted:
        return []
    question = Question()
    asked = {"school": school, "scope": scope.value, "id": id_, "interval": interval.value}
    conditions = [question.one_of(name, [value]) for name, value in asked.items() if value is not None]
    conditions += [] if wanted is None else [question.one_of("metric", wanted)]
    question.ask([*_NUMBERS, "coverage", "detail"], "metrics", *conditions, between(start, end))
    found = []
    for table in server.query(str(question), question.parameters, strings=("detail",)):
        names = table.column_names[1:]
        for row in zip(*(table[name].to_pylist() for name in names), strict=True):
            fields = dict(zip(names, row, strict=True))
            if (one := _metric(tags_of(fields.pop("tags")), fields)) is not None:
                found.append(one)
    return sorted(
        found, key=lambda row: (row.school, row.id, row.metric, row.carrier or "", row.basis or "", row.time)
    )


def _metric(tags: dict[str, str], fields: dict[str, object]) -> Metric | None:
    """The metric of a point; None while the server still writes it: it shows a point's fields one by one."""
    known = {name: value for name, value in fields.items() if value is not None}
    detail = orjson.loads(str(known["detail"])) if "detail" in known else None
    if detail is None or not known.keys() >= {"coverage", *detail["stand"]}:
        return None
    time = _EPOCH + timedelta(microseconds=int(str(fields["time"])))
    value, low, high = (float(str(fields[name])) if name in detail["stand"] else None for name in _NUMBERS)
    return Metric(
        time=time,
        period_end=time + timedelta(microseconds=detail["period_us"]),
        interval=Interval(tags["interval"]),
        school=tags["school"],
        scope=Scope(tags["scope"]),
        id=tags["id"],
        metric=tags["metric"],
        carrier=Carrier(tags["carrier"]) if "carrier" in tags else None,
        basis=tags.get("basis"),
        value=value,
        low=low,
        high=high,
        unit=detail["unit"],
        coverage=float(str(fields["coverage"])),
        status=Status(detail["status"]),
        reason=detail["reason"],
        method=detail["method"],
        factors=tuple(detail["factors"]),
        fingerprint=detail["fingerprint"],
    )

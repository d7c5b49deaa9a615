"""The ledger of changed hours, its consumers' cursors, the watermarks and what revisions replaced.

A change has a sequence number. Before its readings are written, a ``commits`` point (time = number, in
seconds since 1970) names the days it touches and ``ledger`` points (tag device, time = hour) get the number;
once they are, ``head`` gets it. So a crash in between forgets no hour: numbers above the head are shown to
every consumer but move no cursor. The ledger cannot outgrow the hours that exist, and what changed since a
cursor is found by the few days the commits name, however long the ledger is.

Several processes may write (tag ``by``). Each has a head of its own, and a cursor passes no number that a
writer has announced but not finished. Numbers are taken without asking the others, so that two may take the
same; what keeps a cursor from passing over one that comes late is that a writer announces again, under a
higher number, until no other's head has reached it (:func:`overtake`): whoever read the heads before they
were that far stays below it, whoever reads them later sees that it is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from store.base import Changed, Marks, Watermark
from store.influx_lines import string, tag, tags_of
from store.influx_query import Question, chunks, frame, numbers, span, times
from store.influx_server import InfluxServer, LinesRefused
from store.times import DAY_US, HOUR_US, day_ranges_us

ANALYTICS = "analytics"
"""The writer that makes metrics, and appends hours for reasons other than readings."""

_SECOND_US = 1_000_000


def heads(server: InfluxServer) -> dict[str, int]:
    """Up to which number all is stored that a writer announced; "" is one that has no others beside it."""
    question = Question()
    question.ask(["seq"], "head", "time = 0")
    return {
        _by(tags): number
        for table in server.query(str(question))
        for tags, number in zip(table["tags"].to_pylist(), numbers(table, "seq").tolist(), strict=True)
    }


def head_and_last(server: InfluxServer, by: str = "") -> tuple[int, int]:
    """The head of a writer, and the last number that anybody announced."""
    question = Question()
    question.ask(["last(days)"], "commits")
    tables = server.query(str(question), strings=("last",))
    last = max((int(numbers(table, "time").max()) // _SECOND_US for table in tables), default=0)
    found = heads(server)
    return found.get(by, 0), max(last, *found.values(), 0)


def announce(seq: int, hours: Iterable[tuple[str, int]], by: str = "") -> list[str]:
    """Lines that append (device, UTC hour since 1970)s under ``seq``; written before their readings.

    ``by`` keeps days apart that two announce under the same number. :data:`ANALYTICS` writes no readings and
    moves no head; until another's has passed, its hours are shown again to who has seen them.
    """
    pairs = sorted(hours)
    hour_us = np.array([hour for _, hour in pairs], dtype=np.int64) * HOUR_US
    days = ",".join(f"{start // DAY_US}-{end // DAY_US}" for start, end in day_ranges_us(hour_us))
    return [
        f"commits{_tagged(by)} days={string(days)} {seq * _SECOND_US}",
        *(f"ledger,device={tag(device)} seq={seq} {hour * HOUR_US}" for device, hour in pairs),
    ]


def overtake(server: InfluxServer, seq: int, hours: set[tuple[str, int]], by: str) -> int:
    """Announce hours again until no other's head is at their number or beyond; gives the number."""
    while True:
        furthest = max((head for other, head in heads(server).items() if other != by), default=0)
        if furthest < seq:
            return seq
        seq = furthest + 1
        with suppress(LinesRefused):  # as in the first announcement, which was told
            server.write(announce(seq, hours, by))


def head_line(seq: int, by: str = "") -> str:
    """The line that says everything up to ``seq`` that ``by`` announced is stored."""
    return f"head{_tagged(by)} seq={seq} 0"


def _tagged(by: str) -> str:
    return f",by={tag(by)}" if by else ""


def changed(server: InfluxServer, consumer: str) -> Changed:
    """Hours with a number above the consumer's cursor; the new cursor passes none that is not finished."""
    cursor = _fixed(server, "cursors", "seq", ("consumer", consumer))
    known = heads(server)  # asked before the commits, and these before the ledger: a later change stays new
    head = max(known.values(), default=0)
    question = Question()
    question.ask(["days"], "commits", f"time > {cursor * _SECOND_US}u")
    days: set[int] = set()
    for table in server.query(str(question), strings=("days",)):
        announced = zip(table["tags"].to_pylist(), numbers(table, "time").tolist(), strict=True)
        head = min([head, *(seq - 1 for seq in _open(known, announced))])
        for ranges in set(table["days"].to_pylist()):
            for start, end in (part.split("-") for part in ranges.split(",")):
                days.update(range(int(start), int(end)))
    question = Question()
    for start_us, end_us in day_ranges_us(np.array(sorted(days), dtype=np.int64) * DAY_US):
        question.ask(["seq"], "ledger", f"seq > {cursor}", span(start_us, end_us), by="device")
    tables = server.query(str(question)) if question.statements else []
    return Changed(max(cursor, head), _hours(tables))


def hours_of(server: InfluxServer, devices: Iterable[str]) -> pd.DataFrame:
    """Every hour of some devices that was ever announced."""
    tables = []
    for some in chunks(devices):
        question = Question()
        question.ask(["seq"], "ledger", question.one_of("device", some), by="device")
        tables += server.query(str(question), question.parameters)
    return _hours(tables)


def _open(known: Mapping[str, int], announced: Iterable[tuple[str, int]]) -> Iterator[int]:
    """Numbers that a writer has announced and not finished."""
    for tags, time_us in announced:
        by, seq = _by(tags), time_us // _SECOND_US
        if by != ANALYTICS and seq > known.get(by, 0):
            yield seq


def _by(tags: str) -> str:
    return tags_of(tags).get("by", "")


def _hours(tables: list[pa.Table]) -> pd.DataFrame:
    devices, hours = pa.chunked_array([], pa.string()), np.empty(0, dtype=np.int64)
    if tables:
        table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        tags = table["tags"].combine_chunks()
        names = pa.array([tags_of(text)["device"] for text in tags.dictionary.to_pylist()], pa.string())
        devices, hours = names.take(tags.indices), numbers(table, "time")
    found = frame({"device": devices, "hour": times(hours)})
    return found.sort_values(["device", "hour"], ignore_index=True)


def cursor_lines(server: InfluxServer, consumer: str, seq: int, head: int) -> list[str]:
    """The line that moves a cursor forward to ``seq``; none if it stands there or beyond.

    Raises:
        ValueError: the ledger has never been that far.
    """
    if seq > head:
        raise ValueError(f"cursor {seq} of {consumer} is beyond the ledger, which ends at {head}")
    if seq <= _fixed(server, "cursors", "seq", ("consumer", consumer)):
        return []
    return [f"cursors,consumer={tag(consumer)} seq={seq} 0"]


def watermark(server: InfluxServer, spool: str) -> int:
    """Highest id remembered for a spool; 0 if none."""
    return _fixed(server, "watermarks", "id", ("spool", spool))


def watermark_line(mark: Watermark) -> str:
    """The line that remembers a watermark."""
    return f"watermarks,spool={tag(mark.spool)} id={mark.id} 0"


def marks(server: InfluxServer) -> Marks:
    """Every consumer's cursor and every spool's watermark."""
    found: dict[str, dict[str, int]] = {}
    for measurement, name, field in (("cursors", "consumer", "seq"), ("watermarks", "spool", "id")):
        question = Question()
        question.ask([field], measurement, "time = 0")
        found[measurement] = {
            tags_of(text)[name]: number
            for table in server.query(str(question))
            for text, number in zip(table["tags"].to_pylist(), numbers(table, field).tolist(), strict=True)
        }
    return Marks(found["cursors"], found["watermarks"])


def _fixed(server: InfluxServer, measurement: str, field: str, tagged: tuple[str, str] | None) -> int:
    """A number that is always written at time 0, so that the newest covers the one before; 0 if none."""
    question = Question()
    conditions = [] if tagged is None else [question.one_of(tagged[0], [tagged[1]])]
    question.ask([field], measurement, *conditions, "time = 0")
    tables = server.query(str(question), question.parameters)
    return int(tables[0][field][0].as_py()) if tables else 0


# What revisions replaced: a point a device, quantity and time, its revisions as JSON, oldest first.

_Revisions = list[tuple[int, float, int]]  # seq, value, flag
_Key = tuple[str, str, int]  # device, quantity, time [µs]
_Row = tuple[_Key, float, int]  # value, flag


def superseded_lines(
    server: InfluxServer,
    seq: int,
    lost: Iterable[_Row],
    revised: Iterable[_Row],
) -> list[str]:
    """Lines that add stored readings which are ``revised``, and such as are ``lost`` to a later one.

    What is there already from the same batch, handed in before, is not added again: of ``revised`` the newest
    of its key cannot be the same twice in a row, of ``lost`` one of a kind is enough.
    """
    revised, lost = list(revised), list(lost)
    kept = _kept(server, [key for key, _, _ in [*revised, *lost]])
    changed: dict[_Key, _Revisions] = {}
    for key, value, flag in revised:
        revisions = changed.setdefault(key, kept.get(key, []))
        if not revisions or revisions[-1][1:] != (value, flag):
            revisions.append((seq, value, flag))
    for key, value, flag in lost:
        revisions = changed.setdefault(key, kept.get(key, []))
        if all(revision[1:] != (value, flag) for revision in revisions):
            revisions.append((seq, value, flag))
    return [
        f"superseded,device={tag(device)},quantity={tag(quantity)} "
        f"revisions={string(orjson.dumps(revisions).decode())} {time_us}"
        for (device, quantity, time_us), revisions in changed.items()
    ]


def _kept(server: InfluxServer, keys: list[_Key]) -> dict[_Key, _Revisions]:
    found: dict[_Key, _Revisions] = {}
    for start_us, end_us in day_ranges_us(np.array([time_us for _, _, time_us in keys], dtype=np.int64)):
        for some in chunks(device for device, _, time_us in keys if start_us <= time_us < end_us):
            question = Question()
            question.ask(["revisions"], "superseded", question.one_of("device", some), span(start_us, end_us))
            found |= _revisions(server.query(str(question), question.parameters, strings=("revisions",)))
    return found


def _revisions(tables: list[pa.Table]) -> dict[_Key, _Revisions]:
    found = {}
    for table in tables:
        rows = zip(*(table[column].to_pylist() for column in ("tags", "time", "revisions")), strict=True)
        for text, time_us, revisions in rows:
            tags = tags_of(text)
            key = (tags["device"], tags["quantity"], time_us)
            found[key] = [(seq, value, flag) for seq, value, flag in orjson.loads(revisions)]
    return found


def superseded(server: InfluxServer, device: str) -> pd.DataFrame:
    """What later revisions replaced, oldest revision first (READING_COLUMNS)."""
    question = Question()
    question.ask(["revisions"], "superseded", question.one_of("device", [device]))
    found = _revisions(server.query(str(question), question.parameters, strings=("revisions",)))
    rows = sorted(
        (
            (seq, index, *key, value, flag)
            for key, kept in found.items()
            for index, (seq, value, flag) in enumerate(kept)
        ),
        key=lambda row: (row[0], row[1]),
    )
    columns = list(zip(*rows, strict=True))[2:] if rows else [()] * 5
    kinds = (pa.string(), pa.string(), pa.int64(), pa.float64(), pa.int64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    arrays[2] = arrays[2].cast(pa.timestamp("us", tz="UTC"))
    return frame(dict(zip(("device", "quantity", "time", "value", "flag"), arrays, strict=True)))

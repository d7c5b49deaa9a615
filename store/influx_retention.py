"""Deleting by rule in InfluxDB, and which hours are sealed by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from classroom.quantity import QUANTITIES, Domain
from store.base import Deleted
from store.influx_lines import FLAG, hours_of, name, tags_of
from store.influx_query import Question, numbers
from store.influx_server import InfluxServer
from store.times import to_us

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sealed(server: InfluxServer) -> dict[Domain, datetime]:
    """Before which hour the raw readings of a domain were deleted."""
    question = Question()
    question.ask(["before_us"], "sealed")
    found = {}
    for table in server.query(str(question)):
        for text, before_us in zip(table["tags"].to_pylist(), numbers(table, "before_us"), strict=True):
            found[Domain(tags_of(text)["domain"])] = _EPOCH + timedelta(microseconds=int(before_us))
    return found


def delete_before(
    server: InfluxServer, domain: Domain, readings: datetime | None, hours: datetime | None
) -> Deleted:
    """Seal, then delete raw readings before ``readings``; delete rollups before ``hours``."""
    counts = {"readings": 0, "hours": 0}
    if readings is not None:
        if sealed(server).get(domain, readings) <= readings:
            server.write([f"sealed,domain={domain.value} before_us={to_us(readings)} 0"])
        counts["readings"] = _count(server, domain.value, "*", readings)
        server.delete(domain.value, readings)
        for quantity in QUANTITIES.values():
            if quantity.domain is domain:
                server.delete("superseded", readings, f' AND quantity="{quantity.key}"')
    if hours is not None:
        counts["hours"] = _count(server, hours_of(domain.value), "count", hours)
        server.delete(hours_of(domain.value), hours)
    return Deleted(**counts)


def _count(server: InfluxServer, measurement: str, field: str, before: datetime) -> int:
    selected = field if field == "*" else name(field)
    question = f"SELECT count({selected}) FROM {name(measurement)} WHERE time < {to_us(before)}u"  # noqa: S608
    return sum(
        int(table[column].to_numpy().sum())
        for table in server.query(question)
        for column in table.column_names[3:]
        if not column.endswith(FLAG)
    )

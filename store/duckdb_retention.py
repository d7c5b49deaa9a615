"""Deleting by rule in DuckDB, and which hours are sealed by it."""

from __future__ import annotations

from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from classroom.quantity import QUANTITIES, Domain
from store.base import Deleted
from store.times import naive_utc


def sealed(con: DuckDBPyConnection) -> dict[Domain, datetime]:
    """Before which hour the raw readings of a domain were deleted."""
    rows = con.execute("SELECT domain, max(before) FROM sealed GROUP BY domain").fetchall()
    return {Domain(domain): before.replace(tzinfo=UTC) for domain, before in rows}


def delete_before(
    con: DuckDBPyConnection, domain: Domain, readings: datetime | None, hours: datetime | None
) -> Deleted:
    """Seal and delete raw readings before ``readings``, delete rollups before ``hours``."""
    quantities = [quantity.key for quantity in QUANTITIES.values() if quantity.domain is domain]
    counts = {"readings": 0, "hours": 0}
    for table, column, before in (("readings", "time", readings), ("hours", "hour", hours)):
        if before is None:
            continue
        if table == "readings" and sealed(con).get(domain, before) <= before:
            con.execute("DELETE FROM sealed WHERE domain = ?", [domain.value])
            con.execute("INSERT INTO sealed VALUES (?, ?)", [domain.value, naive_utc(before)])
        (counts[table],) = con.execute(
            f"DELETE FROM {table} WHERE {column} < ? AND series IN "  # noqa: S608  names of our own
            "(SELECT id FROM series WHERE quantity IN (SELECT unnest(?::VARCHAR[])))",
            [naive_utc(before), quantities],
        ).fetchall()[0]
    return Deleted(**counts)

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
    deleted = {"readings": 0, "hours": 0}
    if readings is not None:
        if sealed(con).get(domain, readings) <= readings:
            con.execute("DELETE FROM sealed WHERE domain = ?", [domain.value])
            con.execute("INSERT INTO sealed VALUES (?, ?)", [domain.value, naive_utc(readings)])
        deleted["readings"] = _delete(con, domain, "readings", "time", readings)
        _delete(con, domain, "superseded", "time", readings)
        con.execute(
            "UPDATE series SET last_time = NULL, last_value = NULL, last_flag = NULL "
            "WHERE last_time < ? AND quantity IN (SELECT unnest(?::VARCHAR[]))",
            [naive_utc(readings), _quantities(domain)],
        )
    if hours is not None:
        deleted["hours"] = _delete(con, domain, "hours", "hour", hours)
    return Deleted(**deleted)


def _delete(con: DuckDBPyConnection, domain: Domain, table: str, column: str, before: datetime) -> int:
    (count,) = con.execute(
        f"DELETE FROM {table} WHERE {column} < ? AND series IN "  # noqa: S608  names of our own
        "(SELECT id FROM series WHERE quantity IN (SELECT unnest(?::VARCHAR[])))",
        [naive_utc(before), _quantities(domain)],
    ).fetchall()[0]
    return int(count)


def _quantities(domain: Domain) -> list[str]:
    return [quantity.key for quantity in QUANTITIES.values() if quantity.domain is domain]

"""The DuckDB file: opened by one process, checked for its schema version, brought up to date.

Times are stored as ``TIMESTAMP`` in UTC, not ``TIMESTAMPTZ``: the latter needs DuckDB's ICU extension to
compare and pytz to reach Python.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from store.base import SchemaError, StoreError

MIGRATIONS: tuple[str, ...] = (
    # 1: readings carry no primary key (it makes the file 7 to 12 times larger); the writer drops duplicates.
    # ``series.last_*`` is the newest reading, so that "now" never scans readings. ``ledger`` has one row per
    # device and hour, whose seq moves forward: it cannot outgrow the hours that exist.
    """
    CREATE TABLE series (
        id INTEGER NOT NULL, device VARCHAR NOT NULL, quantity VARCHAR NOT NULL,
        last_time TIMESTAMP, last_value DOUBLE, last_flag INTEGER);
    CREATE TABLE readings (
        series INTEGER NOT NULL, time TIMESTAMP NOT NULL, value DOUBLE NOT NULL, flag INTEGER NOT NULL);
    CREATE TABLE superseded (
        series INTEGER NOT NULL, time TIMESTAMP NOT NULL, value DOUBLE NOT NULL, flag INTEGER NOT NULL);
    CREATE TABLE hours (
        series INTEGER NOT NULL, hour TIMESTAMP NOT NULL, mean DOUBLE, min DOUBLE, max DOUBLE,
        count BIGINT NOT NULL, first DOUBLE, first_time TIMESTAMP, last DOUBLE, last_time TIMESTAMP,
        coverage DOUBLE NOT NULL, flagged BIGINT NOT NULL);
    CREATE TABLE verdicts (
        device VARCHAR NOT NULL, quantity VARCHAR NOT NULL, start TIMESTAMP NOT NULL,
        "end" TIMESTAMP NOT NULL, verdict VARCHAR NOT NULL, detail VARCHAR);
    CREATE TABLE metrics (
        time TIMESTAMP NOT NULL, period_end TIMESTAMP NOT NULL, "interval" VARCHAR NOT NULL,
        school VARCHAR NOT NULL, scope VARCHAR NOT NULL, id VARCHAR NOT NULL, metric VARCHAR NOT NULL,
        carrier VARCHAR, basis VARCHAR,
        value DOUBLE, low DOUBLE, high DOUBLE, unit VARCHAR NOT NULL, coverage DOUBLE NOT NULL,
        status VARCHAR NOT NULL, reason VARCHAR, method VARCHAR NOT NULL, factors VARCHAR[] NOT NULL,
        fingerprint VARCHAR NOT NULL);
    CREATE TABLE ledger (device VARCHAR NOT NULL, hour TIMESTAMP NOT NULL, seq BIGINT NOT NULL);
    CREATE TABLE cursors (consumer VARCHAR NOT NULL, seq BIGINT NOT NULL);
    CREATE TABLE watermarks (spool VARCHAR NOT NULL, id BIGINT NOT NULL);
    """,
    # 2: before which hour the raw readings of a domain were deleted.
    "CREATE TABLE sealed (domain VARCHAR NOT NULL, before TIMESTAMP NOT NULL);",
    # 3: a hash of the readings behind each rollup; 0 in rollups from before.
    "ALTER TABLE hours ADD COLUMN inputs_hash BIGINT DEFAULT 0;",
    # 4: small texts that are kept whole.
    "CREATE TABLE documents (kind VARCHAR NOT NULL, school VARCHAR NOT NULL, key VARCHAR NOT NULL, "
    "body VARCHAR NOT NULL);",
)
"""Step n brings a file from schema version n-1 to n; a step once released is never edited."""

_UNAVAILABLE = (duckdb.OperationalError, duckdb.FatalException, duckdb.InterruptException)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what DuckDB says about disk, memory or transactions into a :class:`StoreError`."""
    try:
        yield
    except _UNAVAILABLE as error:
        raise StoreError(f"{path}: {_first_line(error)}") from error


def open_file(
    path: Path, memory_limit_mb: int, migrations: Sequence[str] = MIGRATIONS
) -> duckdb.DuckDBPyConnection:
    """Open or create the file and bring its schema up to date.

    Raises:
        StoreError: another process owns the file (named by its PID), or the disk refuses.
        SchemaError: the file is not ours, or was written by a newer version.
    """
    # The user agent is unique so that DuckDB refuses a second opening inside this process too: it would share
    # the file silently, and each opening keeps a ledger counter of its own.
    config: dict[str, str | bool | int | float | list[str]] = {
        "custom_user_agent": f"classroom-climate/{uuid.uuid4()}",
        "memory_limit": f"{memory_limit_mb}MB",
        "autoinstall_known_extensions": False,  # nothing is fetched from the network
        "autoload_known_extensions": False,
    }
    try:
        con = duckdb.connect(path, config=config)
    except duckdb.Error as error:
        raise _opening_error(path, error) from error
    try:
        with translated(path):
            migrate(con, path, migrations)
    except (SchemaError, StoreError, duckdb.Error):
        con.close()
        raise
    return con


def migrate(con: duckdb.DuckDBPyConnection, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Apply the steps the file lacks, each in a transaction with its version number.

    Raises:
        SchemaError: the file is not ours, or was written by a newer version.
    """
    found = _schema_version(con, path)
    if found > len(migrations):
        raise SchemaError(
            f"{path} has schema version {found}, this program knows versions up to {len(migrations)}: "
            "it was written by a newer classroom-climate. Start that version, or restore a copy "
            "from before the upgrade."
        )
    for version, step in enumerate(migrations[found:], start=found + 1):
        con.begin()
        try:
            con.execute(step)
            con.execute("UPDATE classroom_schema SET version = ?", [version])
            con.commit()
        except duckdb.Error:
            con.rollback()
            raise


def _schema_version(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        con.execute("CREATE TABLE classroom_schema AS SELECT 0 AS version")
        return 0
    row = con.execute("FROM classroom_schema").fetchone() if "classroom_schema" in tables else None
    if row is None:
        raise SchemaError(
            f"{path} is a DuckDB file of another program (tables {', '.join(sorted(tables)[:5])}). "
            "Name another file for the store."
        )
    return int(row[0])


def _opening_error(path: Path, error: duckdb.Error) -> Exception:
    """What to say when the file cannot be opened; DuckDB tells the reasons apart only by its words."""
    text = str(error)
    if owner := re.search(r"Conflicting lock is held in (?P<program>.*?) ?\(PID (?P<pid>\d+)\)", text):
        return StoreError(
            f"{path} is in use by process {owner['pid']} ({owner['program']}), and a DuckDB file belongs to "
            "one process, even for reading. Ask the running classroom-climate through its API, or stop it "
            f"first (kill {owner['pid']})."
        )
    if "different configuration" in text:
        return StoreError(
            f"{path} is already open in this process; hand that store on instead of opening it again."
        )
    if "version number" in text or "newer version" in text:
        return SchemaError(
            f"{path} was written by a newer DuckDB than {duckdb.__version__}: {_first_line(error)}. "
            "Start the classroom-climate that wrote it."
        )
    if "not a valid DuckDB" in text:
        return SchemaError(
            f"{path} is not a DuckDB file. Name another file for the store, or restore a copy."
        )
    return StoreError(f"{path} cannot be opened: {_first_line(error)}")


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]

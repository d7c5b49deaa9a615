"""What holds for the embedded store alone: one file, one process, its schema, and sudden ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from classroom.reading import Reading
from store.base import SchemaError, StoreError, Watermark, Written
from store.duckdb_file import MIGRATIONS
from store.duckdb_store import DuckDBStore
from store.times import DAY_US, EPOCH, day_ranges

ROOT = Path(__file__).parents[2]
START = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS = (START, datetime(2100, 1, 1, tzinfo=UTC))


def readings(first: int, count: int, device: str = "s/a") -> list[Reading]:
    """Readings a minute apart, their value their number."""
    return [
        Reading(device, "co2_ppm", START + timedelta(minutes=number), float(number))
        for number in range(first, first + count)
    ]


@contextmanager
def python(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A child that runs ``script`` with this test's modules in reach; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_it_says_what_it_is(tmp_path: Path) -> None:
    with closing(DuckDBStore(tmp_path / "å store.duckdb")) as store:
        info = store.info()
    assert (info.kind, info.version, info.schema_version) == ("duckdb", duckdb.__version__, len(MIGRATIONS))
    assert info.location == str(tmp_path / "å store.duckdb")


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    newer = (*MIGRATIONS, "ALTER TABLE readings ADD COLUMN origin VARCHAR")
    with closing(DuckDBStore(path, migrations=newer)) as store:
        store.write_readings([])
    before = path.read_bytes()
    with pytest.raises(SchemaError) as refusal:
        DuckDBStore(path)
    for word in (str(path), f"version {len(newer)}", f"up to {len(MIGRATIONS)}", "newer", "restore"):
        assert word in str(refusal.value)
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_migrated_with_its_readings(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with closing(DuckDBStore(path)) as store:
        store.write_readings(readings(0, 10), Watermark("spool", 10))
    newer = (*MIGRATIONS, "ALTER TABLE verdicts ADD COLUMN author VARCHAR; CREATE TABLE notes (note VARCHAR)")
    with closing(DuckDBStore(path, migrations=newer)) as store:
        assert store.info().schema_version == len(newer)
        assert store.write_readings(readings(5, 10)) == Written(stored=5, duplicates=5)
        assert store.watermark("spool") == 10
    with duckdb.connect(path) as con:
        assert con.execute("FROM classroom_schema").fetchall() == [(len(newer),)]
        assert con.execute("FROM notes").fetchall() == []


def test_rollups_from_before_the_hash_of_their_inputs_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with duckdb.connect(path) as con:
        con.execute("CREATE TABLE classroom_schema AS SELECT 2 AS version;" + ";".join(MIGRATIONS[:2]))
        con.execute("INSERT INTO series (id, device, quantity) VALUES (0, 's/a', 'co2_ppm')")
        con.execute(
            "INSERT INTO hours VALUES "
            "(0, TIMESTAMP '2026-01-01 05:00', 600, 500, 700, 2, 500, NULL, 700, NULL, 1, 0)"
        )
    with closing(DuckDBStore(path)) as store:
        store.write_readings(readings(0, 10))
        hours = store.changed("rollups").hours
        store.write_hours(store.compute_hours(hours, {}))
        found = store.read_hours(["s/a"], None, *ALWAYS)
    assert list(found["mean"]) == [4.5, 600.0]
    assert list(found["inputs_hash"] == 0) == [False, True]


def test_a_migration_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    DuckDBStore(path).close()
    good, bad = (
        "CREATE TABLE notes (note VARCHAR)",
        "CREATE TABLE more (x INT); ALTER TABLE absent ADD COLUMN y INT",
    )
    with pytest.raises(duckdb.CatalogException):
        DuckDBStore(path, migrations=(*MIGRATIONS, good, bad))
    with duckdb.connect(path) as con:
        assert con.execute("FROM classroom_schema").fetchall() == [(len(MIGRATIONS) + 1,)]
        tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "notes" in tables
    assert "more" not in tables


def test_files_that_are_not_ours_are_refused_and_left_alone(tmp_path: Path) -> None:
    other, text, schema = tmp_path / "other.duckdb", tmp_path / "notes.txt", tmp_path / "schema.duckdb"
    with duckdb.connect(other) as con:
        con.execute("CREATE TABLE invoices (id INT)")
    text.write_text("Not a database, but long enough to be looked at. " * 200)
    with duckdb.connect(schema) as con:
        con.execute("CREATE TABLE classroom_schema (version INT)")
    for path, words in ((other, "another program"), (text, "not a DuckDB file"), (schema, "another program")):
        before = path.read_bytes()
        with pytest.raises(SchemaError, match=words) as refusal:
            DuckDBStore(path)
        assert str(path) in str(refusal.value)
        assert path.read_bytes() == before
    with pytest.raises(StoreError, match="absent"):
        DuckDBStore(tmp_path / "absent" / "store.duckdb")


def test_a_second_process_is_told_who_owns_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    owner = (
        "import sys; from pathlib import Path; from store.duckdb_store import DuckDBStore\n"
        "store = DuckDBStore(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with python(owner, path) as child:
        assert first_line(child) == "open"
        with pytest.raises(StoreError) as refusal:
            DuckDBStore(path)
    for word in (str(path), f"process {child.pid}", "API", f"kill {child.pid}"):
        assert word in str(refusal.value)
    DuckDBStore(path).close()


def test_a_second_opening_in_this_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with closing(DuckDBStore(path)), pytest.raises(StoreError, match="already open in this process"):
        DuckDBStore(path)
    DuckDBStore(path).close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.latest()
    with pytest.raises(StoreError, match="is closed"):
        store.write_readings(readings(0, 1))


CHILD = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from classroom.reading import Reading
from store.base import StoreError, Watermark
from store.duckdb_store import DuckDBStore

def readings(first, count):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    numbers = range(first, first + count)
    return [Reading("s/a", "co2_ppm", start + timedelta(minutes=n), float(n)) for n in numbers]

"""

WRITER = (
    CHILD
    + """
store = DuckDBStore(Path(sys.argv[1]))
number = store.watermark("spool")
while True:
    store.write_readings(readings(number * 40, 40), Watermark("spool", number + 1))
    number += 1
    print(number, flush=True)
"""
)


def test_killed_while_writing_it_keeps_whole_batches_and_their_watermark(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    for _ in range(2):
        with python(WRITER, path) as child:
            assert child.stdout is not None
            told = [int(child.stdout.readline()) for _ in range(15)]
            child.send_signal(signal.SIGKILL)
            told += [int(line) for line in child.stdout]
        with closing(DuckDBStore(path)) as store:
            watermark = store.watermark("spool")
            assert watermark in (told[-1], told[-1] + 1)
            found = store.read_readings(["s/a"], None, *ALWAYS)
            assert list(found["value"]) == list(range(watermark * 40))
            hours = {time.replace(minute=0) for time in found["time"]}
            assert set(store.changed("new").hours["hour"]) == hours
            assert store.latest(["s/a"])["value"].item() == watermark * 40 - 1


DISK_FULL = (
    CHILD
    + """
import resource

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def fill(path, room, checkpoint):
    store = DuckDBStore(path)
    root = store._root
    root.execute(f"SET checkpoint_threshold = '{checkpoint}'")
    limit(path.stat().st_size + room)
    refused = number = 0
    while refused < 3 or number < 5:
        try:
            store.write_readings(readings(number * 5000, 5000), Watermark("spool", number + 1))
            number += 1
        except StoreError as error:
            assert str(path) in str(error), error
            assert refused < 3, error
            refused += 1
            if refused == 3:
                limit(resource.RLIM_INFINITY)
        assert number < 200
    print(number, store._root is root, flush=True)
    store.close()

fill(Path(sys.argv[1]), 400_000, "1GB")
fill(Path(sys.argv[2]), 300_000, "300KB")
"""
)


def test_a_full_disk_refuses_batches_whole_and_resumes(tmp_path: Path) -> None:
    """At a commit, which leaves the file open, and at a checkpoint, after which it must be opened anew."""
    paths = [tmp_path / "commit.duckdb", tmp_path / "checkpoint.duckdb"]
    with python(DISK_FULL, *paths) as child:
        told = [first_line(child).split() for _ in paths]
    assert [kept_open for _, kept_open in told] == ["True", "False"]
    for path, (number, _) in zip(paths, told, strict=True):
        with closing(DuckDBStore(path)) as store:
            found = store.read_readings(["s/a"], None, *ALWAYS)
            assert list(found["value"]) == list(range(int(number) * 5000))
            assert store.watermark("spool") == int(number)


def test_a_long_read_and_a_long_write_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with closing(DuckDBStore(tmp_path / "store.duckdb")) as store:
        store.write_readings(readings(0, 5000))
        with store._reading() as con:
            rows = con.execute("SELECT count(*) OVER (), r.value FROM readings r")
            assert rows.fetchone() is not None
            assert store.write_readings(readings(5000, 10)) == Written(stored=10)
            assert len(rows.fetchall()) == 4999
        with store._writing() as (con, _):
            con.execute("DELETE FROM readings")
            assert len(store.read_readings(["s/a"], None, *ALWAYS)) == 5010
            assert len(store.latest()) == 1


def fail_half_way(store: DuckDBStore) -> None:
    with store._writing() as (con, memory):
        memory.series_ids(con, [("s/new", "co2_ppm")])
        memory.append_to_ledger(con, {("s/new", 1)})
        raise ZeroDivisionError


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """The writer's memory of series and ledger is rolled back with the file."""
    with closing(DuckDBStore(tmp_path / "store.duckdb")) as store:
        store.write_readings(readings(0, 5))
        with pytest.raises(ValueError, match="finite"):
            store.write_readings([*readings(0, 5, "s/new"), Reading("s/new", "motion", START, float("nan"))])
        with store._lock:
            assert store._memory is None
        with pytest.raises(ZeroDivisionError):
            fail_half_way(store)
        assert store.write_readings(readings(3, 5, "s/b")) == Written(stored=5)
        assert set(store.changed("new").hours["device"]) == {"s/a", "s/b"}
        assert list(store.latest()["device"]) == ["s/a", "s/b"]


def test_a_cursor_beyond_the_ledger_is_refused(tmp_path: Path) -> None:
    with closing(DuckDBStore(tmp_path / "store.duckdb")) as store:
        store.write_readings(readings(0, 5))
        with pytest.raises(ValueError, match="beyond the ledger"):
            store.advance("rollups", store.changed("rollups").cursor + 1)


def test_the_ledger_does_not_grow_with_changes_to_the_same_hours(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with closing(DuckDBStore(path)) as store:
        for number in range(60):
            store.write_readings(readings(number, 1))
            store.advance("rollups", store.changed("rollups").cursor)
    with duckdb.connect(path) as con:
        assert con.execute("SELECT device, seq FROM ledger").fetchall() == [("s/a", 60)]


def test_a_reading_takes_a_dozen_bytes(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    devices = [f"school-{number // 20}/room-{number:03d}" for number in range(100)]
    with closing(DuckDBStore(path)) as store:
        for hour in range(20):
            store.write_readings(
                [
                    reading._replace(device=device, value=round(420 + reading.value % 700 * 0.7, 1))
                    for device in devices
                    for reading in readings(hour * 60, 60)
                ]
            )
    assert path.stat().st_size / 120_000 < 16
    assert not path.with_name(path.name + ".wal").exists()


@pytest.mark.parametrize(
    ("days", "ranges"),
    [
        ([], []),
        ([5], [(5, 6)]),
        ([6, 5, 5, 7], [(5, 8)]),
        ([400, 3, 401, 5], [(3, 4), (5, 6), (400, 402)]),
        ([2**number for number in range(20)], [(1, 17), (32, 33)]),
    ],
)
def test_a_straggler_makes_a_range_of_its_own(days: list[int], ranges: list[tuple[int, int]]) -> None:
    found = day_ranges(np.array(days, dtype=np.int64) * DAY_US + 5)
    numbers = [((start - EPOCH).days, (end - EPOCH).days) for start, end in found]
    assert numbers[: len(ranges)] == ranges or not days
    assert len(numbers) <= 16
    assert all(any(start <= day < end for start, end in numbers) for day in days)

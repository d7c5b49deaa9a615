"""Copying a store into another kind and back: the same content and history, however often it is cut short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from influx import Server

from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Domain
from classroom.reading import Reading
from store.base import Document, Store, Watermark
from store.copy import CopyError, Piece, copy
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore
from store.retention import RULES, run

ROOT = Path(__file__).parents[2]
START = datetime(2026, 1, 30, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DEVICES = ["s/a", 'x" OR 1=1 --', "å,ä = ö\\"]
KINDS = {"readings", "revisions", "hours", "verdicts", "metrics", "documents", "marks"}

Open = Callable[[], Store]


@pytest.fixture(
    params=["duckdb", *(pytest.param(kind, marks=pytest.mark.server) for kind in ("influx1", "influx2"))]
)
def target(request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], Server]) -> Iterator[str]:
    """Where a copy goes: an expression that opens it in this process or another."""
    if request.param == "duckdb":
        yield f"DuckDBStore(Path({str(tmp_path / 'target.duckdb')!r}))"
    else:
        with servers(request.param).bucket() as address:
            place = (address.url, address.org, address.bucket, address.write_token, address.read_token)
            yield f"InfluxStore(Address{place!r})"


@contextmanager
def opened(target: str) -> Iterator[Store]:
    known = {"Path": Path, "DuckDBStore": DuckDBStore, "InfluxStore": InfluxStore, "Address": Address}
    with closing(eval(target, known)) as store:  # noqa: S307  written above
        yield store


def metric(value: float, time: datetime, interval: Interval = Interval.DAY) -> Metric:
    return Metric(
        time, time + timedelta(days=1), interval, "s", Scope.ROOM, "1", "co2_mean", None, None,
        value, None, None, "ppm", 0.5, Status.OK, None, "co2_mean/1", (), "f",
    )  # fmt: skip


def fill(store: Store) -> None:
    """Two months' worth of everything, with a history: revisions, consumers half way, deleted readings."""
    at = [START + timedelta(hours=hour) for hour in range(0, 72, 5)]
    old = datetime(2023, 12, 31, 23, tzinfo=UTC)
    store.write_readings([Reading("s/old", "co2_ppm", old, 1.0), Reading("s/a", "energy_kwh", old, 2.0)])
    store.write_readings(
        [Reading(device, key, time, index + 0.1, index % 3 // 2)
         for device in DEVICES for key in ("co2_ppm", "energy_kwh") for index, time in enumerate(at)],
        Watermark("spool å", 41),
    )  # fmt: skip
    for value in (7.0, 8.0, 7.0):  # back to what it was: the order of revisions tells
        store.write_readings([Reading(DEVICES[2], "energy_kwh", at[3], value)])
    store.write_readings([Reading("s/a", "co2_ppm", at[4], 1.5), Reading("s/a", "co2_ppm", at[4], 2.5, 1)])
    store.write_hours(store.compute_hours(store.changed("done").hours, {}))
    store.advance("done", store.changed("done").cursor)
    run(store, RULES, datetime(2026, 2, 14, tzinfo=UTC))
    store.write_readings([Reading("s/a", "motion", at[-1], 1.0)])
    intervals = {
        "device": "s/a",
        "quantity": "co2_ppm",
        "start": [START],
        "end": [at[-1]],
        "verdict": "stale",
    }
    store.write_verdicts("s/a", "co2_ppm", pd.DataFrame({**intervals, "detail": [None]}))
    store.write_metrics([metric(1, datetime(1970, 1, 1, tzinfo=UTC), Interval.YEAR), metric(2, START)])
    store.write_documents([Document("insight", "s", "å", "{}"), Document("closed_year", "", "2025", "1")])
    store.advance("before", store.changed("done").cursor)
    store.write_readings([Reading("s/a", "motion", at[0], 1.0)])
    store.write_readings([Reading("s/a", "motion", at[-1], 0.0)])


def content(store: Store) -> list[object]:
    devices = [*DEVICES, "s/old"]
    revisions = pd.concat([store.superseded(device) for device in devices])
    ordered = revisions.sort_values(["device", "quantity", "time"], kind="stable")
    pending = {consumer: store.changed(consumer).hours for consumer in ("done", "before", "new")}
    return [
        store.read_readings(devices, None, *ALWAYS).to_dict("list"),
        ordered.to_dict("list"),
        store.latest().to_dict("list"),
        store.read_hours(devices, None, *ALWAYS).astype(str).to_dict("list"),
        store.read_verdicts(devices, *ALWAYS).astype(str).to_dict("list"),
        *(store.read_metrics("s", Scope.ROOM, None, interval, *ALWAYS) for interval in Interval),
        store.read_metrics("s", Scope.ROOM, None, Interval.YEAR, datetime(1970, 1, 1, tzinfo=UTC), START),
        {consumer: hours.to_dict("list") for consumer, hours in pending.items()},
        store.read_documents(None),
        store.marks().watermarks,
        set(store.marks().cursors),
        store.sealed(),
    ]


def test_a_copy_and_its_copy_are_equal_and_a_second_one_writes_nothing(tmp_path: Path, target: str) -> None:
    """From a file to each kind of store, and from there to a file."""
    with (
        closing(DuckDBStore(tmp_path / "a.duckdb")) as one,
        opened(target) as two,
        closing(DuckDBStore(tmp_path / "c.duckdb")) as three,
    ):
        fill(one)
        assert {piece.what for piece in copy(one, two, ["s"]) if piece.written} == KINDS
        assert content(two) == content(one)
        assert two.sealed() == {Domain.INDOOR: datetime(2024, 2, 1, tzinfo=UTC)}
        again = copy(one, two, ["s"])
        assert {piece.what for piece in again if piece.written} == {"marks"}
        assert content(two) == content(one)
        one.delete_documents("insight", "s", ["å"])
        copy(one, two, ["s"])
        copy(two, three, ["s"])
        assert content(three) == content(one)


def test_only_what_is_newer(tmp_path: Path, target: str) -> None:
    later = START + timedelta(days=2)
    with closing(DuckDBStore(tmp_path / "a.duckdb")) as one, opened(target) as two:
        fill(one)
        one.write_metrics([metric(3, later - timedelta(hours=1)), metric(4, later)])
        pieces = copy(one, two, ["s"], later)
        assert sum(piece.rows for piece in pieces if piece.what == "readings") == 31
        first = two.read_readings(DEVICES, None, *ALWAYS)["time"].min()
        assert first == START + timedelta(hours=50)
        assert [list(two.superseded(device)["value"]) for device in DEVICES] == [[1.0], [], []]
        assert [m.value for m in two.read_metrics("s", Scope.ROOM, None, Interval.DAY, *ALWAYS)] == [3, 4]
        assert (
            len(
                two.read_metrics(
                    "s", Scope.ROOM, None, Interval.YEAR, datetime(1970, 1, 1, tzinfo=UTC), later
                )
            )
            == 1
        )
        copy(one, two, ["s"])  # the rest, later
        assert two.read_readings(DEVICES, None, *ALWAYS).equals(one.read_readings(DEVICES, None, *ALWAYS))


CUT_SHORT = """
import os, signal, sys
from pathlib import Path
from store.copy import copy
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore

left = int(sys.argv[2])
target = eval(sys.argv[3])

def counted(write):
    def until_killed(*arguments):
        global left
        left -= 1
        written = write(*arguments)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return written
    return until_killed

for name in ("write_readings", "write_hours", "write_verdicts", "write_metrics", "write_documents",
             "append_changed", "advance"):
    setattr(target, name, counted(getattr(target, name)))
copy(DuckDBStore(Path(sys.argv[1])), target, ["s"])
print("done")
"""


def test_a_copy_that_is_killed_after_any_write_goes_on_where_it_stood(tmp_path: Path, target: str) -> None:
    path = tmp_path / "a.duckdb"
    with closing(DuckDBStore(path)) as one:
        fill(one)
        wanted = content(one)
    killed = 0
    done = False
    while not done:  # each attempt comes two writes further than the one before
        child = subprocess.run(
            [sys.executable, "-c", CUT_SHORT, str(path), "2", target],
            capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip
        done = child.stdout == "done\n"
        assert done or child.returncode == -signal.SIGKILL, child.stderr
        killed += not done
        if killed == 4:  # the marks at the end are written anew each time: let it finish
            with closing(DuckDBStore(path)) as one, opened(target) as two:
                copy(one, two, ["s"])
            done = True
    assert killed == 4
    with opened(target) as two:
        assert content(two) == wanted


def test_another_sites_store_is_not_written_to(tmp_path: Path) -> None:
    with (
        closing(DuckDBStore(tmp_path / "a.duckdb")) as one,
        closing(DuckDBStore(tmp_path / "b.duckdb")) as two,
        closing(DuckDBStore(tmp_path / "c.duckdb")) as three,
    ):
        fill(one)
        two.write_readings([Reading("s/a", "co2_ppm", START, 99.0)])
        with pytest.raises(CopyError, match=r"1 other values, as of s/a co2_ppm at 2026-01-30 00:00:00 UTC"):
            copy(one, two, ["s"])
        assert two.read_readings(["s/a"], ["co2_ppm"], *ALWAYS)["value"][0] == 99.0
        revised = START + timedelta(hours=15)
        three.write_readings([Reading(DEVICES[2], "energy_kwh", revised, 99.0)])
        with pytest.raises(CopyError, match="99; the source 7"):
            copy(one, three, ["s"])
        assert list(three.read_readings(DEVICES[2:], None, *ALWAYS)["value"]) == [99.0]


def test_a_target_that_is_written_to_meanwhile_is_noticed(tmp_path: Path) -> None:
    with (
        closing(DuckDBStore(tmp_path / "a.duckdb")) as one,
        closing(DuckDBStore(tmp_path / "b.duckdb")) as two,
    ):
        fill(one)

        def disturb(piece: Piece, total: int) -> None:
            assert total > 5
            if piece.what == "revisions":
                two.write_readings([Reading("s/a", "humidity_pct", START, 1.0)])

        with pytest.raises(CopyError, match="something else write"):
            copy(one, two, ["s"], progress=disturb)

"""What more processes, and a Dask cluster, make of the analytics job: time, memory, and the same figures.

Six schools with 25 rooms each at 5 minutes (``benchmarks/analytics.py``), everything computed from nothing.
One core means that the whole job, with whatever computes for it, may run on one only. Every row runs in a
process of its own on a copy of the same file; what is not read and written by the process that owns the file
is computed by the others. "Same" compares metrics, rollups, verdicts and findings bit by bit with those of
the first row.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):  # the folder of a program: its store.py is not the package
    sys.path[0] = str(ROOT)

from analytics.submitting import A, R, here  # noqa: E402
from benchmarks.analytics import Figures, load, midnight_after, run_job, the_site  # noqa: E402

if TYPE_CHECKING:
    from cli.scheduler import Compute

QUICK = bool(os.environ.get("QUICK"))
DAYS = 40 if QUICK else 92
FIRST = date(2026, 1, 12)
_KILLED_AT = 6 if QUICK else 25  # the number of the part that is handed over then
TABLES = ("metrics", "hours", "verdicts", "documents")


class Way(NamedTuple):
    """A way to compute: in this process (``here``), in a ``pool`` or on ``dask`` with so many workers; on so
    many cores; and whether one of the workers is killed."""

    label: str
    kind: str
    workers: int
    cores: int
    killed: bool = False


WAYS = (
    Way("one process", "here", 1, 1),
    Way("2 processes", "pool", 2, 2),
    Way("2 processes, one SIGKILLed", "pool", 2, 2, killed=True),
    Way("Dask, 1 worker", "dask", 1, 1),
    Way("Dask, 2 workers", "dask", 2, 2),
    Way("Dask, 2 workers, one SIGKILLed", "dask", 2, 2, killed=True),
)


class Submitting:
    """Counts what is handed over; kills one of ``processes`` in the middle."""

    def __init__(self, inner: Compute, processes: Callable[[], list[int]] | None) -> None:
        self._inner = inner
        self._processes = processes
        self.handed = 0

    def submit(self, function: Callable[[A], R], argument: A, /) -> Future[R]:
        """Hand it on."""
        found = self._inner.submit(function, argument)
        self.handed += 1
        if self.handed == _KILLED_AT and self._processes is not None:
            os.kill(self._processes()[0], signal.SIGKILL)
        return found


@contextmanager
def computing(way: Way) -> Iterator[tuple[Compute, Callable[[], list[int]]]]:
    """What computes, and the process ids of its workers."""
    from cli.children import ChildCompute
    from cli.cluster import DaskCompute

    if way.kind == "pool":
        children = ChildCompute(way.workers, tries=3)
        yield children, lambda: list((children._pool and children._pool._processes) or {})  # noqa: SLF001
        children.close()
        return
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=way.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        dask = DaskCompute(cluster.scheduler_address)
        yield dask, lambda: [nanny.pid for nanny in cluster.workers.values()]
        dask.close()


def measure(way: Way, folder: Path) -> Figures:
    """The job one way, in this process."""
    from store.duckdb_store import DuckDBStore

    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: way.cores])
    site = the_site()
    store = DuckDBStore(folder / "classroom.duckdb")
    now = midnight_after(site, FIRST + timedelta(days=DAYS - 1))
    if way.kind == "here":
        figures = run_job(store, site, now, here, at_once=1)
    else:
        with computing(way) as (compute, processes):
            counted = Submitting(compute, processes if way.killed else None)
            figures = run_job(store, site, now, counted.submit, at_once=way.workers)
            figures["parts"] = counted.handed
    store.close()
    return figures


def prints(folder: Path) -> list[tuple[object, ...]]:
    """What the job has made, table by table: number of rows and a hash of all values."""
    import duckdb

    with duckdb.connect(folder / "classroom.duckdb", read_only=True) as con:
        return [
            con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {name} t").fetchall()[0]  # noqa: S608
            for name in TABLES
        ]


def apart(arguments: list[str]) -> Figures:
    """This program with ``arguments``, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", __file__, *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: Figures = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    return found


def main() -> int:
    """Measure and print Markdown."""
    with tempfile.TemporaryDirectory() as scratch:
        filled = Path(scratch) / "filled"
        filled.mkdir()
        readings = apart(["fill", str(filled)])["readings"]
        figures, made = {}, {}
        for number, way in enumerate(WAYS):
            folder = Path(scratch) / "way"
            shutil.copytree(filled, folder)
            figures[way.label] = apart([str(number), str(folder)])
            made[way.label] = prints(folder)
            shutil.rmtree(folder)
    first = made[WAYS[0].label]
    rooms = sum(1 for device in the_site().devices if device.room)
    print(f"{readings / 1e6:.1f} million readings: {rooms} rooms in 6 schools for {DAYS} days.\n")
    print("| way | cores | s | CPU s | of it reading and writing | peak MB | parts | same as the first |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for way in WAYS:
        of = figures[way.label]
        own = "" if way.kind == "here" else f"{of['owner_cpu_s']:.1f}"
        told = f"{of['seconds']:.1f} | {of['cpu_s']:.1f} | {own} | {of['peak_mb']:.0f}"
        same = "yes" if made[way.label] == first else "NO"
        print(f"| {way.label} | {way.cores} | {told} | {of.get('parts', 0):.0f} | {same} |")
    pairs = (
        ("one process", "2 processes"),
        ("Dask, 1 worker", "Dask, 2 workers"),
        ("one process", "Dask, 2 workers"),
    )
    pool, dask, mixed = (figures[one]["seconds"] / figures[two]["seconds"] for one, two in pairs)
    print(f"\nTwo cores over one: {pool:.2f} times as fast with processes, {dask:.2f} times on Dask")
    print(f"(goal: 1.5); two Dask workers over one process without Dask: {mixed:.2f} times.")
    return 0 if all(of == first for of in made.values()) else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:  # a part
        if sys.argv[1] == "fill":
            from store.duckdb_store import DuckDBStore

            opened = DuckDBStore(Path(sys.argv[2]) / "classroom.duckdb")
            print(json.dumps({"readings": load(opened, the_site(), FIRST, DAYS)}))
            opened.close()
        else:
            print(json.dumps(measure(WAYS[int(sys.argv[1])], Path(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())

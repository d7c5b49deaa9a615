"""How fast, and in how much memory, three years of hours of a city's meters are imported.

50 schools × 2 meters × 3 years of hours (2.6 million rows, 110 MB) from one CSV file into an empty embedded
store, as ``classroom-climate import values --yes`` does it: read, checked as a whole, staged, stored,
reported. Beside it ``pandas.read_csv`` alone, which stores and checks nothing. Each part runs in its own
process, so that its memory is its own. A second import shows what finding that nothing changed costs, a tenth
of the file and three times as much whether memory grows with it. What the store has written it keeps in its
cache as long as its limit (1 GB) leaves room, so the peak is told with and without that cache.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from store.duckdb_store import DuckDBStore

ROOT = Path(__file__).resolve().parent.parent
QUICK = bool(os.environ.get("QUICK"))
SCHOOLS = 5 if QUICK else 50
HOURS = 26_280
LIMIT_S = 120.0
FLAT = 1.1
"""Three times the rows may take so many times the memory, the store's cache of its file left out."""


def generate(path: Path, schools: int) -> int:
    """Write the file; how many rows."""
    chance = Random(1)
    start = datetime(2021, 1, 1)  # noqa: DTZ001  normaltid
    stamps = [f"{start + timedelta(hours=n):%Y-%m-%d %H:%M}" for n in range(HOURS)]
    with path.open("w", encoding="utf-8") as file:
        file.write("Mätare;Tid;kWh\n")
        for meter in range(2 * schools):
            key = f"735999{meter:012}"
            file.writelines(
                f"{key};{stamp};{chance.randrange(60_000) / 1000:g}\n".replace(".", ",") for stamp in stamps
            )
    return 2 * schools * HOURS


def run_import(file: Path, folder: Path) -> dict[str, float]:
    """Import ``file`` into the store in ``folder``."""
    from ingest.imports.folder import ImportFolder
    from ingest.imports.job import Hands
    from ingest.imports.watcher import ImportWatcher
    from ingest.imports.writing import directly
    from ingest.letters import Letters
    from store.duckdb_store import DuckDBStore

    store = DuckDBStore(folder / "classroom.duckdb")
    base_mb = peak_mb()
    began, cpu = time.perf_counter(), time.process_time()
    hands = Hands(store, directly(store), Letters(folder / "letters.sqlite"), lambda _: True)
    imports = ImportFolder(folder / "imports", lambda: datetime.now(UTC))
    upload = imports.receive("generic-hourly", "city.csv")
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            upload.write(block)
    upload.finish()
    zone = ZoneInfo("Europe/Stockholm")
    watcher = ImportWatcher(
        imports, hands, zone, lambda: datetime.now(UTC), 600, folder / "work", lambda: None
    )
    (report,) = watcher.work_off()
    assert report.state == "stored", report.faults
    found = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
    cache_mb = cached_mb(store)
    store.close()
    return {
        **found,
        "stored": report.stored,
        "unchanged": report.unchanged,
        "peak_mb": peak_mb(),
        "base_mb": base_mb,
        "cache_mb": cache_mb,
    }


def cached_mb(store: DuckDBStore) -> float:
    """What DuckDB holds of the store's file [MB]."""
    query = "SELECT coalesce(sum(memory_usage_bytes), 0) / 1e6 FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
    with store._reading() as con:  # noqa: SLF001  no one but this measurement asks
        return float(con.execute(query).fetchall()[0][0])


def run_pandas(file: Path) -> dict[str, float]:
    """Read ``file`` with pandas and do nothing with it."""
    import pandas as pd

    base_mb = peak_mb()
    began, cpu = time.perf_counter(), time.process_time()
    frame = pd.read_csv(file, sep=";", decimal=",", dtype={"Mätare": str}, parse_dates=["Tid"])
    found = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu, "stored": len(frame)}
    return {**found, "unchanged": 0, "peak_mb": peak_mb(), "base_mb": base_mb, "cache_mb": 0.0}


def peak_mb() -> float:
    """Most memory this process has held [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def apart(*arguments: str | Path) -> dict[str, float]:
    """A part in a process of its own."""
    command = [sys.executable, "-P", __file__, *map(str, arguments)]  # -P: store.py here is another store
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    return found


def measured(folder: Path) -> tuple[int, float, dict[str, dict[str, float]]]:
    """Rows and size [MB] of the file, and what each part came to."""
    rows = generate(folder / "city.csv", SCHOOLS)
    size_mb = (folder / "city.csv").stat().st_size / 1e6
    for name in "abc":
        (folder / name).mkdir()
    parts = {
        "pandas.read_csv alone": apart("pandas", folder / "city.csv"),
        "import": apart("import", folder / "city.csv", folder / "a"),
        "the same file again": apart("import", folder / "city.csv", folder / "a"),
    }
    generate(folder / "city.csv", max(1, SCHOOLS // 10))
    parts["a tenth of it"] = apart("import", folder / "city.csv", folder / "b")
    generate(folder / "city.csv", 3 * SCHOOLS)
    parts["three times as much"] = apart("import", folder / "city.csv", folder / "c")
    return rows, size_mb, parts


def main() -> int:
    """Run all parts and print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        rows, size_mb, parts = measured(Path(scratch))
    print(f"{rows} rows, {size_mb:.0f} MB, {2 * SCHOOLS} meters")
    print(f"{'':24}{'s':>8}{'CPU s':>8}{'rows/s':>10}{'peak MB':>9}{'less cache':>12}{'stored':>10}")
    for name, of in parts.items():
        count = of["stored"] + of["unchanged"]
        line = f"{of['seconds']:8.1f}{of['cpu_s']:8.1f}{count / of['seconds']:10.0f}{of['peak_mb']:9.0f}"
        print(f"{name:24}{line}{own_mb(of):12.0f}{of['stored']:10.0f}")
    full, thrice = parts["import"], parts["three times as much"]
    grown = own_mb(thrice) / own_mb(full)
    within, flat = full["seconds"] < LIMIT_S, grown < FLAT
    told = "yes" if within else "NO"
    print(f"under {LIMIT_S:.0f} s: {told}; three times the rows take {grown:.2f} times the memory")
    pandas = parts["pandas.read_csv alone"]
    figures = {
        "rows": rows,
        **{name: full[name] for name in ("seconds", "cpu_s", "peak_mb")},
        "tenth_peak_mb": parts["a tenth of it"]["peak_mb"],
        "thrice_peak_mb": thrice["peak_mb"],
        "memory_of_thrice": grown,
        "again_s": parts["the same file again"]["seconds"],
        "pandas_s": pandas["seconds"],
        "pandas_peak_mb": pandas["peak_mb"],
    }
    print(json.dumps(figures))
    return 0 if within and (flat or QUICK) and parts["the same file again"]["stored"] == 0 else 1


def own_mb(of: dict[str, float]) -> float:
    """The peak without the store's cache [MB]."""
    return of["peak_mb"] - of["cache_mb"]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, *paths = sys.argv[1], *map(Path, sys.argv[2:])
        print(json.dumps(run_import(*paths) if kind == "import" else run_pandas(*paths)))
        sys.exit(0)
    sys.exit(main())

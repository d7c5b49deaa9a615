"""How fast, and in how much memory, three years of hours of a city's meters are imported.

50 schools × 2 meters × 3 years of hours (2.6 million rows, 110 MB) from one CSV file into an empty embedded
store, as ``classroom-climate import values --yes`` does it: read, checked as a whole, staged, stored,
reported. Beside it ``pandas.read_csv`` alone, which stores and checks nothing. Each part runs in its own
process, so that its memory is its own. A second import shows what finding that nothing changed costs, a tenth
of the file whether memory grows with it.
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
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
QUICK = bool(os.environ.get("QUICK"))
SCHOOLS = 5 if QUICK else 50
HOURS = 26_280
LIMIT_S = 120.0


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
    store.close()
    return {
        **found,
        "stored": report.stored,
        "unchanged": report.unchanged,
        "peak_mb": peak_mb(),
        "base_mb": base_mb,
    }


def run_pandas(file: Path) -> dict[str, float]:
    """Read ``file`` with pandas and do nothing with it."""
    import pandas as pd

    base_mb = peak_mb()
    began, cpu = time.perf_counter(), time.process_time()
    frame = pd.read_csv(file, sep=";", decimal=",", dtype={"Mätare": str}, parse_dates=["Tid"])
    found = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu, "stored": len(frame)}
    return {**found, "unchanged": 0, "peak_mb": peak_mb(), "base_mb": base_mb}


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


def main() -> int:
    """Run all parts and print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = generate(folder / "city.csv", SCHOOLS)
        generate(folder / "tenth.csv", max(1, SCHOOLS // 10))
        size_mb = (folder / "city.csv").stat().st_size / 1e6
        for name in ("a", "b"):
            (folder / name).mkdir()
        parts = {
            "pandas.read_csv alone": apart("pandas", folder / "city.csv"),
            "import": apart("import", folder / "city.csv", folder / "a"),
            "the same file again": apart("import", folder / "city.csv", folder / "a"),
            "a tenth of it": apart("import", folder / "tenth.csv", folder / "b"),
        }
    print(f"{rows} rows, {size_mb:.0f} MB, {2 * SCHOOLS} meters")
    print(f"{'':24}{'s':>8}{'CPU s':>8}{'rows/s':>10}{'peak MB':>9}{'stored':>10}")
    for name, of in parts.items():
        count = of["stored"] + of["unchanged"]
        line = f"{of['seconds']:8.1f}{of['cpu_s']:8.1f}{count / of['seconds']:10.0f}{of['peak_mb']:9.0f}"
        print(f"{name:24}{line}{of['stored']:10.0f}")
    full, tenth = parts["import"], parts["a tenth of it"]
    grown_mb = full["peak_mb"] - tenth["peak_mb"]
    within = full["seconds"] < LIMIT_S
    print(f"under {LIMIT_S:.0f} s: {'yes' if within else 'NO'}; ten times the rows take {grown_mb:+.0f} MB")
    pandas = parts["pandas.read_csv alone"]
    figures = {
        "rows": rows,
        **{name: full[name] for name in ("seconds", "cpu_s", "peak_mb")},
        "grown_mb": grown_mb,
        "again_s": parts["the same file again"]["seconds"],
        "pandas_s": pandas["seconds"],
        "pandas_peak_mb": pandas["peak_mb"],
    }
    print(json.dumps(figures))
    return 0 if within and parts["the same file again"]["stored"] == 0 else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, *paths = sys.argv[1], *map(Path, sys.argv[2:])
        print(json.dumps(run_import(*paths) if kind == "import" else run_pandas(*paths)))
        sys.exit(0)
    sys.exit(main())

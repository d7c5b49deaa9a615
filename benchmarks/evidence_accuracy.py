"""Analytics against what is known to be true, over seeds that development never used: docs/accuracy.md.

``ONLY=savings,buildings make evidence NAME=accuracy`` measures these sections again and leaves the others on
the page as they were measured. SEEDS=6000 takes the evaluation seeds from 6000 on, for code that was mended
after the first were looked at. QUICK=1 takes few schools of the development seeds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
# before this folder, whose store.py is a benchmark
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from accuracy import air, buildings, clocks, energy, insights, savings, sensors  # noqa: E402
from accuracy.page import DEVELOPMENT, EVALUATION, Section, Seeds, block, blocks_of  # noqa: E402

SECTIONS: tuple[Section, ...] = (
    energy.SECTION,
    sensors.SECTION,
    air.SECTION,
    savings.SECTION,
    buildings.SECTION,
    insights.SECTION,
    clocks.SECTION,
)

QUICK = bool(os.environ.get("QUICK"))
DEVELOP = bool(os.environ.get("DEVELOP"))  # all of it, with seeds of development: for those who mend
ONLY = {name for name in os.environ.get("ONLY", "").split(",") if name}
FIRST = int(os.environ.get("SEEDS") or EVALUATION)
PAGE = ROOT / "docs" / "accuracy.md"

INTRODUCTION = """
# How accurate are the figures?

How far the figures can be trusted, tried where the truth is known: in [simulated schools](simulator.md),
which hold what analytics do not model, with seeds that no development has seen (5000 and above; analytics
are developed with 1000 to 2999 and with seeds that were measured before: what was mended after a measurement
is measured with seeds of its own), and beside a reference on real buildings. The goals are those the project
set itself before; where one is missed, it says so.
"""


def main() -> None:
    """Measure what is asked for and print the page."""
    seeds = Seeds(DEVELOPMENT if QUICK or DEVELOP else FIRST, QUICK)
    if seeds.first < EVALUATION and not (QUICK or DEVELOP):
        raise SystemExit(f"SEEDS={FIRST}: analytics are developed with these; take {EVALUATION} or more")
    unknown = ONLY - {section.key for section in SECTIONS}
    if unknown:
        raise SystemExit(
            f"no section {', '.join(sorted(unknown))}; ONLY takes {', '.join(s.key for s in SECTIONS)}"
        )
    before = blocks_of(PAGE.read_text(encoding="utf-8")) if ONLY and PAGE.exists() else {}
    print(INTRODUCTION.strip())
    commit = _commit()  # before anything takes long
    for section in SECTIONS:
        if ONLY and section.key not in ONLY:
            if section.key in before:
                print(f"\n{before[section.key]}")
            continue
        began, spent = datetime.now(UTC), time.process_time()
        rows = section.run(seeds)
        spent = time.process_time() - spent
        measured = (
            f"Measured {began:%Y-%m-%d %H:%M} UTC, {commit}, seeds from {seeds.first}, "
            f"{spent:.0f} s of processor."
        )
        print(f"\n{block(section, measured, rows)}", flush=True)


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "outside a git clone"


if __name__ == "__main__":
    main()

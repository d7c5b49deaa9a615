"""Run a measurement: ``measure.py bench NAME`` prints it, ``measure.py evidence NAME`` also files it.

A measurement is a program ``benchmarks/NAME.py`` (bench) or ``benchmarks/evidence_NAME.py`` (evidence). A
benchmark prints what it likes and, as its last line, one JSON object with its figures. An evidence program
prints Markdown (its table and what follows from it); this runner puts the date, the commit and the machine
above it and writes ``docs/evidence/NAME.md``. A benchmark without a program of evidence files what it prints.
``QUICK=1`` in the environment asks either for a small run; such evidence is printed, not filed. Evidence of
OWN_PAGES prints a whole page, whose parts say themselves when they were measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = {"bench": "", "evidence": "evidence_"}
OWN_PAGES = {"accuracy": "docs/accuracy.md"}


def programs(kind: str) -> dict[str, Path]:
    """Programs of a kind by the name people give; evidence may also be a benchmark's."""
    paths = sorted((ROOT / "benchmarks").glob("[a-z]*.py"))
    prefix = PREFIX["evidence"]
    found = {path.stem: path for path in paths if not path.stem.startswith(prefix)}
    if kind == "evidence":
        found |= {path.stem.removeprefix(prefix): path for path in paths if path.stem.startswith(prefix)}
    return found


def run(program: Path) -> str:
    """Standard output of ``program``, shown while it runs.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-u", str(program)]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return "".join(lines)


def figures(output: str) -> dict[str, object]:
    """The JSON object in the last line of a benchmark's output.

    Raises:
        ValueError: the last line is something else.
    """
    last = output.strip().rsplit("\n", 1)[-1]
    try:
        found = json.loads(last)
    except json.JSONDecodeError as error:
        raise ValueError(f"the last line is not JSON: {last[:80]!r}") from error
    if not isinstance(found, dict) or not found:
        raise ValueError(f"the last line is not a JSON object with figures: {last[:80]!r}")
    return found


def machine() -> str:
    """Cores, processor, memory and system, as evidence names them."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), model)
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({model}), {memory_gib:.0f} GiB, {system}"


def commit() -> str:
    """Which commit was measured; says so where the tree holds more than the commit."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    name = git("rev-parse", "--short", "HEAD")
    if not name:
        return "outside a git clone"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/evidence")
    return f"commit {name}" + (" with uncommitted changes" if changed else "")


def page(name: str, body: str, started: datetime) -> str:
    """The evidence page as filed."""
    return (
        f"# Evidence: {name}\n\n"
        f"Measured {started:%Y-%m-%d %H:%M} UTC with `make evidence NAME={name}`, {commit()},\n"
        f"on {machine()}.\n\n"
        f"{body.strip()}\n"
    )


def main() -> int:
    """Run what the command line names; 0 is success."""
    parser = argparse.ArgumentParser(description="Run a measurement.")
    parser.add_argument("kind", choices=PREFIX)
    parser.add_argument("name", nargs="?", default="")
    asked = parser.parse_args()
    known = programs(asked.kind)
    if asked.name not in known:
        problem = f"there is no {asked.kind} {asked.name!r};" if asked.name else "which one?"
        names = ", ".join(known) or "(none yet)"
        print(f"{problem} make {asked.kind} NAME=… takes one of: {names}", file=sys.stderr)
        return 2
    started = datetime.now(UTC)
    try:
        output = run(known[asked.name])
        if not known[asked.name].stem.startswith(PREFIX["evidence"]):
            figures(output)
    except (subprocess.CalledProcessError, ValueError) as error:
        print(f"{known[asked.name].relative_to(ROOT)}: {error}", file=sys.stderr)
        return 1
    if asked.kind == "evidence" and not os.environ.get("QUICK"):
        if not known[asked.name].stem.startswith(PREFIX["evidence"]):
            output = f"```\n{output.strip()}\n```"
        own = OWN_PAGES.get(asked.name)
        target = ROOT / (own or f"docs/evidence/{asked.name}.md")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(output if own else page(asked.name, output, started), encoding="utf-8")
        print(f"written: {target.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

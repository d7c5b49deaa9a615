"""Whether reports are PDF/UA-1: by ``pdfua``, and by veraPDF where Java and Maven are found.

Reports of a school with a gap, of one without and of all, of a month and a year, in both languages, and with
hostile names (QUICK=1: of a month, in Swedish). Maven brings veraPDF's library (``benchmarks/verapdf``) and
builds in a folder that is thrown away. Prints a table; ends with 1 where a file fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pdfua
from pypdf import PdfReader

from benchmarks import reports as bench
from classroom.site import Site
from classroom.sitefiles import parse_site
from reports.fits import Fits, here
from reports.make import Shape
from reports.period import parse_period
from reports.service import Reports
from store.duckdb_store import DuckDBStore

QUICK = os.environ.get("QUICK") == "1"
LANGS = ("sv",) if QUICK else ("sv", "en")
PERIODS = ("2025-10",) if QUICK else ("2025-10", "2025")
HOSTILE = ('=HYPERLINK("x";"y")', "#import *bold* $x$ <label>", "Skola 😀 🏫 " + "Å" * 150, "שלום مدرسة")
LIBRARY = Path(__file__).parent / "verapdf"


def reports_of(store: DuckDBStore, site: Site) -> Reports:
    """Reports over the benchmark's schools, made here."""
    return Reports(store, lambda: site, lambda: bench.NOW, here, bench.VERSIONS, fits=Fits())


def hostile() -> Site:
    """The site with names that somebody might type to break a program."""
    texts = bench.site_texts()
    for number, name in enumerate(HOSTILE):
        quoted = '"' + name.replace('"', '""') + '"'
        school = f"skola-{number:02d}"
        texts["schools.csv"] = texts["schools.csv"].replace(f",Skolan {school},", f",{quoted},")
        texts["rooms.csv"] = texts["rooms.csv"].replace(f",Sal r{number:02d}\n", f",{quoted}\n")
    return parse_site(texts)


def made(folder: Path) -> Iterator[Path]:
    """The reports as files."""
    site = bench.a_site()
    store = DuckDBStore(folder / "bench.duckdb")
    bench.fill(store, site)
    plain, named = reports_of(store, site), reports_of(store, hostile())
    keys = list(site.school_by_key)
    for lang in LANGS:
        for period in PERIODS:
            for which, reports in (("", plain), ("hostile-", named)):
                shape = Shape(("pdf",), "sv" if lang == "sv" else "en")
                files = [
                    *(file for key in keys[:2] for file in reports.school(key, parse_period(period), shape)),
                    *reports.city(keys, parse_period(period), shape)[0],
                ]
                for file in files:
                    path = folder / f"{which}{file.name}"
                    path.write_bytes(file.content)
                    yield path
    store.close()


def verapdf(paths: list[Path], folder: Path) -> tuple[dict[str, str], str]:
    """What veraPDF says of each file, by name, or why it was not asked."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        return {}, "veraPDF was not asked: Java and Maven are not here."
    build = folder / "verapdf"
    shutil.copytree(LIBRARY, build)
    goals = ["compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
    subprocess.run(["mvn", "-q", "-B", *goals], cwd=build, check=True, stdout=sys.stderr)
    classes = f"target/classes{os.pathsep}{(build / 'classpath').read_text()}"
    command = ["java", "-cp", classes, "Check", *map(str, paths)]
    told = subprocess.run(command, cwd=build, capture_output=True, text=True, check=False)
    found, last = {}, ""
    for row in told.stdout.splitlines():
        if row.startswith("  "):
            found[last] += f";{row.strip()}"
        else:
            said, checks, path = row.split(" ", 2)
            last = Path(path).name
            found[last] = f"{said}, {int(checks):,} checks"
    if len(found) != len(paths):
        raise RuntimeError(f"veraPDF said too little: {told.stderr[-2_000:]}")
    return found, "veraPDF's library 1.28.2, flavour PDF/UA-1."


def main() -> int:
    """Make, ask and print."""
    bench.SCHOOLS = 4
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = list(made(folder))
        other, said = verapdf(paths, folder)
        print("| report | pages | pdfua | veraPDF |\n|---|---|---|---|")
        failed = 0
        for path in paths:
            findings = [one.message for one in pdfua.validate(str(path)).findings]
            second = other.get(path.name, "–")
            failed += bool(findings) or second.startswith("failed")
            pages = len(PdfReader(path).pages)
            print(f"| {path.name} | {pages} | {'; '.join(findings) or 'passed'} | {second} |")
    print(f"\n{said} {len(paths)} files, {failed} failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

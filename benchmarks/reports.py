"""How fast reports are made: one school's year, fifty schools, beside WeasyPrint drawing the same in HTML.

    python benchmarks/reports.py            # QUICK=1 for a short run

Each school has 25 rooms with two years of days in a real DuckDB file, metrics and rollups as analytics writes
them. The fifty are made by the command ``report school --all`` itself, from its start to its end; its memory
is that of its process and its children together; a page of a library that several of them share counts once
(PSS). Times of one school are without starting Python. Prints a table and, as the last line, one JSON object;
ends with 1 where a limit is missed (not with QUICK=1).
"""

from __future__ import annotations

import contextlib
import html
import io
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
import psutil
from pypdf import PdfReader

from analytics.emissions import emissions
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from classroom.timetable import day_span
from cli.process import collect_seldom
from cli.site import database
from reports.build import build
from reports.document import Bars, Document, Steps, Table, written
from reports.fits import Fits
from reports.language import language
from reports.make import File, Order, Shape, make
from reports.material import load
from reports.period import parse_period
from reports.sections.compose import compose
from store.duckdb_store import DuckDBStore

ROOT = Path(__file__).resolve().parents[1]
QUICK = os.environ.get("QUICK") == "1"
SCHOOLS, ROOMS = (4 if QUICK else 50), 25
PDF_S, XLSX_S, CITY_S, CITY_MB = 2.0, 1.0, 60.0, 1_000.0
PERIOD = parse_period("2025")
NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
FIRST = date(2024, 1, 1)
VERSIONS = {"classroom-climate": "benchmark"}
_CARRIERS = (Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT)


def site_texts() -> dict[str, str]:
    """Files of a site: schools with rooms, two main meters each, and a weather station."""
    keys = [f"skola-{n:02d}" for n in range(SCHOOLS)]
    rooms = [(key, f"r{n:02d}") for key in keys for n in range(ROOMS)]
    return {
        "classroom.toml": '[site]\nname = "Staden"\n[factors]\nchosen = ["se-el-eea-2024", '
        '"se-el-ei-residual-2023", "helsingborg-heat-vmk-2020"]\n',
        "schools.csv": "key,name,latitude,longitude\n" + "".join(f"{k},Skolan {k},56,12.7\n" for k in keys),
        "school_attributes.csv": "school,valid_from,atemp_m2,pupils\n"
        + "".join(f"{k},2020-01-01,4200,390\n" for k in keys),
        "rooms.csv": "school,key,name\n" + "".join(f"{s},{r},Sal {r}\n" for s, r in rooms),
        "meters.csv": "school,key,name,carrier\n"
        + "".join(f"{k},el,El,electricity\n{k},heat,Värme,district_heat\n" for k in keys),
        "devices.csv": "key,school,room,meter,interval_s\n"
        + "".join(f"{k}/el,{k},,el,3600\n{k}/heat,{k},,heat,3600\n" for k in keys)
        + "".join(f"{s}/{r},{s},{r},,600\n" for s, r in rooms),
        "stations.csv": "key,name,latitude,longitude\nsmhi,Väder,56,12.7\n",
    }


def a_site() -> Site:
    """The site of :func:`site_texts`."""
    return parse_site(site_texts())


def filled(path: Path) -> None:
    """Make the store, in a process of its own."""
    store = DuckDBStore(path)
    fill(store, a_site())
    store.close()


def fill(store: DuckDBStore, site: Site) -> None:
    """Metrics by day and hourly rollups of all schools, and the weather."""
    days = [FIRST + timedelta(days=n) for n in range((PERIOD.end - FIRST).days)]
    temperature = {day: 8 - 10 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365) for day in days}
    store.write_hours(_rollups(["smhi"], ["outdoor_temperature_c"], FIRST, list(temperature.values())))
    for number, school in enumerate(site.school_by_key):
        store.write_metrics(list(_metrics(site, school, days, temperature, number)))
        rooms = [f"{school}/{room.key}" for room in site.rooms_of(school)]
        store.write_hours(_rollups(rooms, ["co2_ppm", "temperature_c"], PERIOD.first, [21.0] * 365))
        store.write_hours(_rollups([f"{school}/el"], ["energy_kwh"], FIRST, [1.0] * len(days)))
        store.write_hours(_rollups([f"{school}/heat"], ["heat_kwh"], FIRST, [1.0] * len(days)))


def _metrics(
    site: Site, school: str, days: list[date], temperature: dict[date, float], number: int
) -> Iterator[Metric]:
    chance = np.random.default_rng(number)
    for day in days:
        start, end = day_span(day, site.zone)
        heat = 60 + max(0.0, 17 - temperature[day]) * 45
        for carrier, mean in ((_CARRIERS[0], 420 if day.weekday() < 5 else 180), (_CARRIERS[1], heat)):
            value = mean * chance.normal(1, 0.05)
            gap = carrier is _CARRIERS[0] and day.month == 10 and day.day < 8 and number % 3 == 0
            status = Status.NO_DATA if gap else Status.OK
            energy = Metric(
                *(start, end, Interval.DAY, school, Scope.SCHOOL, school, "energy_kwh", carrier, None),
                *(None if gap else value, None, None, "kWh", 0.0 if gap else 1.0, status, None),
                *("energy.registers/1", (), "f"),
            )
            rest = energy._replace(metric="energy_unresolved_kwh", value=None if gap else 0.0)
            for one in (energy, rest):
                yield one
                yield from emissions(one, day.year, site.factors, site.settings.factors.chosen)
            for name, unit in (("energy_per_m2_kwh", "kWh/m2"), ("energy_per_pupil_kwh", "kWh/pupil")):
                yield energy._replace(metric=name, unit=unit, value=None if gap else value / 400)
            for name, unit in (("out_of_hours_kwh", "kWh"), ("base_load_kw", "kW"), ("peak_kw", "kW")):
                yield energy._replace(metric=name, unit=unit, value=None if gap else value / 24)
        if day.year == PERIOD.first.year and day.weekday() < 5:
            yield from _of_rooms(site, school, start, end, chance)


def _of_rooms(
    site: Site, school: str, start: datetime, end: datetime, chance: np.random.Generator
) -> Iterator[Metric]:
    for room in site.rooms_of(school):
        for name, value, unit in (
            ("co2_mean_ppm", 850.0, "ppm"),
            ("co2_above_limit_share", 0.2, "1"),
            ("comfort_share", 0.9, "1"),
            ("occupied_h", 6.0, "h"),
        ):
            yield Metric(
                *(start, end, Interval.DAY, school, Scope.ROOM, room.key, name, None, None),
                *(value * chance.uniform(0.8, 1.1), None, None, unit, 1.0, Status.OK, None),
                *("indoor.room_day/1", (), "f"),
            )


def _rollups(devices: list[str], quantities: list[str], first: date, values: list[float]) -> pd.DataFrame:
    start = pd.Timestamp(first, tz="UTC")
    hours = pd.date_range(start, periods=len(values) * 24, freq="h", unit="us")
    frames = []
    for device in devices:
        for quantity in quantities:
            value = np.repeat(np.asarray(values, dtype=float), 24)
            frames.append(
                pd.DataFrame(
                    {
                        "device": device,
                        "quantity": quantity,
                        "hour": hours,
                        **dict.fromkeys(("mean", "min", "max", "first", "last"), value),
                        "first_time": hours,
                        "last_time": hours,
                        "count": 6,
                        "coverage": 1.0,
                        "flagged": 0,
                        "inputs_hash": np.arange(len(hours), dtype=float),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


class Watch:
    """Highest memory [MB] of a process and its children while it runs, and their CPU time [s]."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.most_mb, self.parts_mb, self.cpu_s = 0.0, [0.0], 0.0
        while process.poll() is None:
            time.sleep(0.2)
            with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                self._look(psutil.Process(process.pid))

    def _look(self, parent: psutil.Process) -> None:
        parts, cpu_s = [], 0.0
        for process in (parent, *parent.children(recursive=True)):
            try:
                parts.append(process.memory_full_info().pss / 1e6)
                cpu_s += sum(process.cpu_times()[:2])
            except psutil.Error:
                continue
        self.cpu_s = max(self.cpu_s, cpu_s)
        if sum(parts) > self.most_mb:
            self.most_mb, self.parts_mb = sum(parts), parts


class Took(NamedTuple):
    """Wall and CPU time [s], the best of some rounds each; the machine's other work only adds."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.2f} s (CPU {self.cpu_s:.2f} s)"


def timed(work: Callable[[], object], rounds: int = 5) -> Took:
    """How long ``work`` takes."""
    best = Took(math.inf, math.inf)
    for _ in range(2 if QUICK else rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        took = time.perf_counter() - wall, time.process_time() - cpu
        best = Took(min(best.wall_s, took[0]), min(best.cpu_s, took[1]))
    return best


def as_html(document: Document) -> str:
    """The same document as a page for WeasyPrint; charts are left out, which spares it time."""
    say = language("sv", parse_site({"classroom.toml": ""}).zone)
    parts = [
        f"<h1>{html.escape(document.title)}</h1>",
        *(f"<p>{html.escape(s)}</p>" for s in document.summary),
    ]
    for section in document.sections:
        parts.append(f"<h2>{html.escape(section.title)}</h2>")
        for part in section.parts:
            if isinstance(part, str):
                parts.append(f"<p>{html.escape(part)}</p>")
            elif isinstance(part, Table):
                parts.append(_html_table(part, lambda cell, column: html.escape(written(cell, column, say))))
            else:
                assert isinstance(part, Bars | Steps)
    style = "body{font:9pt sans-serif} table{width:100%} td{border-bottom:1px solid #ccc}"
    return f"<html lang=sv><title>x</title><style>{style}</style><body>{''.join(parts)}</body></html>"


def _html_table(table: Table, cell: Callable[..., str]) -> str:
    head = "".join(f"<th>{html.escape(column.heading)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{cell(one, c)}</td>" for one, c in zip(row, table.columns, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return f"<h3>{html.escape(table.title)}</h3><table><thead><tr>{head}</tr></thead>{rows}</table>"


def weasyprint(document: Document) -> tuple[Took | None, str]:
    """What WeasyPrint needs for the same report, or why it was not asked."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        return None, f"not measured: WeasyPrint cannot be used here ({error})"
    page = as_html(document)
    return timed(lambda: weasyprint.HTML(string=page).write_pdf()), f"WeasyPrint {weasyprint.__version__}"


class City(NamedTuple):
    """What all schools took."""

    wall_s: float
    watch: Watch
    made: int
    failed: int


def city(folder: Path) -> City:
    """Every school's year, by the command."""
    out = folder / "reports"
    command = (
        *(sys.executable, "-m", "cli.main", "report", "school", "--all", "--period", PERIOD.key),
        *("--lang", "sv", "--out", str(out), "--site", str(folder)),
    )
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    watch = Watch(process)
    wall_s = time.perf_counter() - began
    told, _ = process.communicate()
    made = len(list(out.glob("*.pdf")))
    if process.returncode:
        print(told)
    return City(wall_s, watch, made, SCHOOLS - made)


class OneSchool(NamedTuple):
    """What one school's year took; ``drawing`` is the PDF without loading."""

    pdf: Took
    xlsx: Took
    drawing: Took
    weasy: Took | None
    weasy_name: str
    pages: int


def one_school(store: DuckDBStore, site: Site) -> OneSchool:
    """One school's year in each way."""
    school = next(iter(site.school_by_key))
    shapes = {kind: Shape((kind,), "sv") for kind in ("pdf", "xlsx")}

    def one(kind: str) -> list[File]:
        material = load(store, site, school, PERIOD, NOW, Fits())
        return make(Order(material, shapes[kind], VERSIONS))

    (pdf,) = one("pdf")  # fonts, imports, the chart engine
    material = load(store, site, school, PERIOD, NOW, Fits())
    drawing = timed(lambda: make(Order(material, shapes["pdf"], VERSIONS)))
    document = compose(build(material), "sv", VERSIONS)
    pages = len(PdfReader(io.BytesIO(pdf.content)).pages)
    return OneSchool(
        timed(lambda: one("pdf")), timed(lambda: one("xlsx")), drawing, *weasyprint(document), pages
    )


def main() -> int:
    """Measure and print."""
    collect_seldom()  # as every command that makes reports does
    with tempfile.TemporaryDirectory() as folder:
        path, site = database(Path(folder)), a_site()
        path.parent.mkdir()
        for file, text in site_texts().items():
            (Path(folder) / file).write_text(text, encoding="utf-8")
        filling = multiprocessing.get_context("spawn").Process(target=filled, args=(path,))
        filling.start()
        filling.join()
        all_ = city(Path(folder))
        store = DuckDBStore(path)
        one = one_school(store, site)
        store.close()
    watch = all_.watch
    parts = " + ".join(f"{part:.0f}" for part in watch.parts_mb)
    print("| what | measured | limit |\n|---|---|---|")
    print(f"| one school's year as PDF, {one.pages} pages | {one.pdf} | {PDF_S} s |")
    print(f"| one school's year as XLSX | {one.xlsx} | {XLSX_S} s |")
    print(f"| of the PDF: without loading | {one.drawing} | |")
    print(f"| the same document without charts, {one.weasy_name} | {one.weasy or '–'} | |")
    city_took = f"{all_.wall_s:.1f} s (CPU {watch.cpu_s:.0f} s)"
    print(f"| {all_.made} schools, 2 children | {city_took} | {CITY_S} s for 50 |")
    print(f"| memory of all processes ({parts}) | {watch.most_mb:.0f} MB | {CITY_MB:.0f} MB |")
    figures = {
        "one_school_pdf_s": round(one.pdf.wall_s, 2),
        "one_school_pdf_cpu_s": round(one.pdf.cpu_s, 2),
        "one_school_xlsx_s": round(one.xlsx.wall_s, 2),
        "one_school_xlsx_cpu_s": round(one.xlsx.cpu_s, 2),
        "drawing_pdf_cpu_s": round(one.drawing.cpu_s, 2),
        "weasyprint_cpu_s": None if one.weasy is None else round(one.weasy.cpu_s, 2),
        "schools": all_.made,
        "failed": all_.failed,
        "city_s": round(all_.wall_s, 1),
        "city_cpu_s": round(watch.cpu_s, 1),
        "city_mb": round(watch.most_mb),
    }
    print(json.dumps(figures))
    late = one.pdf.wall_s > PDF_S or one.xlsx.wall_s > XLSX_S or all_.wall_s > CITY_S
    return 1 if (late or watch.most_mb > CITY_MB or all_.failed) and not QUICK else 0


if __name__ == "__main__":
    sys.exit(main())

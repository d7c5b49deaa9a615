"""What an import touches is computed again, nothing else, and what comes out equals computing everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analytics import jobs
from classroom.metric import Interval, Metric, Scope, Status
from classroom.reading import Reading
from cli.app import app
from cli.site import load_site
from running import TABLES
from store.duckdb_store import DuckDBStore

START = datetime(2026, 10, 18, 22, tzinfo=UTC)  # Monday 19 October, 00:00 in Stockholm
DAYS, STEP = 14, timedelta(minutes=30)
NOW = START + timedelta(days=DAYS + 1, hours=20)
SITE = {
    **TABLES,
    "classroom.toml": "",
    "rooms.csv": "school,key,name\nlindhaga,101,Sal 101\nlindhaga,102,Sal 102\n",
    "devices.csv": (
        "key,school,room,meter,interval_s\n"
        "c1,lindhaga,101,,1800\nc2,lindhaga,102,,1800\nlindhaga/el,lindhaga,,el,1800\n"
    ),
}


def readings() -> Iterator[Reading]:
    for n in range(DAYS * 48):
        at = START + n * STEP + timedelta(seconds=7)
        yield Reading("c1", "co2_ppm", at, 500.0 + n % 48 * 10)
        yield Reading("c2", "co2_ppm", at, 600.0 + n % 48 * 10)
        yield Reading("lindhaga/el", "energy_kwh", at, 1_000.0 + n * 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    for name, text in SITE.items():
        (site / name).write_text(text, encoding="utf-8")
    return site


@pytest.fixture
def store(store: DuckDBStore) -> DuckDBStore:
    store.write_readings(list(readings()))
    return store


def metrics(store: DuckDBStore) -> set[Metric]:
    found = {
        metric
        for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL)
        for interval in (Interval.DAY, Interval.HOUR)
        for metric in store.read_metrics("lindhaga", scope, None, interval, START - timedelta(90), NOW)
        if metric.status is not Status.NO_DATA
    }
    measured = {(metric.id, metric.time) for metric in found if metric.metric != "occupied_h"}
    return {metric for metric in found if (metric.id, metric.time) in measured}


def imported(folder: Path, tmp_path: Path, kind: str, text: str, name: str, *options: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    arguments = ["import", kind, str(tmp_path / name), *options, "--yes", "--site", str(folder)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output


def calendar(folder: Path, tmp_path: Path) -> None:
    text = "från;till;typ\n2026-10-26;2026-10-30;höstlov\n"
    imported(folder, tmp_path, "calendar", text, "lov.csv", "--municipality", "Helsingborg")


def evenings(folder: Path, tmp_path: Path) -> None:
    text = "från;till;typ;tid\n2026-10-26;2026-10-30;uthyrd;18-21\n"
    imported(folder, tmp_path, "calendar", text, "hyrt.csv", "--school", "lindhaga")


def timetable(folder: Path, tmp_path: Path) -> None:
    text = "sal;dag;start;slut;giltig från;giltig till\n" + "".join(
        f"101;{day};08:10;09:10;2026-10-19;2026-10-25\n" for day in (1, 2, 3)
    )
    imported(folder, tmp_path, "timetable", text, "schema.csv", "--school", "lindhaga")


def share(folder: Path, tmp_path: Path) -> None:
    text = "school;key;name;carrier;share\nlindhaga;el;Elmätare;electricity;0,5\n"
    imported(folder, tmp_path, "places", text, "meters.csv", "--from", "2026-10-26")


def move(folder: Path, tmp_path: Path) -> None:
    text = "key;school;room;interval_s;valid_from\nc1;lindhaga;102;1800;2026-10-30\n"
    imported(folder, tmp_path, "places", text, "devices.csv")


def area(folder: Path, tmp_path: Path) -> None:
    text = "school;valid_from;atemp_m2\nlindhaga;2020-01-01;5000\n"
    imported(folder, tmp_path, "places", text, "school_attributes.csv")


@pytest.mark.parametrize(
    ("change", "room_days", "school_days"),
    [
        (calendar, 2 * 5, 5),  # both rooms and the school's profile, Monday to Friday
        (evenings, 2 * 5, 5),  # they leave the day's type, but somebody is there
        (timetable, 5, 0),  # room 101 has a timetable in that week; room 102 keeps the school's hours
        (share, 0, DAYS),  # the methods look a month around a day, and there is no more
        (move, 2 * 3, 0),  # both rooms, Friday to Sunday
        (area, 0, None),
    ],
)
def test_what_it_touches_is_computed_again_and_nothing_else(
    folder: Path,
    tmp_path: Path,
    store: DuckDBStore,
    change: Callable[[Path, Path], None],
    room_days: int,
    school_days: int | None,
) -> None:
    jobs.run(store, load_site(folder), NOW)
    idle = jobs.run(store, load_site(folder), NOW)
    change(folder, tmp_path)
    report = jobs.run(store, load_site(folder), NOW)
    assert report.room_days - idle.room_days == room_days
    if school_days is not None:
        assert report.school_days - idle.school_days == school_days
    step_by_step = metrics(store)
    assert step_by_step
    jobs.run(store, load_site(folder), NOW, full=True)
    assert step_by_step == metrics(store)

"""``import`` as people use it: two buildings' years of energy and weather, alone and through a running
service."""

from __future__ import annotations

import csv
import gzip
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from real_buildings import FOLDER, MAPPING

from analytics import jobs
from analytics.periods import aggregate
from classroom.metric import Interval, Metric, Scope, Status
from cli.site import load_site
from running import TABLES, Start, command, environment, free_ports, until
from store.duckdb_store import DuckDBStore

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NOW = datetime(2023, 6, 1, tzinfo=UTC)
OCTOBER = datetime(2020, 10, 1, tzinfo=UTC)
needs_shared = pytest.mark.skipif(not FOLDER.exists(), reason=f"{FOLDER} is not there")

SITE = {
    "schools.csv": "key,name,latitude,longitude\nb25,Hus 25,52.20,0.11\nb120,Hus 120,52.21,0.09\n",
    "meters.csv": "school,key,name,carrier\n"
    + "".join(f"{key},gas,Gas,gas\n{key},el,El,electricity\n" for key in ("b25", "b120")),
    "devices.csv": "key,school,room,meter\n"
    + "".join(f"{key}/gas,{key},,gas\n{key}/el,{key},,el\n" for key in ("b25", "b120")),
    "stations.csv": "key,name,latitude,longitude\nweather,Cambridge,52.2,0.12\nfar,Lund,55.7,13.2\n",
}


def climate(*arguments: str | Path, code: int = 0, stdin: str = "") -> str:
    """Run a command; gives all that it told."""
    done = subprocess.run(
        command(*arguments), env=environment(), capture_output=True, text=True, timeout=150, input=stdin
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    folder.mkdir()
    settings = f"[site]\ntime_zone = 'UTC'\n[api]\nport = {free_ports(1)}\n"
    (folder / "classroom.toml").write_text(settings)
    for name, text in SITE.items():
        (folder / name).write_text(text)
    for key in ("b25", "b120"):
        (tmp_path / f"{key}.toml").write_text(MAPPING.format(key=key))
    return folder


@contextmanager
def store_of(folder: Path) -> Iterator[DuckDBStore]:
    with closing(DuckDBStore(folder / "data" / "classroom.duckdb")) as store:
        yield store


def column(file: str, name: str) -> dict[datetime, float]:
    """A column of a shared file by its hour."""
    with gzip.open(FOLDER / file, "rt", encoding="utf-8") as text:
        return {datetime.fromisoformat(row["time_utc"]): float(row[name]) for row in csv.DictReader(text)}


def metrics(store: DuckDBStore, school: str, interval: Interval) -> dict[tuple[str, datetime], Metric]:
    found = store.read_metrics(school, Scope.METER, None, interval, *ALWAYS, "energy_kwh")
    return {(m.id, m.time): m for m in found}


@needs_shared
@pytest.mark.slow
def test_two_buildings_and_their_weather_in_a_command_each(site: Path, tmp_path: Path) -> None:
    for key in ("b25", "b120"):
        told = climate(
            "import",
            "values",
            FOLDER / f"{key}_hourly.csv.gz",
            "-m",
            tmp_path / f"{key}.toml",
            "-y",
            "-s",
            site,
        )
        assert "70128 readings, 70128 new, 0 corrected" in told
        assert "nowhere" not in told
    told = climate(
        "import", "values", FOLDER / "weather_hourly.csv.gz", "-m", "weather-hourly", "-y", "-s", site
    )
    assert "105192 readings, 105192 new" in told
    loaded = load_site(site)
    assert [(s.key, round(km)) for s, km in loaded.stations_near("b120")] == [("weather", 2), ("far", 940)]
    with store_of(site) as store:
        jobs.run(store, loaded, NOW, start=OCTOBER, end=datetime(2020, 11, 1, tzinfo=UTC))
        for key in ("b25", "b120"):
            for meter, name in (("gas", "gas_kwh"), ("el", "electricity_kwh")):
                hours = column(f"{key}_hourly.csv.gz", name)
                frame = store.read_readings([f"{key}/{meter}"], ["energy_of_hour_kwh"], *ALWAYS)
                times = [time.to_pydatetime() for time in frame["time"]]
                assert dict(zip(times, frame["value"], strict=True)) == hours
                days = [m for m in metrics(store, key, Interval.DAY).values() if m.id == meter]
                (month,) = [m for m in aggregate(days, Interval.MONTH, loaded.zone) if m.time == OCTOBER]
                expected = sum(v for time, v in hours.items() if (time.year, time.month) == (2020, 10))
                assert month.value == pytest.approx(expected, rel=1e-12)
        weather = store.read_readings(["weather"], ["outdoor_temperature_c"], *ALWAYS)
        assert list(weather["value"]) == list(column("weather_hourly.csv.gz", "temperature_c").values())


@needs_shared
@pytest.mark.slow
def test_again_changes_nothing_and_a_corrected_file_exactly_its_hours(site: Path, tmp_path: Path) -> None:
    """A year of one building, computed; then the file again; then a file in which two hours are other
    ones."""
    with gzip.open(FOLDER / "b25_hourly.csv.gz", "rt", encoding="utf-8") as text:
        lines = text.read().splitlines()
    header, rows = lines[0], [line for line in lines[1:] if line.startswith("2020-10")]
    mapping, file = tmp_path / "b25.toml", tmp_path / "b25.csv"

    def bring(content: list[str]) -> tuple[str, jobs.JobReport]:
        file.write_text("\n".join([header, *content, ""]))
        told = climate("import", "values", file, "-m", mapping, "--yes", "-s", site)
        with store_of(site) as store:
            return told, jobs.run(store, load_site(site), NOW)

    bring(rows)
    with store_of(site) as store:
        before = {i: metrics(store, "b25", i) for i in (Interval.HOUR, Interval.DAY)}
    told, report = bring(rows)
    assert "1488 readings, 0 new, 0 corrected, 1488 as they were" in told
    assert report.hours == 0
    time, _, electricity = rows[100].split(",")
    corrected = [*rows]
    corrected[100] = f"{time},77.5,{electricity}"
    corrected[101] = ",".join([rows[101].split(",")[0], "78.5", rows[101].split(",")[2]])
    told, report = bring(corrected)
    assert "0 new, 2 corrected, 1486 as they were" in told
    assert report.hours == 2
    first = datetime.fromisoformat(time)
    with store_of(site) as store:
        after = {i: metrics(store, "b25", i) for i in (Interval.HOUR, Interval.DAY)}
        assert list(store.superseded("b25/gas")["value"]) == [
            float(row.split(",")[1]) for row in rows[100:102]
        ]
        changed = {
            key for key in after[Interval.HOUR] if after[Interval.HOUR][key] != before[Interval.HOUR].get(key)
        }
        assert {key for key in changed if key[1] < datetime(2020, 11, 1, tzinfo=UTC)} == {
            ("gas", first),
            ("gas", first + timedelta(hours=1)),
        }
        assert after[Interval.HOUR]["gas", first].value == 77.5
        day = first.replace(hour=0)
        old = sum(float(row.split(",")[1]) for row in rows if row.startswith(f"{day:%Y-%m-%d}"))
        new = old - sum(float(row.split(",")[1]) for row in rows[100:102]) + 156.0
        assert after[Interval.DAY]["gas", day].value == pytest.approx(new, rel=1e-12)
        full = DuckDBStore(tmp_path / "full.duckdb")
        with closing(full):
            jobs.run(store, load_site(site), NOW, full=True)
            again = {i: metrics(store, "b25", i) for i in (Interval.HOUR, Interval.DAY)}
        assert {k: m for k, m in again[Interval.DAY].items() if m.status is not Status.NO_DATA} == {
            k: m for k, m in after[Interval.DAY].items() if m.status is not Status.NO_DATA
        }


HOURS = "Mätare;Tid;kWh\n" + "".join(f"lindhaga/el;2024-01-01 {hour:02}:00;{hour},5\n" for hour in range(24))


def test_it_shows_what_it_would_store_and_asks(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "el.csv"
    file.write_text(HOURS)
    told = climate("import", "values", file, "-m", "generic-hourly", "--check", "-s", site)
    assert "24 rows, 24 readings of 1 series" in told
    assert "2024-01  288.000" in told
    assert "devices assign lindhaga/el --school SCHOOL --meter METER" in told
    told = climate("import", "values", file, "-m", "generic-hourly", "-s", site, stdin="n\n", code=1)
    assert "Nothing was stored." in told
    assert not (site / "data" / "classroom.duckdb").exists()
    told = climate("import", "values", file, "-m", "generic-hourly", "-s", site, stdin="y\n")
    assert "24 readings, 24 new" in told
    told = climate(
        "import", "values", file, "-m", "generic-hourly", "-y", "-s", site, "--from", "2024-01-01 12:00:00"
    )
    assert "11 readings, 0 new, 0 corrected, 11 as they were" in told


def test_a_refused_file_leaves_with_its_faults(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "el.csv"
    file.write_text(HOURS.replace("5,5", "fem"))
    for option in ("--yes", "--check"):
        told = climate("import", "values", file, "-m", "generic-hourly", option, "-s", site, code=1)
        assert "el.csv, row 7, column 'kWh': 'fem': no number with the decimal mark" in " ".join(told.split())
    told = climate("import", "values", file, "-m", "nobody", "-y", "-s", site, code=2)
    assert "no file and no shipped mapping; those are eon-matvardesexport" in " ".join(told.split())


def test_mappings_are_listed_and_shown() -> None:
    assert "smhi-metobs" in climate("import", "mappings")
    assert 'basis = "normaltid"' in climate("import", "mappings", "generic-hourly")
    climate("import", "mappings", "nobody", code=2)


@pytest.mark.slow
def test_beside_a_running_service_it_goes_through_its_api(start: Start, tmp_path: Path, site: Path) -> None:
    running = start({**TABLES, "stations.csv": "key,name,school\nroof,Taket,lindhaga\n"})
    file = tmp_path / "el.csv"
    file.write_text(HOURS)
    told = climate("import", "values", file, "-m", "generic-hourly", "-y", "-s", running.folder)
    assert "24 readings, 24 new" in told

    def energy() -> list[float | None]:
        query = {"from": "2024-01-01T00:00:00+01:00", "to": "2024-01-02T00:00:00+01:00", "interval": "day"}
        found = running.get("/api/v1/schools/lindhaga/metrics", metric="energy_kwh", **query)
        return [point["value"] for point in found]

    until(lambda: energy() == [288.0], "the day's energy on the school's page")
    base = f"http://127.0.0.1:{running.port}/api/v1"
    dropped = running.folder / "imports" / "generic-hourly"
    dropped.mkdir(parents=True, exist_ok=True)
    (dropped / "nightly.csv").write_text(HOURS.replace("23,5", "123,5"))
    until(lambda: energy() == [388.0], "the dropped file's correction")
    reports = running.get("/api/v1/imports")["items"]
    assert [(one["name"], one["corrected"]) for one in reports] == [("nightly.csv", 1), ("el.csv", 0)]
    key = {"Authorization": f"Bearer {(running.folder / 'data' / 'control.key').read_text()}"}
    answer = httpx.put(f"{base}/imports/generic-hourly/bad.csv", content=b"a,b\n1,2\n", headers=key)
    assert answer.status_code == 202
    until(lambda: running.get(answer.headers["location"])["state"] == "refused", "the bad file's report")
    assert httpx.put(f"{base}/imports/generic-hourly/a.csv", content=b"x").status_code == 403
    pushed = httpx.post(f"{base}/readings/lindhaga/101/air", json={"co2_ppm": 812}, headers=key)
    assert pushed.status_code == 202
    until(lambda: running.counts()["classroom_messages_spooled_total"] == 1, "spooled")
    assert running.stop() == 0

"""The first day: a city brings its files, and the same hour a school shows kWh, kgCO2e, signature, savings.

Two years of a real building and its weather (Cambridge estates, ``../shared/data/energy``) through the
commands and a running service, as its people would do it.
"""

from __future__ import annotations

import csv
import gzip
import html
import io
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from real_buildings import FOLDER, MAPPING

from running import Running, Start, command, environment, until

TABLES = {
    "schools.csv": "key,name,latitude,longitude\nb25,Hus 25,52.20,0.11\n",
    "school_attributes.csv": "school,valid_from,atemp_m2\nb25,2015-01-01,2500\n",
    "meters.csv": "school,key,name,carrier\nb25,gas,Gas,gas\nb25,el,El,electricity\n",
    "devices.csv": "key,school,room,meter\nb25/gas,b25,,gas\nb25/el,b25,,el\n",
    "stations.csv": "key,name,latitude,longitude\nweather,Cambridge,52.2,0.12\n",
    "factors.csv": "id,carrier,year,g_per_kwh,basis,covers,area,source\n"
    "gas-2022,gas,2022,202,location,direct,Great Britain,hand-made for this test\n"
    "el-2022,electricity,2022,193,location,direct,Great Britain,hand-made for this test\n",
}


def bring(running: Running, file: str, mapping: Path | str) -> str:
    """``import values`` of the two newest years of a file, beside the running service."""
    done = subprocess.run(
        command(
            *("import", "values", FOLDER / file, "-m", mapping, "--from", "2021-01-01T00:00:00", "-y"),
            *("-s", running.folder),
        ),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def ask(running: Running, path: str, **query: str) -> Any:
    """JSON of a route; patiently, for the first fit starts a child process."""
    answer = httpx.get(f"http://127.0.0.1:{running.port}{path}", params=query, timeout=100)
    answer.raise_for_status()
    return answer.json()


def used_kwh(column: str) -> float:
    """What the file says of 2022."""
    with gzip.open(FOLDER / "b25_hourly.csv.gz", "rt", encoding="utf-8") as text:
        return sum(float(row[column]) for row in csv.DictReader(text) if row["time_utc"].startswith("2022"))


def printed(running: Running, path: str) -> str:
    """The text of a PDF that a route makes."""
    answer = httpx.get(f"http://127.0.0.1:{running.port}{path}", timeout=100).raise_for_status()
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(not FOLDER.exists(), reason=f"{FOLDER} is not there")
def test_history_on_day_one_gives_kwh_kgco2e_signature_and_savings(start: Start, tmp_path: Path) -> None:
    settings = "[site]\ntime_zone = 'UTC'\n[factors]\nchosen = ['gas-2022', 'el-2022']\n"
    running = start(TABLES, settings=settings)
    mapping = tmp_path / "b25.toml"
    mapping.write_text(MAPPING.format(key="b25"))
    assert "0 corrected" in bring(running, "b25_hourly.csv.gz", mapping)
    bring(running, "weather_hourly.csv.gz", "weather-hourly")
    school = "/api/v1/schools/b25"

    def year(metric: str) -> dict[str, float]:
        query = {"from": "2022-01-01", "to": "2023-01-01", "interval": "year", "metric": metric}
        found = ask(running, f"{school}/metrics", **query)
        return {p["carrier"]: p["value"] for p in found if p["basis"] in (None, "location") and p["value"]}

    def computed() -> bool:
        lines = ask(running, f"{school}/savings")["carriers"]
        return all(line["fit"] is not None for line in lines) and year("energy_kwh").keys() == {
            "gas",
            "electricity",
        }

    until(computed, "two years rolled up and compared", 120)
    energy, emissions = year("energy_kwh"), year("emissions_kgco2e")
    assert energy["gas"] == pytest.approx(used_kwh("gas_kwh"))
    assert energy["electricity"] == pytest.approx(used_kwh("electricity_kwh"))
    assert emissions["gas"] == pytest.approx(energy["gas"] * 0.202)
    assert emissions["electricity"] == pytest.approx(energy["electricity"] * 0.193)

    savings = ask(running, f"{school}/savings")
    assert savings["reporting"] == {"first": "2022-01-01", "last": "2022-12-31", "days": 365}
    assert savings["baseline"]["first"] == "2021-01-01"
    _, gas = savings["carriers"]
    assert gas["carrier"] == "gas"
    assert {lack["code"] for lack in gas["lacks"]} <= {"not_told_from_zero"}
    assert gas["low_kwh"] < gas["saved_kwh"] < gas["high_kwh"]
    assert gas["counterfactual_kwh"] - gas["saved_kwh"] == pytest.approx(gas["observed_kwh"])
    assert gas["emissions"][0]["saved_kgco2e"] == pytest.approx(gas["saved_kwh"] * 0.202)

    signature = ask(running, f"{school}/signature")["carriers"][1]
    assert 5 < signature["balance_c"] < 22
    assert signature["slope_w_k"] > 0
    page = httpx.get(f"http://127.0.0.1:{running.port}/schools/b25?lang=sv&week=2022-W10", timeout=100).text
    told = html.unescape(page).replace("\u00a0", " ")
    assert re.search(r"\d kWh", told)
    assert re.search(r"kg CO₂e", told)
    assert re.search(r"Värmer under \d+,\d °C ute", told)
    assert re.search(r"\d+ % (sparat|mer använt)|Ingen slutsats", told)
    report = printed(running, f"{school}/report?period=2022&format=pdf&lang=sv")
    assert re.search(r"\d kWh", report)
    assert re.search(r"kg CO₂e", report)
    assert "gas-2022" in report
    assert re.search(r"Besparing", report)
    assert re.search(r"Energisignatur .* gas \d+,\d", report)
    assert running.stop() == 0

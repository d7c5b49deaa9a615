"""A small simulated city with planted truth, its real store, and reports over it.

Two schools of :mod:`simulators.city`. ``almbacka`` is whole for thirteen months, and from 1 November 2025 it
needs less heat by a measure; the eleven months before are metrics without readings, of an earlier system.
``bjorkbacka`` has three months, and its electricity meter is silent from 10 to 14 November. Rooms breathe by
hand: their shares are known to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import cos, pi, sin
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analytics import jobs
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from classroom.timetable import day_span
from reports.fits import Fits, here
from reports.service import Reports
from simulators.city import city_site
from simulators.counterfactual import daily_energy
from simulators.scenario import SCENARIO_FILE, Scenario, parse_scenario
from simulators.school import Town
from store.duckdb_store import DuckDBStore

NOW = datetime(2025, 12, 3, 12, tzinfo=UTC)
FIRST, LAST = date(2024, 11, 1), date(2025, 11, 30)
WHOLE, GAPPY = "almbacka", "bjorkbacka"
SHARE = 0.3  # of its heat, exactly: simulators.defects
SILENT = [date(2025, 11, day) for day in range(10, 15)]
VERSIONS = {"classroom-climate": "test"}

_FACTORS = (
    "id,carrier,year,g_per_kwh,basis,covers,allocation,area,source,licence\n"
    "heat-2024,district_heat,2024,50,location,direct,vmk,Nätet,Bolaget 2024,\n"
    "heat-2025,district_heat,2025,71,location,direct,vmk,Nätet,Bolaget 2025,\n"
)


class City(NamedTuple):
    """The site's files, its store, and the truth: energy by (school, carrier, day), the measure's saving."""

    texts: dict[str, str]
    site: Site
    folder: Path
    energy: Mapping[tuple[str, str, date], float]
    saved_kwh: float

    def true_kwh(self, school: str, carrier: str, first: date, last: date) -> float:
        """True energy of local days, both included."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return sum(self.energy[school, carrier, day] for day in days)


def texts_of(first: date, schools: Sequence[str] = (WHOLE, GAPPY)) -> dict[str, str]:
    """The files of a site that begins on ``first``; its first schools are always the same."""
    texts = city_site(first, schools=len(schools), rooms=(1, 1), seed=4, planted=False)
    chosen = 'chosen = ["se-el-eea-2024", "se-el-ei-residual-2023", "heat-2024", "heat-2025"]'
    toml = texts["classroom.toml"]
    texts["classroom.toml"] = toml[: toml.index("chosen")] + chosen + "\n"
    texts["factors.csv"] = _FACTORS
    texts["stations.csv"] = "key,name,school\nväder,Vädret,almbacka\n"
    texts["devices.csv"] = (
        "key,school,room,meter,interval_s\n"
        + "".join(f"{s}/{m},{s},,{m},3600\n" for s in schools for m in ("el", "fjarrvarme", "el-vent"))
        + "".join(f"{s}/air,{s},k01,,600\n" for s in schools)
    )
    texts["lessons.csv"] = "school,room,weekday,start,end,group_size\n" + "".join(
        f"{s},k01,{day},08:00,10:00,20\n" for s in schools for day in range(1, 6)
    )
    return texts


def _scenario(text: str) -> Scenario:
    given = parse_scenario(text).model_dump()
    measure = {"kind": "heat_measure", "school": WHOLE, "first": date(2025, 11, 1), "share": SHARE}
    return Scenario.model_validate({**given, "defects": [measure]})


def _energy_readings(site: Site, bought: pd.DataFrame) -> Iterator[Reading]:
    """A reading of each day's energy, as a grid company's file gives it."""
    meters = {"electricity_kwh": "el", "district_heat_kwh": "fjarrvarme"}
    for row in bought.itertuples(index=False):
        school, day = str(row.school), row.day
        assert isinstance(day, date)
        if school == GAPPY and date(2024, 12, 1) <= day < date(2025, 10, 1):
            continue
        for column, meter in meters.items():
            if school == GAPPY and meter == "el" and day in SILENT:
                continue
            at = day_span(day, site.zone)[0]
            yield Reading(f"{school}/{meter}", "energy_of_day_kwh", at, float(getattr(row, column)))


def _other_readings(site: Site, bought: pd.DataFrame) -> Iterator[Reading]:
    """Weather by the hour; in November 2025 rooms: 1200 ppm and 21 °C in the first hour of lessons, then
    430 ppm and 25 °C."""
    for day, temperature_c in _weather_before():
        start = day_span(day, site.zone)[0]
        for hour in range(24):
            yield Reading("väder", "outdoor_temperature_c", start + timedelta(hours=hour), temperature_c)
    weather = bought[bought["school"] == WHOLE]
    for row in weather.itertuples(index=False):
        start = day_span(row.day, site.zone)[0]
        for hour in range(24):
            at = start + timedelta(hours=hour)
            yield Reading("väder", "outdoor_temperature_c", at, float(row.outdoor_c))
        if row.day < date(2025, 11, 1):
            continue
        for slot in range(144):
            at = start + timedelta(minutes=10 * slot)
            first_hour = 8 * 6 <= slot < 9 * 6
            ripple = 0.1 * (slot % 7)  # a value that never moves is not believed
            for school in (WHOLE, GAPPY):
                ppm = (1200 if first_hour else 430) + ripple
                yield Reading(f"{school}/air", "co2_ppm", at, ppm)
                yield Reading(f"{school}/air", "temperature_c", at, (21 if first_hour else 25) + ripple)


def _earlier(site: Site) -> Iterator[Metric]:
    """Daily energy of a formula for the months before FIRST, in the weather of :func:`_weather_before`."""
    for day, temperature_c in _weather_before():
        start, end = day_span(day, site.zone)
        for carrier, kwh in (
            (Carrier.ELECTRICITY, 60.0),
            (Carrier.DISTRICT_HEAT, 30 + 30 * max(0, 17 - temperature_c)),
        ):
            whole = Metric(
                *(start, end, Interval.DAY, WHOLE, Scope.SCHOOL, WHOLE, "energy_kwh", carrier, None),
                *(kwh, None, None, "kWh", 1.0, Status.OK, None, "energy.registers/1", (), "earlier"),
            )
            yield whole
            yield whole._replace(metric="energy_unresolved_kwh", value=0.0)


def _weather_before() -> Iterator[tuple[date, float]]:
    day = date(2023, 12, 1)
    while day < FIRST:
        yield day, 8 - 10 * cos(2 * pi * (day.timetuple().tm_yday - 20) / 366) + 2 * sin(day.toordinal())
        day += timedelta(days=1)


def made_city(folder: Path) -> City:
    """The city in an empty folder, its metrics computed."""
    texts = texts_of(FIRST)
    site = parse_site(texts)
    town = Town(site, _scenario(texts[SCENARIO_FILE]))
    found = daily_energy([town], FIRST, LAST, counterfactual=False)
    store = DuckDBStore(folder / "classroom.duckdb")
    store.write_readings([*_energy_readings(site, found.bought), *_other_readings(site, found.bought)])
    jobs.run(store, site, NOW)
    store.write_metrics(list(_earlier(site)))
    store.close()
    energy = {
        (str(row.school), carrier, row.day): float(getattr(row, f"{carrier}_kwh"))
        for row in found.bought.itertuples(index=False)
        for carrier in ("electricity", "district_heat")
    }
    heat = sum(kwh for (school, carrier, day), kwh in energy.items() if _measured(school, carrier, day))
    return City(texts, site, folder, energy, heat * SHARE / (1 - SHARE))


def _measured(school: str, carrier: str, day: date) -> bool:
    return school == WHOLE and carrier == "district_heat" and day >= date(2025, 11, 1)


def reports_at(store: DuckDBStore, site: Site, now: str) -> Reports:
    """Reports made here at a time."""
    return Reports(store, lambda: site, lambda: datetime.fromisoformat(now), here, VERSIONS, fits=Fits())


def reports_over(store: DuckDBStore, site: Site) -> Reports:
    """Reports made here and now."""
    return Reports(store, lambda: site, lambda: NOW, here, VERSIONS, fits=Fits())

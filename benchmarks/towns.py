"""What simulated towns cost beyond messages: the truth, a city, daily energy of many seeds, defects included.

The baseline solves the same rooms' CO2 and heat minute by minute, as one would write it down first (without
doors, vapour, dampers, people, weather and meters, which all other rows have).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.counterfactual import daily_energy
from simulators.physics import AIR_J_M3K, STEP_S, Drive, Zones
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town
from simulators.side_by_side import WARM_UP, SideBySide
from simulators.truth_files import write_truth

QUICK = os.environ.get("QUICK") == "1"
FIRST_DAY = date(2025, 7, 1)
YEAR_DAYS = 365


def town(schools: int, rooms: int, seed: int = 1) -> Town:
    """A city of ``schools``, each with ``rooms`` rooms (a hall and a staff room among them)."""
    texts = city_site(FIRST_DAY, schools=schools, seed=seed, rooms=(rooms - 2, rooms - 2))
    return Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))


def cpu_s(work: Callable[[], object]) -> float:
    """Processor time of ``work`` [s]."""
    began = time.process_time()
    work()
    return time.process_time() - began


def plain_day(zones: Zones, drive: Drive) -> None:
    """The baseline: explicit Euler, a minute a step."""
    count = zones.volume_m3.size
    co2, air, mass = np.full(count, 440.0), np.full(count, 20.0), np.full(count, 20.0)
    course = []
    for minute in range(len(drive.co2_m3_s)):
        outdoor = drive.outdoor_c[minute]
        fan = zones.fan_m3_s * drive.fan_share[minute]
        flow = fan + drive.natural_m3_s[minute]
        excess = co2 - drive.outdoor_co2_ppm[minute]
        co2 = co2 + STEP_S / zones.volume_m3 * (1e6 * drive.co2_m3_s[minute] - flow * excess)
        recovered = outdoor + zones.recovery * (air - outdoor)
        coil = AIR_J_M3K * fan * np.maximum(18 - recovered, 0) * zones.preheated
        valve = np.clip((drive.setpoint_c[minute] - air) / 1.5 + 0.5, 0, 1)
        radiator = valve * zones.radiator_w * drive.heating[minute]
        loss = (AIR_J_M3K * drive.natural_m3_s[minute] + zones.air_out_w_k) * (air - outdoor)
        loss = loss + AIR_J_M3K * fan * (air - recovered)
        to_mass = zones.air_mass_w_k * (air - mass)
        air = air + STEP_S / zones.air_j_k * (radiator + coil + drive.gain_air_w[minute] - loss - to_mass)
        outside = zones.mass_out_w_k * (mass - outdoor)
        mass = mass + STEP_S / zones.mass_j_k * (to_mass + drive.gain_mass_w[minute] - outside)
        course.append((co2, air, mass, radiator, coil))


def a_school() -> dict[str, float]:
    """A year of a school with 25 rooms [s]: the baseline, the model, the model with its truth written."""
    school = town(1, 25)
    together = SideBySide(school.schools)
    _, _, parts = together.step(FIRST_DAY, together.start())
    few, days = (4, 15) if QUICK else (40, 120)
    year = YEAR_DAYS / (days + WARM_UP.days)
    baseline = cpu_s(lambda: [plain_day(school.zones, parts[0].drive) for _ in range(few)])
    model = cpu_s(lambda: [None for _ in islice(school.days(), days)])
    with TemporaryDirectory() as folder:
        target, end = Path(folder), school.start + timedelta(days=days)
        truth = cpu_s(lambda: write_truth(school, target, school.start, end))
    return {
        "baseline_s": baseline / few * YEAR_DAYS,
        "school_year_s": model * year,
        "school_year_with_truth_s": truth * year,
    }


def a_city() -> dict[str, float]:
    """A year of 20 schools with 20 rooms [s]."""
    days = 2 if QUICK else 20
    city = town(20, 20)
    return {
        "city_year_s": cpu_s(lambda: [None for _ in islice(city.days(), days)])
        * YEAR_DAYS
        / (days + WARM_UP.days)
    }


def many_seeds() -> dict[str, float]:
    """Two years of daily energy of a school with 4 rooms, a seed [s], without and with what defects cost."""
    seeds, days = (8, 12) if QUICK else (24, 300)
    towns = [town(1, 4, seed) for seed in range(1, seeds + 1)]
    last = FIRST_DAY + timedelta(days=days - 1)
    found = {}
    for name, known in (("energy_s", False), ("energy_and_defects_s", True)):
        spent = cpu_s(partial(daily_energy, towns, FIRST_DAY, last, counterfactual=known))
        found[name] = spent / seeds / (days + WARM_UP.days + 1) * 2 * YEAR_DAYS
    return found


LABELS = {
    "baseline_s": "baseline: one explicit step a minute, 25 rooms, a year",
    "school_year_s": "the model, 25 rooms, a year",
    "school_year_with_truth_s": "the same with its truth in Parquet",
    "city_year_s": "20 schools with 20 rooms, a year",
    "energy_s": "daily energy of a school with 4 rooms, two years, a seed",
    "energy_and_defects_s": "the same with what its defects cost",
}


def main() -> None:
    """Measure and print."""
    figures = {**a_school(), **a_city(), **many_seeds()}
    print("| what | processor s |\n|---|---|")
    for name, seconds in figures.items():
        print(f"| {LABELS[name]} | {seconds:.1f} |")
    print(json.dumps({name: round(seconds, 2) for name, seconds in figures.items()}))


if __name__ == "__main__":
    main()

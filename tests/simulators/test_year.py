"""A year of several schools lies in the ranges of the field (docs/simulator.md shows more of them)."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.counterfactual import daily_energy
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FIRST_DAY = date(2025, 8, 1)


@pytest.fixture(scope="module")
def year(make_town: Callable[..., Town]) -> pd.DataFrame:
    """Energy per m² and day of the demo's school and one of a city, each of two seeds."""
    towns = [make_town(FIRST_DAY, seed=seed) for seed in (1, 2)]
    for seed in (3, 4):
        texts = city_site(FIRST_DAY, schools=1, seed=seed, rooms=(3, 3), planted=False)
        towns.append(Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE])))
    bought = daily_energy(towns, FIRST_DAY, FIRST_DAY + timedelta(days=364)).bought
    areas = {(town.scenario.seed, school.key): school.area_m2 for town in towns for school in town.schools}
    bought["electricity_kwh"] += bought.solar_kwh - bought.export_kwh  # what is used
    area = np.array([areas[seed, school] for seed, school in zip(bought.seed, bought.school, strict=True)])
    for carrier in ("electricity_kwh", "district_heat_kwh"):
        bought[carrier] = bought[carrier] / area
    return bought


def test_energy_of_a_year(year: pd.DataFrame) -> None:
    """climate.md, section 6: Swedish schools, heat 90-150 and electricity 40-80 kWh/m² a year."""
    total = year.groupby(["seed", "school"])[["electricity_kwh", "district_heat_kwh"]].sum()
    assert len(total) == 4
    assert total.district_heat_kwh.between(90, 150).all()
    assert total.electricity_kwh.between(40, 80).all()
    assert total.district_heat_kwh.std() > 3  # they differ


def test_heating_signature(year: pd.DataFrame) -> None:
    """Each degree colder takes about 5 % of the mean winter use more, and nothing above 17 °C."""
    for _, school in year.groupby(["seed", "school"]):
        winter = school[school.outdoor_c < 8]
        slope, _ = np.polyfit(winter.outdoor_c, winter.district_heat_kwh, 1)
        assert -0.10 <= slope / winter.district_heat_kwh.mean() <= -0.03
        warm = school[school.outdoor_c > 17].district_heat_kwh.mean()
        assert warm < 0.2 * winter.district_heat_kwh.mean()


def test_air_and_hours_of_the_demo(make_town: Callable[..., Town]) -> None:
    town = make_town(FIRST_DAY)
    zone = town.zone_index("almgarden", "1a")
    by_hour, occupied = np.zeros((7, 24)), []
    for day in islice(town.days(), 150):  # August to December
        local = day.start.astimezone(town.site.zone)
        by_hour[local.weekday()] += day.power.import_w[:, 0].reshape(24, 60).mean(axis=1)
        occupied.append(day.course.co2_ppm[day.people[:, zone] > 12, zone])
    in_hours = by_hour[:5, 7:16].sum()  # about 8-17 local
    assert 0.35 <= 1 - in_hours / by_hour.sum() <= 0.71  # UK schools 55 %, best 35 %; Cambridge 54-71 %
    assert 550 <= np.concatenate(occupied).mean() <= 1050

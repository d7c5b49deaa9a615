"""The demo's outdoor sensor: what it says is the weather, and it stands where findings look for it."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from classroom.sitefiles import parse_site
from ingest.decoders import decode
from ingest.message import Message
from simulators.demo import demo_site
from simulators.outdoor import outdoor_sensors
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town
from simulators.weather import SyntheticWeather


def test_it_tells_the_weather_every_ten_minutes() -> None:
    texts = demo_site(date(2026, 1, 10), schools=2)
    site = parse_site(texts)
    town = Town(site, parse_scenario(texts[SCENARIO_FILE]))
    (sensor,) = outdoor_sensors(town)
    day = next(iter(town.days()))
    posts = sensor.posts(day)
    assert len(posts) == 144
    told = np.array([json.loads(payload)["outdoor_temperature_c"] for _, _, payload, _ in posts])
    true = day.weather.temperature_c[::10]
    assert np.abs(told - true).max() < 1.0
    time_ms, topic, payload, retained = posts[0]
    assert not retained
    decoded = decode(Message(topic, payload, day.start))
    assert (decoded.device, decoded.values[0].quantity) == ("almgarden/ute-1", "outdoor_temperature_c")
    assert decoded.device in site.station_keys
    for school in site.schools:
        assert [station.key for station, _ in site.stations_near(school.key)] == ["almgarden/ute-1"]
    assert time_ms < day.end.timestamp() * 1000


def test_a_weather_service_is_not_played() -> None:
    texts = demo_site(date(2026, 1, 10))
    del texts["normal_years.csv"]
    texts["stations.csv"] = "key,name,latitude,longitude\nsmhi-62040,Helsingborg A,56.03,12.77\n"
    assert outdoor_sensors(Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))) == []


def test_the_normal_year_is_the_climate_its_years_scatter_about() -> None:
    site = parse_site(demo_site(date(2026, 1, 10)))
    assert {month.station for month in site.normal_months} == {"almgarden/ute-1"}
    weather = SyntheticWeather(seed=1)
    for month in site.normal_months:
        days = [date(year, month.month, day) for year in range(2020, 2030) for day in range(1, 29)]
        mean_c = np.mean([weather.day(day).temperature_c.mean() for day in days])
        assert mean_c == pytest.approx(month.temperature_c, abs=2.0)

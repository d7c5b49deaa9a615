"""Weather stations: which is nearest, and what is wrong with their tables."""

from __future__ import annotations

import pytest

from classroom.faults import ConfigurationError
from classroom.places import School, Station
from classroom.settings import Settings
from classroom.site import Site, distance_km
from classroom.sitefiles import parse_site


def test_weather_stations_by_distance() -> None:
    site = Site(
        settings=Settings(),
        schools=[
            School(key="a", name="A", latitude=56.05, longitude=12.70),
            School(key="b", name="B"),
        ],
        stations=[
            Station(key="smhi/53430", name="Lund", latitude=55.6928, longitude=13.2251),
            Station(key="smhi/62040", name="Helsingborg A", latitude=56.0304, longitude=12.7653),
            Station(key="roof", name="Taket", school="b"),
        ],
    )
    assert [(station.key, round(km, 1)) for station, km in site.stations_near("a")] == [
        ("smhi/62040", 4.6),
        ("smhi/53430", 51.5),
    ]
    assert [(station.key, km) for station, km in site.stations_near("b")] == [("roof", 0.0)]
    with pytest.raises(KeyError):
        site.stations_near("c")


def test_distances_on_the_ball() -> None:
    assert distance_km(0, 0, 0, 0) == 0
    assert distance_km(90, 0, -90, 0) == pytest.approx(6_371 * 3.14159265, rel=1e-6)
    assert distance_km(59.3293, 18.0686, 57.7089, 11.9746) == pytest.approx(398, abs=2)  # Stockholm, Göteborg


def test_faults_of_stations_and_normal_years() -> None:
    texts = {
        "classroom.toml": "",
        "schools.csv": "key,name\na,A\n",
        "stations.csv": "key,name,school\nx,X,\ny,Y,nobody\nx,X,a\n",
        "normal_years.csv": "station,month,temperature_c\nz,1,-0.5\n",
    }
    with pytest.raises(ConfigurationError) as error:
        parse_site(texts)
    told = str(error.value)
    for words in (
        "stations.csv: x = nowhere",
        "y.school = 'nobody'",
        "stations.csv: key = x",
        "1.station = 'z'",
    ):
        assert words in told

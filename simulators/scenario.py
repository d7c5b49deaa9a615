"""What is simulated: ``simulation.toml`` beside the site's files."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.places import DeviceKey, Key
from classroom.section import Section
from simulators.defects import Defect
from simulators.faults import PlantedFault
from simulators.weather_table import WeatherHour, parse_weather

SCENARIO_FILE = "simulation.toml"


class Solar(Section):
    """Solar cells on a school's roof. ``facing_deg`` counts from south, west positive."""

    school: Key
    peak_kw: Annotated[float, Field(gt=0, le=10_000)]
    tilt_deg: Annotated[float, Field(ge=0, le=90)] = 30.0
    facing_deg: Annotated[float, Field(ge=-180, le=180)] = 0.0


class TownTable(Section):
    """What to generate where there are no tables yet: ``schools`` of full size (see simulators.city)."""

    schools: Annotated[int, Field(ge=1, le=500)] = 1
    planted: bool = True  # a defect or measure in most schools, written into the file


class Scenario(Section):
    """The simulated town is a pure function of this, the site's tables and the program's version.

    ``first_day`` (UTC) is where registers start; the same file gives the same town tomorrow, so live messages
    go on where history ended. What a device speaks is said by its key (simulators.keys); LoRaWAN devices
    speak through ChirpStack v4, Elsys devices in ``the_things_stack`` through The Things Stack v3.
    ``weather`` names a CSV beside the file (docs/simulator.md); its rows stand in ``weather_hours``, which
    only :func:`read_scenario` fills.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    first_day: Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]
    the_things_stack: tuple[DeviceKey, ...] = ()
    faults: tuple[PlantedFault, ...] = ()
    town: TownTable | None = None
    defects: tuple[Defect, ...] = ()
    solar: tuple[Solar, ...] = ()
    weather: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    weather_hours: Annotated[tuple[WeatherHour, ...], Field(exclude=True, repr=False)] = ()

    @field_validator("solar")
    @classmethod
    def _one_plant_a_school(cls, plants: tuple[Solar, ...]) -> tuple[Solar, ...]:
        twice = [school for school, count in Counter(plant.school for plant in plants).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} has two solar plants; give one with their peak_kw together")
        return plants


def read_scenario(folder: Path) -> Scenario:
    """The scenario of a site's folder with its weather, if it names one.

    Raises:
        FileNotFoundError: the folder has no ``simulation.toml``.
        ConfigurationError: with every fault of it and of the weather's CSV.
    """
    scenario = parse_scenario((folder / SCENARIO_FILE).read_text(encoding="utf-8"))
    if scenario.weather is None:
        return scenario
    try:
        text = (folder / scenario.weather).read_text(encoding="utf-8")
    except OSError as error:
        cure = f"cannot be read ({error.strerror}); put the CSV beside {SCENARIO_FILE} or remove the key"
        raise ConfigurationError([Fault(SCENARIO_FILE, "weather", scenario.weather, cure)]) from error
    hours = parse_weather(text, scenario.weather, scenario.first_day)
    return scenario.model_copy(update={"weather_hours": hours})


def parse_scenario(text: str) -> Scenario:
    """The scenario in the text of a ``simulation.toml``.

    Raises:
        ConfigurationError: with every fault.
    """
    try:
        given = tomllib.loads(text)
        if "weather_hours" in given:
            cure = "remove it; name a CSV with weather"
            raise ConfigurationError([Fault(SCENARIO_FILE, "weather_hours", "(rows)", cure)])
        return Scenario.model_validate(given)
    except tomllib.TOMLDecodeError as error:
        fault = Fault(SCENARIO_FILE, "(syntax)", str(error), "correct the TOML at that place")
        raise ConfigurationError([fault]) from error
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, SCENARIO_FILE)) from error

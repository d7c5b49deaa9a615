"""A pytest fixture for other projects: schools with known truth.

In the ``conftest.py`` at the root of your tests::

    pytest_plugins = ["simulators.fixture"]

In a test::

    def test_mine(simulated_school):
        school = simulated_school(days=3, faults=[{"kind": "stuck", "device": "almgarden/co2-4b", ...}])
        for message in school.messages: ...
        school.truth.rooms  # a DataFrame

docs/simulate.md lists formats and faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from classroom.site import Site
from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.demo import demo_site
from simulators.faults import FaultRow
from simulators.messages import Message, Stream
from simulators.scenario import SCENARIO_FILE, Scenario, parse_scenario
from simulators.school import Town
from simulators.truth import RoomHour, SchoolHour, room_hours, school_hours

MONDAY = date(2025, 11, 10)


class Truth(NamedTuple):
    """What is true behind the messages: a row per room and hour, per school and hour, and planted fault."""

    rooms: pd.DataFrame  # columns of simulators.truth.RoomHour
    schools: pd.DataFrame  # columns of simulators.truth.SchoolHour
    faults: list[FaultRow]


@dataclass
class SimulatedSchool:
    """Simulated schools over some days (UTC) from ``first_day``."""

    texts: dict[str, str]
    """The site's files by name, ``simulation.toml`` among them."""
    days: int
    scenario: Scenario

    @cached_property
    def site(self) -> Site:
        """The checked site."""
        return parse_site(self.texts)

    @cached_property
    def messages(self) -> list[Message]:
        """Every message in the order in which the broker gets it."""
        return self._played[0]

    @cached_property
    def truth(self) -> Truth:
        """The truth of the same days."""
        town = Town(self.site, self.scenario)
        end = town.start + timedelta(days=self.days)
        rooms = pd.DataFrame(list(room_hours(town, town.start, end)), columns=RoomHour._fields)
        schools = pd.DataFrame(list(school_hours(town, town.start, end)), columns=SchoolHour._fields)
        return Truth(rooms, schools, self._played[1])

    def write(self, folder: Path) -> None:
        """Write the site's files into ``folder``."""
        for name, text in self.texts.items():
            (folder / name).write_text(text, encoding="utf-8")

    @cached_property
    def _played(self) -> tuple[list[Message], list[FaultRow]]:
        town = Town(self.site, self.scenario)
        stream = Stream(town, end=town.start + timedelta(days=self.days))
        return list(stream), stream.faults()


def simulate(
    days: int = 7,
    faults: Iterable[Mapping[str, Any]] = (),
    *,
    first_day: date = MONDAY,
    seed: int = 1,
    schools: int = 1,
    city: bool = False,
) -> SimulatedSchool:
    """Schools of the demo, or of a ``city`` of full size with planted defects, over ``days`` days.

    ``faults`` are tables as in ``simulation.toml``, their times aware.

    Raises:
        pydantic.ValidationError: a fault is none.
        classroom.faults.ConfigurationError: a fault names what the site does not have (once it is played).
    """
    make = city_site if city else demo_site
    texts = make(first_day, schools=schools, seed=seed)
    given = parse_scenario(texts[SCENARIO_FILE])
    scenario = Scenario.model_validate({**given.model_dump(), "faults": [dict(fault) for fault in faults]})
    return SimulatedSchool(texts, days, scenario)


@pytest.fixture(scope="session")
def simulated_school() -> Callable[..., SimulatedSchool]:
    """As :func:`simulate`; the same arguments give the same object all through the session."""
    made: dict[str, SimulatedSchool] = {}

    def simulated(days: int = 7, faults: Iterable[Mapping[str, Any]] = (), **more: Any) -> SimulatedSchool:
        listed = [dict(sorted(fault.items())) for fault in faults]
        key = repr((days, listed, sorted(more.items())))
        if key not in made:
            made[key] = simulate(days, listed, **more)
        return made[key]

    return simulated

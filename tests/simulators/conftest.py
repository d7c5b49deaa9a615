from collections.abc import Callable
from datetime import date
from itertools import islice

import pytest

from classroom.site import Site
from classroom.sitefiles import parse_site
from simulators.demo import demo_site
from simulators.faults import PlantedFault
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town, TownDay

MONDAY = date(2025, 11, 10)  # a school week with frost at night and sun low


@pytest.fixture(scope="session")
def make_town() -> Callable[..., Town]:
    def make(
        first_day: date = MONDAY, *, schools: int = 1, seed: int = 1, faults: tuple[PlantedFault, ...] = ()
    ) -> Town:
        texts = demo_site(first_day, schools=schools, seed=seed)
        scenario = parse_scenario(texts[SCENARIO_FILE]).model_copy(update={"faults": faults})
        return Town(parse_site(texts), scenario)

    return make


@pytest.fixture(scope="session")
def town(make_town: Callable[..., Town]) -> Town:
    return make_town(schools=2)


@pytest.fixture(scope="session")
def week(town: Town) -> list[TownDay]:
    """Monday to Sunday."""
    return list(islice(town.days(), 7))


@pytest.fixture(scope="session")
def site(town: Town) -> Site:
    return town.site

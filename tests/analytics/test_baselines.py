"""Days of CO2 sensors from hand-made hours: their lows, and what may be in their air."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd
import pytest

from analytics.baselines import sensor_days
from analytics.drift import Air, Day
from classroom.site import Site
from classroom.timetable import day_span

TUESDAY = date(2026, 3, 3)


def hours(site: Site, value: Callable[[int], float], count: int = 24) -> pd.DataFrame:
    """Rollups of c1 on a Tuesday after a school day; ``value`` by hour [ppm]."""
    start, _ = day_span(TUESDAY, site.zone)
    times = pd.to_datetime([start + n * timedelta(hours=1) for n in range(count)])
    return pd.DataFrame(
        {"device": "c1", "hour": times, "mean": [value(n) for n in range(count)], "coverage": 1.0}
    )


def day(site: Site, value: Callable[[int], float], count: int = 24) -> Day:
    (found,) = sensor_days(site, hours(site, value, count))["c1"]
    return found


def test_a_school_day_is_the_lowest_hour_of_a_room_that_may_hold_air(site: Site) -> None:
    taught = day(site, lambda n: 900.0 if 8 <= n < 15 else 470.0 - n / 10)
    assert taught == Day(TUESDAY, 470.0 - 2.3, Air.SCHOOL, "berga/a1")


@pytest.mark.parametrize(("range_ppm", "flat"), [(40.0, True), (41.0, False)])
def test_a_day_that_is_level_is_outdoor_air_whatever_the_calendar_says(
    site: Site, range_ppm: float, flat: bool
) -> None:
    found = day(site, lambda n: 430.0 + (range_ppm if n == 10 else 0.0))
    assert found == Day(TUESDAY, 430.0, Air.CLEARED if flat else Air.SCHOOL, "berga/a1", flat)


def test_a_level_night_says_nothing_of_the_day_that_is_missing(site: Site) -> None:
    assert day(site, lambda n: 430.0 + n % 2, count=20).flat
    assert not day(site, lambda n: 430.0 + n % 2, count=19).flat


def test_what_a_tight_room_holds_is_not_level(site: Site) -> None:
    falling = day(site, lambda n: 430.0 + 150.0 * 0.9**n)  # 0.1 air changes an hour: 150 to 13 ppm
    assert (falling.air, falling.flat) == (Air.SCHOOL, False)


def test_a_sensor_that_stands_still_has_no_days(site: Site) -> None:
    assert sensor_days(site, hours(site, lambda _: 430.0)) == {}

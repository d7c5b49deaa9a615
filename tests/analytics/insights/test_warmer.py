"""How much warmer a stretch was; the school of ``heated_winter``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from heated_winter import put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import InsightKind
from analytics.insights.warmer import by_cold_days_k, warmer

Make = Callable[..., SchoolData]

NOBODY = pd.DatetimeIndex([])
WINTER = pd.date_range("2025-11-24", "2026-01-25")


@pytest.mark.parametrize(
    ("ways", "kelvin", "apart"),
    [
        ((1.5, 1.4, 0.7), 1.4, 0.1 / 1.4),
        ((0.3, 0.9, 0.6), 0.6, 0.3 / 0.6),
        ((np.nan, 1.4, 1.2), 1.3, 0.1 / 1.3),
        ((np.nan, 1.4, np.nan), 1.4, 0.0),
    ],
)
def test_the_median_of_the_ways_that_tell(ways: tuple[float, ...], kelvin: float, apart: float) -> None:
    found = warmer(ways)
    assert found == pytest.approx((kelvin, apart))


@pytest.mark.parametrize("ways", [(np.nan, np.nan), (-0.2, -0.1, 0.8)])
def test_no_way_or_no_warmth_tells_nothing(ways: tuple[float, ...]) -> None:
    assert warmer(ways) is None


@pytest.fixture
def data(make_data: Make) -> SchoolData:
    """1.5 K warmer over two winter months, and rooms that the sun of the season warms by up to a kelvin."""
    data = make_data(days=270, outdoor_c=weather)
    number = (data.hours["day"] - data.hours["day"].iloc[0]).dt.days
    sun_k = 0.5 - 0.5 * np.cos(2 * np.pi * (number - 110) / 365)
    return put_rooms(data, 1.5 * data.hours["day"].isin(WINTER) + sun_k)


def test_cold_days_by_hand(data: SchoolData) -> None:
    assert by_cold_days_k(data, WINTER, NOBODY) == pytest.approx(1.5, abs=0.03)


def test_days_that_tell_neither_are_left_out(data: SchoolData) -> None:
    """A week at its end that was as warm by half: of the stretch or not, nobody knows."""
    week = pd.date_range("2026-01-26", "2026-02-01")
    by_half = put_rooms(data, 1.5 * data.hours["day"].isin(WINTER) + 0.75 * data.hours["day"].isin(week))
    by_half.__dict__.pop("indoor_c", None)
    found = by_cold_days_k(by_half, WINTER.union(week), week)
    assert found == pytest.approx(1.5, abs=0.03)
    assert by_cold_days_k(by_half, WINTER.union(week), NOBODY) < 1.47


def test_few_days_tell_nothing(data: SchoolData) -> None:
    assert np.isnan(by_cold_days_k(data, WINTER[:4], NOBODY))
    assert np.isnan(by_cold_days_k(data, pd.DatetimeIndex(data.days.index), NOBODY))


def test_a_stretch_costs_its_kelvin_in_every_heated_hour(data: SchoolData) -> None:
    """63 days of 1.5 K, whatever the sun of the year's other days."""
    (found,) = [one for one in find(data) if one.kind is InsightKind.SETPOINT_HIGH]
    (heat,) = found.energy
    days = (found.last - found.first).days + 1
    assert abs(days - len(WINTER)) <= 4  # it begins and ends on weekends
    assert heat.seen_kwh.value == pytest.approx(days * 1.5 * 100.0, rel=0.06)
    assert heat.seen_kwh.low < 63 * 150 < heat.seen_kwh.high


def test_ways_that_differ_give_no_figure(make_data: Make) -> None:
    """Mornings are 4 K warmer for two weeks, by night and day only the days at both ends: 4 K by mornings,
    0.7 by days, 2 by hours."""
    data = make_data(days=270, outdoor_c=weather)
    day = data.hours["day"]
    ends = day.between("2026-01-12", "2026-01-15") | day.between("2026-01-24", "2026-01-25")
    mornings = day.between("2026-01-12", "2026-01-25") & data.hours["hour"].between(4, 7)
    data = put_rooms(data, 4.0 * (ends | mornings))
    (found,) = [one for one in find(data) if one.kind is InsightKind.SETPOINT_HIGH]
    assert (found.energy, found.year_kwh, found.no_energy) == ((), None, "ways_differ")

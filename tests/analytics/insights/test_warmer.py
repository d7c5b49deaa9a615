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
from analytics.insights.warmer import by_cold_days_k, warmer_k

Make = Callable[..., SchoolData]

NOBODY = pd.DatetimeIndex([])
WINTER = pd.date_range("2025-11-24", "2026-01-25")


@pytest.mark.parametrize(
    ("ways", "kelvin"),
    [((1.5, 1.4, 0.2), 1.4), ((np.nan, 1.4, 1.2), 1.3), ((np.nan, 1.4, np.nan), 1.4)],
)
def test_the_median_of_the_ways_that_tell(ways: tuple[float, ...], kelvin: float) -> None:
    assert warmer_k(ways) == pytest.approx(kelvin)


def test_no_way_tells_nothing() -> None:
    assert np.isnan(warmer_k((np.nan, np.nan)))


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

"""Extraterrestrial irradiation against FAO-56's own example, and on a wall against its integral."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.sun import extraterrestrial_kwh_m2, upright_south_kwh_m2


@pytest.mark.parametrize(
    ("day", "latitude", "mj"),
    [
        ("2025-09-03", -20.0, 32.2),  # FAO-56, Example 8
        ("2025-12-15", 70.0, 0.0),  # polar night
    ],
)
def test_by_hand(day: str, latitude: float, mj: float) -> None:
    (found,) = extraterrestrial_kwh_m2(pd.DatetimeIndex([day]), latitude)
    assert found * 3.6 == pytest.approx(mj, abs=0.05)


@pytest.mark.parametrize(("day", "more"), [("2025-03-22", True), ("2025-06-21", False), ("2025-12-21", True)])
def test_upright_by_summing_up_the_day(day: str, more: bool) -> None:
    """The sun on a wall to the south, minute by minute: it must be above ground and before the wall."""
    latitude = np.radians(56.05)
    number = pd.Timestamp(day).day_of_year
    declination = 0.409 * np.sin(2 * np.pi / 365 * number - 1.39)
    angle = np.radians(np.arange(-180, 180, 0.01) + 0.005)
    ground = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    wall = np.sin(latitude) * np.cos(declination) * np.cos(angle) - np.cos(latitude) * np.sin(declination)
    watt_m2 = 0.0820e6 / 60 * (1 + 0.033 * np.cos(2 * np.pi / 365 * number))
    expected = (watt_m2 * wall.clip(min=0) * (ground > 0)).mean() * 24 / 1000
    (found,) = upright_south_kwh_m2(pd.DatetimeIndex([day]), 56.05)
    assert found == pytest.approx(expected, rel=1e-3)
    (horizontal,) = extraterrestrial_kwh_m2(pd.DatetimeIndex([day]), 56.05)
    assert bool(found > horizontal) is more


def test_upright_in_the_polar_night() -> None:
    assert upright_south_kwh_m2(pd.DatetimeIndex(["2025-12-15"]), 70.0) == pytest.approx([0.0])

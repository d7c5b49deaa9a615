"""Extraterrestrial irradiation against FAO-56's own example."""

from __future__ import annotations

import pandas as pd
import pytest

from analytics.sun import extraterrestrial_kwh_m2


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

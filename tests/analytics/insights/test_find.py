"""All findings together, of as much as there is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.find import find

Make = Callable[..., SchoolData]


@pytest.mark.parametrize("days", [1, 2, 6, 8, 15, 40])
def test_any_length_of_time_can_be_looked_at(make_data: Make, days: int) -> None:
    """Also a single day, with and without energy, rooms and weather: nothing to say, and no error."""
    data = make_data(days=days)
    site = data.site
    object.__setattr__(site, "attributes", ())  # nobody told when ventilation is due
    assert find(data) == []
    data = make_data(days=days)
    data.hours["heat_kwh"] = 10.0
    object.__setattr__(data, "room_co2_ppm", pd.DataFrame({"a1": 500.0}, index=data.hours.index))
    object.__setattr__(data, "room_temperature_c", pd.DataFrame({"a1": 21.0}, index=data.hours.index))
    assert find(data) == []
    for column in ("electricity_kwh", "heat_kwh", "outdoor_c"):
        data = make_data(days=days)
        data.hours[column] = np.nan
        assert find(data) == []

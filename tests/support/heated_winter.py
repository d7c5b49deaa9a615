"""Hours of a school whose heat follows its rooms: 100 kWh a day for each kelvin above outdoors, less 3 K
that people and lamps give, and 50 kWh a day of hot water. Rooms are 20 °C by day and 18 when lowered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData

SLOPE_KWH_K_D = 100.0
FREE_K, HOT_WATER_KWH_D = 3.0, 50.0


def weather(hours: pd.DataFrame) -> pd.Series:
    """From 15 °C in September to -1 °C in January and back, a day in five three degrees warmer."""
    number = (hours["day"] - hours["day"].iloc[0]).dt.days
    return 7 + 8 * np.cos(2 * np.pi * (number - 5) / 365) + 3.0 * (number % 5 == 0)


def lowered(data: SchoolData) -> pd.Series:
    """Hours in which the set point is low: closed days, and five to five."""
    hours = data.hours
    return (hours["day_type"] == "closed") | (hours["hour"] >= 17) | (hours["hour"] < 5)


def put_rooms(data: SchoolData, warmer_k: pd.Series | float = 0.0) -> SchoolData:
    """Two rooms, so much warmer than they should be by hour, and the heat that this takes."""
    hours = data.hours
    indoor = np.where(lowered(data), 18.0, 20.0) + warmer_k * np.ones(len(hours))
    for name, values in (("room_co2_ppm", 600.0), ("room_temperature_c", indoor)):
        rooms = pd.DataFrame({"a1": values, "a2": values}, index=hours.index)
        object.__setattr__(data, name, rooms)
    hours["heat_kwh"] = (
        SLOPE_KWH_K_D * (indoor - FREE_K - hours["outdoor_c"]).clip(lower=0) + HOT_WATER_KWH_D
    ) / 24
    return data

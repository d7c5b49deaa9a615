"""Sunshine that the season offers: daily extraterrestrial irradiation.

Allen, Pereira, Raes, Smith (1998), *Crop evapotranspiration*, FAO Irrigation and Drainage Paper 56, eq. 21
to 25.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

_SOLAR_CONSTANT_MJ = 0.0820  # per m² and minute
_MJ_PER_KWH = 3.6


def extraterrestrial_kwh_m2(days: pd.DatetimeIndex, latitude_deg: float) -> npt.NDArray[np.float64]:
    """Irradiation of a horizontal square metre above the air [kWh/m²], by day; 0 in the polar night."""
    number = days.day_of_year.to_numpy(np.float64)
    latitude = np.radians(latitude_deg)
    distance = 1 + 0.033 * np.cos(2 * np.pi / 365 * number)
    declination = 0.409 * np.sin(2 * np.pi / 365 * number - 1.39)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1, 1))
    daily = sunset * np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.sin(
        sunset
    )
    return np.asarray(24 * 60 / np.pi * _SOLAR_CONSTANT_MJ * distance * daily / _MJ_PER_KWH)


def upright_south_kwh_m2(days: pd.DatetimeIndex, latitude_deg: float) -> npt.NDArray[np.float64]:
    """Irradiation above the air of a square metre that stands upright and faces south [kWh/m²], by day.

    It is what a low sun offers windows: more in spring and autumn than in summer.

    Klein (1977), *Calculation of monthly average insolation on tilted surfaces*, Solar Energy 19, for a slope
    of 90°; north of the tropics.
    """
    number = days.day_of_year.to_numpy(np.float64)
    latitude = np.radians(latitude_deg)
    distance = 1 + 0.033 * np.cos(2 * np.pi / 365 * number)
    declination = 0.409 * np.sin(2 * np.pi / 365 * number - 1.39)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1, 1))
    before_it = np.minimum(sunset, np.arccos(np.clip(np.tan(declination) / np.tan(latitude), -1, 1)))
    daily = np.sin(latitude) * np.cos(declination) * np.sin(before_it) - before_it * np.cos(
        latitude
    ) * np.sin(declination)
    return np.asarray(24 * 60 / np.pi * _SOLAR_CONSTANT_MJ * distance * daily / _MJ_PER_KWH)

"""Synthetic weather of Helsingborg, a pure function of the seed: season, day rhythm, persistence.

Monthly means follow the climate of the Öresund coast (1991-2020, rounded; field knowledge, not a data set).
It is weather to test against, not a record of any year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulators.chance import stream

Floats = NDArray[np.float64]

LATITUDE, LONGITUDE = 56.05, 12.70
MINUTES = 1440

MONTH_MEAN_C = (1.4, 1.3, 3.2, 7.4, 12.0, 15.6, 18.1, 17.9, 14.3, 9.6, 5.5, 2.8)
"""Mean temperature of the months that its years scatter about, January first."""

_MONTH_SWING_C = (
    1.2,
    1.7,
    2.8,
    3.8,
    4.3,
    4.3,
    4.2,
    4.0,
    3.4,
    2.3,
    1.4,
    1.1,
)  # half of max - min on a clear day
_MONTH_CLOUD = (0.74, 0.69, 0.60, 0.52, 0.47, 0.48, 0.50, 0.50, 0.53, 0.62, 0.72, 0.77)
_MID_MONTH = np.array([15.5, 45, 74.5, 105, 135.5, 166, 196.5, 227.5, 258, 288.5, 319, 349.5])
_PERSISTENCE = 0.80  # correlation of a day's anomaly with the day before
_ANOMALY_C = 3.3  # standard deviation of daily means around the season
_WARM_UP_DAYS = 60  # of the year before: 0.8**60 leaves nothing of where the chain began
_CO2_2026_PPM, _CO2_RISE_PPM = 432.0, 2.7  # Mauna Loa level and trend, with a little of the town on top


@dataclass(frozen=True)
class WeatherDay:
    """Weather of one UTC day, one value a minute (shape ``(1440,)``)."""

    temperature_c: Floats
    vapour_g_m3: Floats
    irradiance_w_m2: Floats  # on the horizontal
    sun_elevation_rad: Floats
    sun_azimuth_rad: Floats  # from south, west positive
    wind_m_s: Floats
    co2_ppm: Floats
    mean_24h_c: float  # of the day before: what a heating controller knows in the morning


class Weather(Protocol):
    """The weather of every day there is."""

    last_day: date | None
    """The last day it knows; None: it has no end."""

    def day(self, day: date) -> WeatherDay:
        """Weather of the UTC day ``day``."""
        ...


class SyntheticWeather:
    """A year after year of Helsingborg, from one seed."""

    last_day: date | None = None

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._year = lru_cache(maxsize=8)(self._make_year)
        self.day = lru_cache(maxsize=4)(self._make_day)

    def _make_day(self, day: date) -> WeatherDay:
        around = [self._daily(day + timedelta(days=offset)) for offset in (-1, 0, 1)]
        # Daily values stand at noon and are joined by straight lines: no step at midnight.
        minute = np.arange(MINUTES) + 0.5
        noons = np.array([-720.0, 720.0, 2160.0])
        mean_c, cloud, wind = (
            np.interp(minute, noons, [values[column] for values in around]) for column in range(3)
        )
        elevation, azimuth = sun(day)
        hour = minute / 60 + LONGITUDE / 15
        swing = seasonal(day, _MONTH_SWING_C) * (1.25 - 0.9 * cloud)
        temperature = mean_c + swing * _day_shape(hour)
        clear = (
            1098
            * np.sin(np.maximum(elevation, 0))
            * np.exp(-0.057 / np.maximum(np.sin(np.maximum(elevation, 0)), 0.01))
        )
        irradiance = clear * (1 - 0.75 * cloud**3.4)  # Kasten & Czeplak (1980)
        dew_point = np.minimum(
            mean_c - seasonal(day, _MONTH_SWING_C) * (1.3 - 0.9 * cloud), temperature - 0.3
        )
        return WeatherDay(
            temperature_c=temperature,
            vapour_g_m3=saturation_g_m3(dew_point),
            irradiance_w_m2=irradiance,
            sun_elevation_rad=elevation,
            sun_azimuth_rad=azimuth,
            wind_m_s=wind * (1 + 0.25 * np.sin(2 * np.pi * (hour - 9) / 24)),
            co2_ppm=outdoor_co2(day, hour, wind),
            mean_24h_c=around[0][0],
        )

    def _daily(self, day: date) -> tuple[float, float, float]:
        """Mean temperature [°C], cloud cover [0-1] and mean wind [m/s] of a day."""
        anomaly, sky, wind = self._year(day.year)[:, day.timetuple().tm_yday - 1]
        cloud = float(np.clip(seasonal(day, _MONTH_CLOUD) + 0.27 * sky, 0.02, 1.0))
        # Clear winter days are cold, clear summer days warm.
        clear_effect = (seasonal(day, MONTH_MEAN_C) - 9.0) / 9.0 * 1.6 * (0.6 - cloud)
        mean_c = seasonal(day, MONTH_MEAN_C) + _ANOMALY_C * anomaly + clear_effect
        return float(mean_c), cloud, float(4.4 * np.exp(0.35 * wind - 0.06))

    def _make_year(self, year: int) -> Floats:
        """Standard normal daily chains of temperature, sky and wind, shape (3, days of the year)."""
        before, own = (self._shocks(which) for which in (year - 1, year))
        shocks = np.concatenate([before[:, -_WARM_UP_DAYS:], own], axis=1)
        chain = np.empty_like(shocks)
        chain[:, 0] = shocks[:, 0]
        for column in range(1, shocks.shape[1]):
            chain[:, column] = (
                _PERSISTENCE * chain[:, column - 1] + np.sqrt(1 - _PERSISTENCE**2) * shocks[:, column]
            )
        return chain[:, _WARM_UP_DAYS:]

    def _shocks(self, year: int) -> Floats:
        days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        return stream(self._seed, "weather", year).standard_normal((3, days))


def seasonal(day: date, monthly: tuple[float, ...]) -> float:
    """A monthly climate value on ``day``, by straight lines between the middles of the months."""
    position = day.timetuple().tm_yday - 0.5
    return float(np.interp(position, _MID_MONTH, monthly, period=365.25))


def saturation_g_m3(temperature_c: Floats) -> Floats:
    """Water vapour that saturated air holds [g/m³] (Magnus formula over water)."""
    pressure_hpa = 6.112 * np.exp(17.62 * temperature_c / (243.12 + temperature_c))
    return np.asarray(216.7 * pressure_hpa / (temperature_c + 273.15))


@lru_cache(maxsize=8)
def sun(day: date) -> tuple[Floats, Floats]:
    """Elevation and azimuth (from south, west positive) of the sun [rad], a value a minute of the UTC day."""
    angle = 2 * np.pi * (day.timetuple().tm_yday - 81) / 364
    declination = np.radians(23.45) * np.sin(angle)
    equation_min = 9.87 * np.sin(2 * angle) - 7.53 * np.cos(angle) - 1.5 * np.sin(angle)
    solar_hour = (np.arange(MINUTES) + 0.5 + equation_min) / 60 + LONGITUDE / 15
    hour_angle = np.radians(15 * (solar_hour - 12))
    latitude = np.radians(LATITUDE)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(
        hour_angle
    )
    elevation = np.arcsin(sine)
    azimuth = np.arctan2(
        np.sin(hour_angle),
        np.cos(hour_angle) * np.sin(latitude) - np.tan(declination) * np.cos(latitude),
    )
    return elevation, azimuth


def _day_shape(hour: Floats) -> Floats:
    """Zero-mean rhythm of a day between about -1 (before sunrise) and 1 (15 h solar time)."""
    angle = 2 * np.pi * (hour - 15) / 24
    return np.asarray(0.87 * np.cos(angle) + 0.17 * np.cos(2 * angle))


def outdoor_co2(day: date, hour: Floats, wind: Floats) -> Floats:
    """Trend, northern season (high in May, low in September) and calm nights that gather a little."""
    years = day.year + (day.timetuple().tm_yday - 0.5) / 365.25 - 2026.5
    season = 5.0 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 110) / 365.25)
    calm_night = 8.0 * np.exp(-wind / 3) * (1 + np.cos(2 * np.pi * (hour - 5) / 24))
    return np.asarray(_CO2_2026_PPM + _CO2_RISE_PPM * years + season + calm_night)

"""Weather from the rows of a CSV (:mod:`simulators.weather_table`): hours joined to minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from simulators.weather import MINUTES, WeatherDay, outdoor_co2, saturation_g_m3, sun
from simulators.weather_table import WeatherHour

_MINUTE_OF_HOUR_MEAN = 30


class WeatherFromTable:
    """Hourly means joined by straight lines between the middles of the hours.

    Days before the first row are taken as the first day (the simulation warms up before it begins), days
    after the last whole one as that one (a local day may reach into them).
    Irradiance keeps the hour's sun: it follows the sun's height within the hour where the sun is up.
    """

    def __init__(self, hours: Sequence[WeatherHour]) -> None:
        self._first = hours[0].time
        self._columns = np.array(
            [
                (row.outdoor_temperature_c, row.humidity_pct, row.irradiance_w_m2, row.wind_m_s)
                for row in hours
            ]
        ).T
        begins_at_midnight = self._first.time() == datetime.min.time()
        self._first_day = self._first.date() + timedelta(days=0 if begins_at_midnight else 1)
        self._last = (hours[-1].time + timedelta(hours=1)).date() - timedelta(days=1)
        self.last_day: date | None = self._last
        self.day = lru_cache(maxsize=4)(self._make_day)

    def _make_day(self, day: date) -> WeatherDay:
        known = min(max(day, self._first_day), self._last)
        start = datetime.combine(known, datetime.min.time(), UTC)
        first_hour = (start - self._first) // timedelta(hours=1)
        middles = 60 * np.arange(self._columns.shape[1]) + _MINUTE_OF_HOUR_MEAN
        minute = 60 * first_hour + np.arange(MINUTES) + 0.5
        temperature, humidity, _, wind = (np.interp(minute, middles, column) for column in self._columns)
        elevation, azimuth = sun(known)
        hourly_w_m2 = self._columns[2, first_hour : first_hour + 24]
        before = self._columns[0, max(first_hour - 24, 0) : max(first_hour, 24)]
        return WeatherDay(
            temperature_c=temperature,
            vapour_g_m3=humidity / 100 * saturation_g_m3(temperature),
            irradiance_w_m2=_within_hours(hourly_w_m2, np.maximum(np.sin(elevation), 0)),
            sun_elevation_rad=elevation,
            sun_azimuth_rad=azimuth,
            wind_m_s=wind,
            co2_ppm=outdoor_co2(known, np.arange(MINUTES) / 60, np.maximum(wind, 0.1)),
            mean_24h_c=float(before.mean()),
        )


def _within_hours(hourly_w_m2: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Minutes whose hourly means are exactly ``hourly_w_m2``; no light while the sun is down all the hour."""
    by_hour = height.reshape(24, 60)
    mean = by_hour.mean(axis=1, keepdims=True)
    shape = np.divide(by_hour, mean, out=np.zeros_like(by_hour), where=mean > 0)
    return np.asarray((hourly_w_m2[:, None] * shape).ravel())

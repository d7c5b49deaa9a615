from datetime import date, timedelta

import numpy as np
import pytest

from simulators.weather import SyntheticWeather, saturation_g_m3, sun

YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]


@pytest.fixture(scope="module")
def years() -> list[np.ndarray]:
    """Daily means of two years, each from another seed."""
    return [
        np.array([SyntheticWeather(seed).day(day).temperature_c.mean() for day in YEAR]) for seed in (1, 2)
    ]


def test_season(years: list[np.ndarray]) -> None:
    mean = np.mean(years, axis=0)
    assert 7.5 < mean.mean() < 11
    january, july = mean[:31].mean(), mean[181:212].mean()
    assert -1.5 < january < 4.5
    assert 15.5 < july < 21
    assert min(year.min() for year in years) < -3


def test_days_resemble_the_day_before(years: list[np.ndarray]) -> None:
    for year in years:
        season = np.convolve(np.pad(year, 45, mode="wrap"), np.ones(91) / 91, mode="valid")
        anomaly = year - season
        correlation = np.corrcoef(anomaly[1:], anomaly[:-1])[0, 1]
        assert 0.6 < correlation < 0.95


def test_nothing_jumps_at_midnight_or_new_year() -> None:
    weather = SyntheticWeather(3)
    days = [weather.day(date(2027, 12, 29) + timedelta(days=number)) for number in range(6)]
    for series in ("temperature_c", "irradiance_w_m2", "co2_ppm", "wind_m_s"):
        joined = np.concatenate([getattr(day, series) for day in days])
        within = np.abs(np.diff(days[0].__dict__[series])).max()
        assert np.abs(np.diff(joined)).max() <= max(5 * within, 0.5)


def test_the_sun_of_helsingborg() -> None:
    """Solar noon at 56.05° N: 90 - 56.05 ± 23.44 degrees at the solstices, due south at about 11:10 UTC."""
    for day, expected in ((date(2026, 6, 21), 57.4), (date(2026, 12, 21), 10.5)):
        elevation, azimuth = sun(day)
        top = int(np.argmax(elevation))
        assert np.degrees(elevation[top]) == pytest.approx(expected, abs=0.3)
        assert abs(np.degrees(azimuth[top])) < 1
        assert 660 < top < 685


def test_air_never_holds_more_than_it_can() -> None:
    weather = SyntheticWeather(1)
    for day in YEAR[::20]:
        today = weather.day(day)
        assert (today.vapour_g_m3 <= saturation_g_m3(today.temperature_c)).all()
        assert (today.irradiance_w_m2[today.sun_elevation_rad <= 0] == 0).all()
    assert saturation_g_m3(np.array([20.0]))[0] == pytest.approx(17.3, abs=0.1)

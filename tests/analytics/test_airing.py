"""Air against heat by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.airing import Exchange, airings, exchange, heat_kwh, recovery_of
from analytics.ventilation import Co2
from classroom.places import Ventilation
from classroom.timetable import Span

START = datetime(2026, 1, 20, 8, tzinfo=UTC)
LESSONS: list[Span] = [
    (START, START + timedelta(minutes=50)),
    (START + timedelta(minutes=70), START + timedelta(minutes=120)),
]


def co2(rate_in_break_1_h: float) -> Co2:
    """600 ppm above outdoors in the lessons; a break of 20 minutes at a rate of its own."""
    minutes = np.arange(0, 121, 5)
    fallen = np.exp(-rate_in_break_1_h * np.clip(minutes - 50, 0, 20) / 60)
    excess = np.where(minutes > 70, 600.0, 600 * fallen)
    time_us = round(START.timestamp() * 1e6) + minutes.astype(np.int64) * 60_000_000
    return Co2(300, time_us, 430 + excess, 430.0)


def test_an_airing_is_what_the_ventilation_does_not_explain() -> None:
    # 10 changes an hour over 20 minutes, of which the ventilation makes 3: 7 / 3 of 180 m³ are 420 m³.
    (found,) = airings(co2(10.0), LESSONS, 3.0, 180.0)
    assert found.rate_1_h == pytest.approx(8.99, abs=0.01)  # the last reading is near outdoor air
    assert found.extra_m3 == pytest.approx(180 * (found.rate_1_h - 3) / 3)


def test_a_break_with_shut_windows_is_none() -> None:
    assert airings(co2(3.5), LESSONS, 3.0, 180.0) == []
    assert airings(co2(0.0), LESSONS, 3.0, 180.0) == []


def test_a_long_pause_is_no_airing() -> None:
    later = [LESSONS[0], (START + timedelta(hours=4), START + timedelta(hours=5))]
    assert airings(co2(10.0), later, 3.0, 180.0) == []


def test_heat_by_hand() -> None:
    # 100 m³ warmed by 20 K: 100 * 1206 * 20 / 3.6e6 = 0.67 kWh; a rotor brings three quarters back.
    assert heat_kwh(100, 21, 1) == pytest.approx(0.67)
    assert heat_kwh(100, 21, 1, recovery_of(Ventilation.FTX)) == pytest.approx(0.1675)
    assert recovery_of(Ventilation.F) == recovery_of(None) == 0
    assert heat_kwh(100, 21, 25) == 0


def test_air_a_person_and_kilograms_in_our_accounts() -> None:
    # 100 m³ in 1000 s are 100 L/s, 4 for each of 25; 0.67 kWh at 50 g are 0.0335 kg.
    found = exchange(100, 1_000, 25, 21, 1, overheated_above_c=24, factor=("dh", 50.0))
    assert found == Exchange(100, pytest.approx(4), pytest.approx(0.67), None, pytest.approx(0.0335), "dh")


@pytest.mark.parametrize(
    ("indoor_c", "outdoor_c", "why"),
    [(24.5, 1.0, "overheated"), (21.0, 17.0, "no_heating"), (16.0, 16.5, "no_heating")],
)
def test_heat_that_nobody_buys(indoor_c: float, outdoor_c: float, why: str) -> None:
    found = exchange(100, 1_000, 25, indoor_c, outdoor_c, overheated_above_c=24, factor=("dh", 50.0))
    assert (found.heat_kwh, found.free, found.kgco2e) == (0, why, 0)


def test_without_outdoor_temperature_or_factor_nothing_is_claimed() -> None:
    assert exchange(100, 1_000, 25, 21, None, overheated_above_c=24).heat_kwh is None
    found = exchange(100, 1_000, None, 21, 1, overheated_above_c=24)
    assert (found.l_s_person, found.kgco2e) == (None, None)

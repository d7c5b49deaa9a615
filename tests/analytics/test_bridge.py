"""The parts of a change add up to it, and each planted cause lands in its own part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.bridge import Bridge, Period, emission_bridge, energy_bridge
from analytics.changepoint import Curve
from analytics.signature import Group, Quality, Signature

ALL = frozenset({"summer", "shoulder", "winter"})
SIGNATURE = Signature(
    (
        Group(ALL, frozenset({"school_day"}), Curve("3P", 100.0, 10.0, 15.0), 200, 0.0),
        Group(ALL, frozenset({"closed"}), Curve("3P", 40.0, 10.0, 15.0), 165, 0.0),
    ),
    Quality(365, 6, 150.0, 0.1, 0.0, 0.9, 0.0, 365.0),
)


def period(
    temperature_c: list[float], kinds: str, energy: float, area: float = 1_000, factor: float | None = None
) -> Period:
    """Days from their temperatures and kinds (s: school day, c: closed)."""
    index = pd.date_range("2025-01-06", periods=len(kinds), freq="D")
    kind = ["school_day" if letter == "s" else "closed" for letter in kinds]
    frame = pd.DataFrame({"temperature_c": temperature_c, "day_type": kind}, index=index)
    return Period(frame, energy, area, factor)


def parts(bridge: Bridge | None) -> list[float]:
    assert bridge is not None
    effects = [bridge.weather, bridge.calendar, bridge.area, bridge.own_use, bridge.factor]
    assert sum(effect.value for effect in effects) == pytest.approx(bridge.change)
    return [effect.value for effect in effects]


def test_colder_days_are_weather() -> None:
    # Two school days at 5 °C use 200 each; at 0 °C 250 each: 100 kWh of weather.
    bridge = energy_bridge(SIGNATURE, period([5, 5], "ss", 400), period([0, 0], "ss", 500))
    assert parts(bridge) == pytest.approx([100, 0, 0, 0, 0])


def test_fewer_school_days_are_calendar_and_the_rest_is_own_use() -> None:
    bridge = energy_bridge(SIGNATURE, period([5, 5], "ss", 400), period([5, 5], "sc", 310))
    assert parts(bridge) == pytest.approx([0, -60, 0, -30, 0])


def test_a_bigger_school_is_area() -> None:
    bridge = energy_bridge(SIGNATURE, period([5, 5], "ss", 400), period([5, 5], "ss", 480, area=1_200))
    assert parts(bridge) == pytest.approx([0, 0, 80, 0, 0])


def test_own_use_carries_the_models_uncertainty() -> None:
    bridge = energy_bridge(SIGNATURE, period([5, 5], "ss", 400), period([5, 5], "ss", 350))
    assert bridge is not None
    assert bridge.own_use.low < -50 < bridge.own_use.high
    assert bridge.factor == (0.0, 0.0, 0.0)


def test_a_missing_temperature_has_no_bridge() -> None:
    assert energy_bridge(SIGNATURE, period([5], "s", 200), period([np.nan], "s", 200)) is None


def test_a_heat_factor_from_50_to_71_shows_as_factor() -> None:
    before = period([5, 5], "ss", 400, factor=50)
    after = period([5, 5], "ss", 400, factor=71)
    energy = energy_bridge(SIGNATURE, before, after)
    assert energy is not None
    # 400 kWh · 21 g = 8.4 kg, all of it the factor's.
    assert parts(emission_bridge(energy, before, after)) == pytest.approx([0, 0, 0, 0, 8.4])


def test_emissions_share_what_energy_and_factor_do_together() -> None:
    before, after = period([5, 5], "ss", 400, factor=50), period([0, 0], "ss", 500, factor=71)
    energy = energy_bridge(SIGNATURE, before, after)
    assert energy is not None
    # (500 − 400)·(50 + 71)/2 = 6.05 kg weather; (71 − 50)·(400 + 500)/2 = 9.45 kg factor; together 15.5 kg.
    found = emission_bridge(energy, before, after)
    assert parts(found) == pytest.approx([6.05, 0, 0, 0, 9.45])
    assert found is not None
    assert found.change == pytest.approx(0.5 * 71 - 0.4 * 50)


def test_no_factor_no_emission_bridge() -> None:
    before, after = period([5], "s", 200, factor=50), period([5], "s", 200)
    energy = energy_bridge(SIGNATURE, before, after)
    assert energy is not None
    assert emission_bridge(energy, before, after) is None

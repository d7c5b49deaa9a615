"""Mass balance: rooms whose CO2 is computed from a known flow must give that flow back."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.balance import Flow, Part, lesson_part, people_seen, pooled
from analytics.generation import People

VOLUME = 180.0
CLASS = People(25.0, 1e-4, 0.05, 0.08)  # 25 people give off 0.1 L/s
HOUR = 3_600_000_000


def rise(rate_1_h: float, step_s: int, start_ppm: float = 100.0, minutes: int = 60) -> tuple:
    """Excess in a lesson from 0 to ``minutes``: C_ss = 1e6 G / (A V), G of CLASS."""
    time_us = np.arange(0, minutes * 60 + 1, step_s, dtype=np.int64) * 1_000_000
    level = 1e6 * CLASS.co2_m3_s / (rate_1_h / 3_600 * VOLUME)
    return time_us, level - (level - start_ppm) * np.exp(-rate_1_h * time_us / HOUR)


@pytest.mark.parametrize("step_s", [60, 300, 600, 900])
@pytest.mark.parametrize("rate_1_h", [1.5, 2.5, 4.5])
def test_the_flow_behind_a_rise_comes_out(rate_1_h: float, step_s: int) -> None:
    part = lesson_part(*rise(rate_1_h, step_s), (0, HOUR), CLASS, VOLUME, 2_000)
    assert isinstance(part, Part)
    found = pooled([part], VOLUME, 0.03)
    assert isinstance(found, Flow)
    assert found.rate_1_h == pytest.approx(rate_1_h, rel=0.03)
    assert found.person_l_s == pytest.approx(rate_1_h * VOLUME / 3.6 / 25, rel=0.03)
    assert found.rate_low_1_h < rate_1_h < found.rate_high_1_h


def test_a_steady_room_by_hand() -> None:
    # 500 ppm above outdoors all the time, 1e-4 m³/s: Q = 1e6 * 1e-4 / 500 = 0.2 m³/s, 8 L/s for each of 25,
    # 0.2 * 3600 / 180 = 4 changes an hour.
    time_us = np.arange(0, 3_601, 300, dtype=np.int64) * 1_000_000
    part = lesson_part(time_us, np.full(13, 500.0), (0, HOUR), CLASS, VOLUME, 2_000)
    assert isinstance(part, Part)
    found = pooled([part], VOLUME, 0.03)
    assert isinstance(found, Flow)
    assert (found.flow_m3_s, found.rate_1_h, found.person_l_s) == pytest.approx((0.2, 4.0, 8.0))


def test_a_day_is_its_lessons_together_and_surer_than_one() -> None:
    parts = [lesson_part(*rise(3.0, 300, at), (0, HOUR), CLASS, VOLUME, 2_000) for at in (50, 200, 300)]
    one, day = pooled(parts[:1], VOLUME, 0.03), pooled(parts, VOLUME, 0.03)
    assert isinstance(one, Flow)
    assert isinstance(day, Flow)
    assert day.rate_1_h == pytest.approx(3.0, rel=0.03)
    assert day.lessons == 3
    assert day.rate_high_1_h / day.rate_low_1_h < one.rate_high_1_h / one.rate_low_1_h


def test_a_tight_room_is_not_told() -> None:
    # At 0.1 changes an hour nearly all that is breathed out stays: the flow is lost in its error.
    part = lesson_part(*rise(0.1, 300), (0, HOUR), CLASS, VOLUME, 2_000)
    assert isinstance(part, Part)
    assert pooled([part], VOLUME, 0.03) == "uncertain"


def test_a_lesson_that_is_held_elsewhere_is_not_told() -> None:
    time_us, _ = rise(3.0, 300)
    assert lesson_part(time_us, np.full(len(time_us), 12.0), (0, HOUR), CLASS, VOLUME, 2_000) == "empty"


def test_silence_and_short_lessons_are_not_told() -> None:
    time_us, ppm = rise(3.0, 300)
    assert lesson_part(time_us, ppm, (0, HOUR // 3), CLASS, VOLUME, 2_000) == "short"
    kept = (time_us < HOUR // 4) | (time_us > HOUR * 3 // 4)
    assert lesson_part(time_us[kept], ppm[kept], (0, HOUR), CLASS, VOLUME, 1_200) == "gap"
    assert lesson_part(time_us[:0], ppm[:0], (0, HOUR), CLASS, VOLUME, 1_200) == "gap"
    assert pooled([], VOLUME, 0.03) == "none"


def test_people_are_counted_where_the_flow_is_known() -> None:
    part = lesson_part(*rise(4.0, 300), (0, HOUR), CLASS, VOLUME, 2_000)
    assert isinstance(part, Part)
    assert people_seen(part, 4.0 * VOLUME / 3_600, 1e-4 / 25) == pytest.approx(25, rel=0.02)

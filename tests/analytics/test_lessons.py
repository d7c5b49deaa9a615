"""Lessons by hand: an hour in slots of 10 minutes, on Tuesday 3 March 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.lessons import Doubt, LessonClimate, Taught, lesson_climates
from analytics.rollups import DeviceSeries, weighted_quantile
from classroom.air import Air
from classroom.settings import AnalyticsSettings

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
LESSON = Taught(START, START + timedelta(hours=1), 24)
LATER = START + timedelta(days=1)


def us(time: datetime) -> int:
    return round(time.timestamp() * 1e6)


def series(*values: float, first_minute: int = 1, interval_s: int = 600) -> DeviceSeries:
    times = [us(START + timedelta(minutes=first_minute + n * interval_s // 60)) for n in range(len(values))]
    return DeviceSeries(interval_s, np.array(times, dtype=np.int64), np.array(values, dtype=float))


def climate(
    co2: Sequence[DeviceSeries] = (),
    temperature: Sequence[DeviceSeries] = (),
    doubts: Sequence[Doubt] = (),
    now: datetime = LATER,
    month: int = 3,
) -> LessonClimate:
    found = lesson_climates(
        [LESSON],
        month,
        us(now),
        {"co2_ppm": co2, "temperature_c": temperature},
        [600],
        doubts,
        AnalyticsSettings(),
    )
    return found[0]


def whole(quantity: str, kind: str) -> Doubt:
    return Doubt(quantity, kind, us(START) - 1, us(LATER))


def test_mean_p95_and_most() -> None:
    found = climate([series(800, 900, 1000, 1100, 1200, 1600)]).co2
    assert (found.mean_ppm, found.p95_ppm, found.max_ppm) == (1100.0, 1600.0, 1600.0)
    assert found.above_limit_share == pytest.approx(0.5)
    assert (found.coverage, found.level, found.reason) == (1.0, Air.SOON, None)


@pytest.mark.parametrize(("ppm", "level"), [(999, Air.GOOD), (1000, Air.SOON), (1401, Air.NOW)])
def test_the_level_is_that_of_the_mean(ppm: float, level: Air) -> None:
    assert climate([series(*[ppm] * 6)]).co2.level is level


@pytest.mark.parametrize(("kind", "reason"), [("stale", "stuck"), ("drift", "drift")])
def test_a_stuck_or_drifted_sensor_has_no_level(kind: str, reason: str) -> None:
    # Its readings are taken out before; what is left does not make a lesson.
    found = climate([series(600, 610)], doubts=[whole("co2_ppm", kind)]).co2
    assert (found.level, found.mean_ppm, found.reason) == (None, None, reason)


def test_another_sensor_in_the_room_may_still_tell() -> None:
    found = climate([series(*[700.0] * 6)], doubts=[whole("co2_ppm", "drift")]).co2
    assert (found.level, found.reason) == (Air.GOOD, None)


def test_a_doubt_about_temperature_leaves_co2_alone() -> None:
    found = climate([series(*[700.0] * 6)], doubts=[whole("temperature_c", "stale")])
    assert found.co2.level is Air.GOOD
    assert found.temperature.reason == "stuck"


def test_a_silent_sensor_is_never_green() -> None:
    assert climate().co2.reason == "no_readings"
    few = climate([series(500, 500)]).co2
    assert (few.level, few.reason, few.coverage) == (None, "few_readings", pytest.approx(1 / 3))


def test_a_lesson_that_has_not_begun_says_nothing_and_a_running_one_what_is_known() -> None:
    co2 = [series(800, 900, 1000)]
    assert climate(co2, now=START).co2.reason == "not_yet"
    assert climate(co2, now=START + timedelta(minutes=30)).co2.mean_ppm == pytest.approx(900)


def test_warmth_by_hand() -> None:
    # 10 minutes each: 2 K and 1 K too warm (24), 1 K too cold (20): 3/6 K·h and 1/6 K·h; half comfortable.
    found = climate(temperature=[series(26, 25, 24, 20, 19, 22)]).temperature
    assert found.mean_c == pytest.approx(136 / 6)
    assert found.overheating_k_h == pytest.approx(3 / 6)
    assert found.underheating_k_h == pytest.approx(1 / 6)
    assert found.comfort_share == pytest.approx(3 / 6)
    assert found.category == 1
    summer = climate(temperature=[series(26, 25, 24, 20, 19, 22)], month=6).temperature
    assert summer.overheating_k_h == 0


def test_a_quantile_by_weight() -> None:
    values = np.array([3.0, 1.0, np.nan, 2.0])
    weights = np.array([1.0, 8.0, 5.0, 1.0])
    assert weighted_quantile(values, weights, 0.8) == 1.0
    assert weighted_quantile(values, weights, 0.85) == 2.0
    assert weighted_quantile(values, weights, 1.0) == 3.0
    assert np.isnan(weighted_quantile(values[2:3], weights[2:3], 0.5))

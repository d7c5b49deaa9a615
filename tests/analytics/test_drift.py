"""Drift of CO2 sensors over weeks of hand-made lows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from analytics.drift import HIGH, JUMPED, LEAVING, LOW, Air, Day, drifted, spans

MONDAY = date(2026, 9, 7)
KINDS = (Air.CLEARED, *[Air.SCHOOL] * 4, Air.CLEARED, Air.CLEARED)  # Monday's night follows a Sunday


def at(number: int) -> date:
    return MONDAY + timedelta(days=number)


def weeks(count: int, low: Callable[[int], float], held: float = 0.0) -> list[Day]:
    """Days of ``count`` weeks; school nights hold ``held`` ppm; ``low`` by day number."""
    return [
        Day(at(n), low(n) + (held if KINDS[n % 7] is Air.SCHOOL else 0), KINDS[n % 7])
        for n in range(7 * count)
    ]


def test_a_good_sensor_never_drifts() -> None:
    noise = np.random.default_rng(1).normal(0, 8, 70)
    assert drifted(weeks(10, lambda n: 435 + noise[n]), MONDAY) == {}


def test_a_room_that_keeps_its_air_overnight_has_not_drifted() -> None:
    noise = np.random.default_rng(2).normal(0, 15, 70)
    assert drifted(weeks(10, lambda n: 440 + noise[n], held=250), MONDAY) == {}


def test_a_holiday_in_a_room_that_keeps_its_air_is_no_drift() -> None:
    term = weeks(8, lambda _: 440, held=250)
    lov = [Day(at(56 + n), 440 + (30 if n % 2 else 0), Air.SOME) for n in range(5)]
    closed = [Day(at(61 + n), 435, Air.CLEARED) for n in range(20)]
    back = [Day(at(81 + n), 690, Air.SCHOOL) for n in range(4)]
    assert drifted([*term, *lov, *closed, *back], MONDAY) == {}


@pytest.mark.parametrize("held", [0.0, 180.0])
@pytest.mark.parametrize("step", [-90, 90])
@pytest.mark.parametrize("start", range(42, 49))
def test_a_jump_is_seen_within_three_days_and_dated_to_its_first(
    start: int, step: float, held: float
) -> None:
    days = weeks(8, lambda n: 440 + (step if n >= start else 0), held)
    assert drifted(days[:start], MONDAY) == {}
    found = drifted(days[: start + 3], MONDAY)  # judged on the evening of the third day at the latest
    assert min(found) == at(start)
    assert set(found.values()) <= {JUMPED, HIGH, LOW}


def test_a_slow_drift_is_seen_by_the_time_it_leaves_outdoor_air() -> None:
    days = weeks(16, lambda n: 440 + 2.0 * max(0, n - 40))
    found = drifted(days, MONDAY)
    assert min(found) <= at(40 + 30 + 5)  # 500 ppm on day 70, a Monday
    assert all(at(n) in found for n in range(75, 112))


@pytest.mark.parametrize(("start", "ahead"), [*enumerate((2, 2, 2, 3, 2, 1, 1), 40)])
def test_what_a_sensor_drifts_within_a_week_is_not_taken_for_air(start: int, ahead: int) -> None:
    """A flag comes the more days ahead the more of three weekends lie in the drift."""
    days = weeks(12, lambda n: 440 + 4.0 * max(0, n - start))
    found = drifted(days[: start + 18], MONDAY)  # 504 on the day before the last, 508 on the last
    high = {at(start + 16): HIGH, at(start + 17): HIGH}
    assert found == {at(start + 16 - n): LEAVING for n in range(1, ahead + 1)} | high


@pytest.mark.parametrize("step", [2.0, -2.0, 4.0, -4.0])
@pytest.mark.parametrize("held", [0.0, 180.0])
@pytest.mark.parametrize("start", range(42, 49))
def test_a_slow_drift_is_seen_before_it_leaves_outdoor_air_on_any_day(
    start: int, held: float, step: float
) -> None:
    """Also where noise makes the lows too low, and school nights tell nothing sharper than 60 ppm."""
    noise = np.random.default_rng(start).normal(-4, 3, 112)
    night = np.random.default_rng(start).uniform(0.8, 1.2, 112) * held
    days = [
        day._replace(low_ppm=day.low_ppm + (night[n] if day.air is Air.SCHOOL else 0))
        for n, day in enumerate(weeks(16, lambda n: 440 + noise[n] + step * max(0, n - start)))
    ]
    outside = start + round(60 / abs(step))
    assert drifted(days[: outside - 12], MONDAY) == {}
    assert drifted(days[: outside + 3], at(start)) != {}  # by the third midnight


def holiday(low: Callable[[int], float]) -> list[Day]:
    """Nine weeks of lov in which the fritids uses the room and leaves 20 to 40 ppm."""
    return [
        day._replace(air=Air.SOME, low_ppm=day.low_ppm + 20 * (1 + n % 2)) if day.air is Air.SCHOOL else day
        for n, day in enumerate(weeks(9, low))
    ]


def test_in_a_long_holiday_its_own_days_tell_what_they_hold() -> None:
    assert drifted(holiday(lambda _: 440), MONDAY) == {}
    days = holiday(lambda n: 440 + (110 if n >= 57 else 0))  # 57 is a Tuesday: no closed day till Saturday
    assert drifted(days[:60], MONDAY) == {at(57): HIGH, at(58): HIGH, at(59): HIGH}
    unknown = [day for day in days if day.air is Air.CLEARED or day.day >= at(57)]
    assert drifted(unknown[: unknown.index(days[60])], MONDAY) == {}


def test_one_weekend_that_is_unlike_the_others_is_no_drift() -> None:
    days = weeks(9, lambda n: 440 + (50 if 54 <= n < 56 else 0), held=100)
    assert drifted(days[:60], MONDAY) == {}


def test_a_drift_that_was_mended_in_the_week_does_not_go_on() -> None:
    days = weeks(10, lambda n: 440 + 3.5 * max(0, n - 42) * (n < 59), held=100)
    assert drifted(days[:58], MONDAY) == {at(57): LEAVING}  # Tuesday: 492 ppm, on Friday 503
    assert drifted(days[:63], MONDAY) == {at(57): LEAVING, at(58): LEAVING}


def test_a_day_on_which_nobody_was_there_shows_a_jump_by_itself() -> None:
    """A Wednesday's jump, in a room whose nights hold 100 ppm in one week and 40 in the next."""
    days = [
        day._replace(low_ppm=day.low_ppm + (100 if n // 7 % 2 else 40) * (day.air is Air.SCHOOL))
        for n, day in enumerate(weeks(7, lambda n: 430 + (65 if n >= 44 else 0)))
    ]
    assert drifted(days[:48], MONDAY) == {}  # nights may hold so much; Saturday is one day of three
    saturday = days[47]._replace(flat=True)
    assert drifted([*days[:47], saturday], MONDAY) == {at(47): JUMPED}


def test_a_sensor_set_low_by_its_own_correction_is_seen_without_any_history() -> None:
    days = [Day(at(1 + n), 360.0, Air.SCHOOL) for n in range(3)]
    assert drifted(days[:1], MONDAY) == {}  # one low value may be anything
    assert drifted(days, MONDAY) == dict.fromkeys((at(1), at(2), at(3)), LOW)


def test_a_high_weekday_says_nothing_before_a_weekend_is_known() -> None:
    assert drifted([Day(at(n), 700.0, Air.SCHOOL) for n in range(1, 5)], MONDAY) == {}


def test_a_drift_ends_when_the_sensor_is_mended() -> None:
    days = weeks(9, lambda n: 640 if 42 <= n < 56 else 440)
    ((first, last, why),) = spans(dict.fromkeys(drifted(days, MONDAY), HIGH))
    assert (first, why) == (at(42), HIGH)
    assert at(56) <= last <= at(57)  # the median of three is right again on the second day


def test_a_new_level_that_stays_is_the_sensors_own_in_the_end() -> None:
    days = weeks(14, lambda n: 430 if n < 42 else 495)
    found = drifted(days, MONDAY)
    assert min(found) == at(42)
    assert at(42 + 20) in found
    assert max(found) < at(42 + 35)


def test_another_room_is_learned_anew() -> None:
    moved = [
        day._replace(room="b", low_ppm=day.low_ppm + (120 if day.air is Air.SCHOOL else 0))
        if day.day >= at(42)
        else day
        for day in weeks(8, lambda _: 440, held=50)
    ]
    assert drifted(moved, MONDAY) == {}


def test_a_day_is_judged_by_the_weeks_before_it_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    random = weeks(20, lambda n: 440 + rng.choice([0, 0, 0, 70, -70]) * (n < 70) + 3 * max(0, n - 80), 100)
    days = [
        day._replace(air=rng.choice([day.air, Air.SOME]), flat=bool(rng.random() < 0.1))
        for day in random
        if rng.random() < 0.8
    ]
    whole = drifted(days, MONDAY)
    assert {*whole.values()} == {HIGH, LOW, JUMPED, LEAVING}
    for since in (at(60), at(101), at(130)):
        part = drifted([day for day in days if day.day >= since - timedelta(days=42 + 7)], since)
        assert {day: why for day, why in part.items() if day >= since} == {
            day: why for day, why in whole.items() if day >= since
        }


def test_days_that_follow_each_other_are_one_span() -> None:
    found = spans({at(3): HIGH, at(1): HIGH, at(2): HIGH, at(4): LOW, at(7): LOW})
    assert found == [(at(1), at(4), HIGH), (at(4), at(5), LOW), (at(7), at(8), LOW)]

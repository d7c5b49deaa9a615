"""Room days by hand: a lesson of one hour in slots of 10 minutes, on Tuesday 3 March 2026."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from analytics.indoor import Figure, room_days
from analytics.rollups import DeviceSeries, cell_values, occupied_cells
from classroom.metric import Status
from classroom.settings import AnalyticsSettings

DAY = date(2026, 3, 3)
START = datetime(2026, 3, 3, 9, tzinfo=UTC)  # 10:00 in Stockholm
LESSON = [(START, START + timedelta(hours=1))]


def us(time: datetime) -> int:
    return round(time.timestamp() * 1e6)


def series(*minutes_values: tuple[float, float], interval_s: int = 600) -> DeviceSeries:
    times = [us(START + timedelta(minutes=minutes)) for minutes, _ in minutes_values]
    values = np.array([value for _, value in minutes_values], dtype=float)
    return DeviceSeries(interval_s, np.array(times, dtype=np.int64), values)


def day_of(
    co2: Sequence[DeviceSeries] = (), temperature: Sequence[DeviceSeries] = (), **changes: object
) -> dict[str, Figure]:
    spans = changes.pop("spans", LESSON)
    now = changes.pop("now", START + timedelta(days=2))
    day = changes.pop("day", DAY)
    assert not changes
    assert isinstance(now, datetime)
    found = room_days(
        [day],  # type: ignore[list-item]
        [spans],  # type: ignore[list-item]
        us(now),
        {"co2_ppm": co2, "temperature_c": temperature},
        [one.interval_s for one in (*co2, *temperature)],
        AnalyticsSettings(),
    )
    return {name: figures[0] for name, figures in found.items()}


def test_mean_and_share_above_the_limit() -> None:
    # Slots 800 900 1000 1100 1200 1300: mean 6300 / 6; above 1000 are three of six (1000 is not above).
    found = day_of([series((1, 800), (11, 900), (21, 1000), (31, 1100), (41, 1200), (51, 1300))])
    assert found["co2_mean_ppm"] == Figure(1050.0, 1.0, Status.OK, None)
    assert found["co2_above_limit_share"] == Figure(0.5, 1.0, Status.OK, None)
    assert found["occupied_h"] == Figure(1.0, 1.0, Status.OK, None)


def test_readings_outside_occupied_time_do_not_count() -> None:
    found = day_of([series((-30, 9000), *((n * 10, 700) for n in range(6)), (75, 9000))])
    assert found["co2_mean_ppm"].value == 700


def test_several_readings_in_a_slot_weigh_as_one_slot() -> None:
    # Slot 0 holds 600 and 800 (mean 700), slots 1-5 hold 1000: (700 + 5000) / 6 = 950.
    found = day_of([series((0, 600), (5, 800), *((n * 10, 1000) for n in range(1, 6)))])
    assert found["co2_mean_ppm"].value == pytest.approx(950)


def test_two_sensors_are_averaged_slot_by_slot_whatever_their_pace() -> None:
    # The 5-minute sensor reads 900 throughout, the 30-minute one 1100 then 700: 1000 and 800, mean 900.
    fast = series(*((n * 5, 900) for n in range(12)), interval_s=300)
    slow = series((2, 1100), (32, 700), interval_s=1800)
    found = day_of([fast, slow])
    assert found["co2_mean_ppm"].value == pytest.approx(900)
    assert found["co2_mean_ppm"].coverage == 1.0


def test_a_faster_device_of_another_kind_in_the_room_changes_nothing() -> None:
    co2 = series((1, 800), (11, 900), (21, 1000), (31, 1100))
    alone = day_of([co2])["co2_mean_ppm"]
    beside = day_of([co2], [series((0, 21), interval_s=60)])["co2_mean_ppm"]
    assert beside.value == pytest.approx(alone.value)
    assert beside.coverage == pytest.approx(alone.coverage)


@pytest.mark.parametrize(
    ("slots", "status", "reason"),
    [
        (6, Status.OK, None),
        (5, Status.PARTIAL, "gap"),
        (3, Status.PARTIAL, "gap"),
        (2, Status.INSUFFICIENT, "few_readings"),
        (0, Status.NO_DATA, "no_readings"),
    ],
)
def test_coverage_decides_what_is_said(slots: int, status: Status, reason: str | None) -> None:
    found = day_of([series(*((n * 10, 700) for n in range(slots)))])["co2_mean_ppm"]
    assert (found.status, found.reason) == (status, reason)
    assert found.coverage == pytest.approx(slots / 6)
    assert (found.value is None) == (slots < 3)


def test_slots_cut_by_the_lesson_weigh_what_is_inside_it() -> None:
    # Lesson 10:05-10:25: 5, 10 and 5 minutes of slots with 600, 900, 1200.
    spans = [(START + timedelta(minutes=5), START + timedelta(minutes=25))]
    found = day_of([series((6, 600), (12, 900), (22, 1200))], spans=spans)
    assert found["co2_mean_ppm"].value == pytest.approx((5 * 600 + 10 * 900 + 5 * 1200) / 20)


def test_comfort_within_both_limits_inclusive() -> None:
    # 19.9 too cold, 20 and 24 comfortable, 24.1 too warm, 22, 22 comfortable: 4 of 6.
    readings = series((0, 19.9), (10, 20), (20, 24), (30, 24.1), (40, 22), (50, 22))
    assert day_of(temperature=[readings])["comfort_share"].value == pytest.approx(4 / 6)
    summer = day_of(temperature=[readings], day=date(2026, 6, 2))
    assert summer["comfort_share"].value == pytest.approx(5 / 6)  # 24.1 is below the summer limit of 26


def test_a_day_without_lessons_is_null_not_zero() -> None:
    found = day_of([series((0, 700))], spans=[])
    assert found["co2_mean_ppm"] == Figure(None, 0.0, Status.NO_DATA, "not_occupied")
    assert found["occupied_h"] == Figure(0.0, 1.0, Status.OK, "not_occupied")


def test_a_running_day_counts_the_part_so_far() -> None:
    co2 = [series((1, 800), (11, 900), (21, 1000))]
    before = day_of(co2, now=START - timedelta(minutes=1))["co2_mean_ppm"]
    assert before == Figure(None, 0.0, Status.NO_DATA, "not_yet_occupied")
    half = day_of(co2, now=START + timedelta(minutes=30))["co2_mean_ppm"]
    assert half == Figure(900.0, 1.0, Status.PRELIMINARY, "running")
    later = day_of(co2, now=START + timedelta(minutes=50))["co2_mean_ppm"]
    assert (later.coverage, later.status) == (pytest.approx(3 / 5), Status.PRELIMINARY)
    over = day_of(co2, now=START + timedelta(minutes=60))["co2_mean_ppm"]
    assert (over.value, over.coverage, over.status) == (900.0, 0.5, Status.PARTIAL)


def test_slots_are_those_of_the_store_even_where_an_hour_does_not_divide() -> None:
    # Every 700 s: 5 slots of 720 s an hour. A reading at 11:59 lies in the first, one at 12:00 in the second.
    cells = occupied_cells([LESSON], us(START + timedelta(days=1)), [700])
    assert cells.length_s.tolist() == [720.0] * 5
    values = cell_values(cells, [series((11.99, 1), (12, 2), interval_s=700)])
    assert values[:2].tolist() == [1.0, 2.0]
    assert np.isnan(values[2:]).all()


def test_a_lesson_across_the_end_of_winter_time_is_as_long_as_it_is(
    at: Callable[[str], datetime],
) -> None:
    spans = [(at("2026-03-29 01:00"), at("2026-03-29 04:00"))]  # 02:00-03:00 does not exist
    assert day_of(spans=spans, day=date(2026, 3, 29))["occupied_h"].value == 2.0

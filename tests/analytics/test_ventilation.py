"""A room's ventilation: baseline, categories and a day whose flow is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.balance import Flow
from analytics.decay import When
from analytics.generation import people_of
from analytics.ventilation import (
    Co2,
    DayAir,
    Method,
    Rate,
    air_category,
    baseline_ppm,
    day_air,
    fans_at_night,
    night_hours,
    of_requirement,
    people_by_flow,
    rebreathed_fraction,
    required_l_s,
    volume_of,
)
from classroom.places import AgeGroup, Room, Ventilation
from classroom.timetable import Span

DAY = datetime(2026, 3, 3, tzinfo=UTC)
ROOM = Room(
    school="s", key="a", name="A", area_m2=60, volume_m3=170, persons=25, age_group=AgeGroup.AGE_6_10,
    ventilation=Ventilation.FTX,
)  # fmt: skip
FLOW = Flow(0.2, 4.2, 3.4, 5.2, 8.0, 6.6, 9.8, 25.0, 4)


def hours(first: float, last: float) -> Span:
    return DAY + timedelta(hours=first), DAY + timedelta(hours=last)


def simulated(room: Room, lessons: list[tuple[Span, int | None]], rate_1_h: float, fans: Span) -> Co2:
    """CO2 of ``room`` in 5-minute readings: its class in the lessons, ``rate_1_h`` while the fans run, else
    0.15."""
    minute = np.arange(24 * 60)
    start = round(DAY.timestamp())
    inside = np.zeros(len(minute))
    for (begin, end), told in lessons:
        people = people_of(room.age_group, told, room.persons)
        assert people is not None
        here = (start + minute * 60 >= begin.timestamp()) & (start + minute * 60 < end.timestamp())
        inside[here] = people.co2_m3_s * 1e6 * 60 / (room.volume_m3 or 1)
    running = (start + minute * 60 >= fans[0].timestamp()) & (start + minute * 60 < fans[1].timestamp())
    excess = np.zeros(len(minute))
    for at in range(1, len(minute)):
        rate = rate_1_h if running[at] else 0.15
        excess[at] = excess[at - 1] * np.exp(-rate / 60) + inside[at]
    time_us = (start + minute[::5] * 60).astype(np.int64) * 1_000_000
    return Co2(300, time_us, 435 + excess[::5], 435.0)


def test_the_baseline_is_the_sensors_own_nights() -> None:
    nights = np.concatenate([np.full(60, 432.0), np.full(60, 470.0)])
    assert baseline_ppm(nights) == pytest.approx(432)
    assert baseline_ppm(nights[:11]) is None
    assert baseline_ppm(nights + 100) is None
    assert baseline_ppm(nights - 60) is None


def test_nights_and_weekends_are_local() -> None:
    # Stockholm is an hour ahead in winter: 05:00 UTC is past six; a Saturday is whole.
    texts = ["2026-03-03T04:59Z", "2026-03-03T05:00Z", "2026-03-03T21:00Z", "2026-03-07T11:00Z"]
    at = pd.Series(pd.to_datetime(texts, format="ISO8601"))
    assert night_hours(at, ZoneInfo("Europe/Stockholm")).tolist() == [True, False, True, True]


def test_volume_is_given_guessed_or_unknown() -> None:
    assert volume_of(ROOM) == (170, 0.03)
    assert volume_of(ROOM.model_copy(update={"volume_m3": None})) == (pytest.approx(168), 0.07)
    assert volume_of(ROOM.model_copy(update={"volume_m3": None, "area_m2": None})) is None


def test_what_a_system_must_be_able_to_give() -> None:
    # 25 people in 60 m²: 7 * 25 + 0.35 * 60 = 196 L/s.
    assert required_l_s(25, 60) == pytest.approx(196)
    assert of_requirement(ROOM, FLOW, 900) == pytest.approx(200 / 196)


def test_demand_control_at_part_load_is_no_verdict() -> None:
    room = ROOM.model_copy(update={"ventilation": Ventilation.VAV})
    assert of_requirement(room, FLOW, 850) is None
    assert of_requirement(room, FLOW, 1_050) == pytest.approx(200 / 196)
    assert of_requirement(ROOM.model_copy(update={"area_m2": None}), FLOW, 850) is None


def test_people_are_told_by_a_measured_flow_that_does_not_vary() -> None:
    room = ROOM.model_copy(update={"ovk_flow_l_s": 4.0 * 170 / 3.6})
    found = day_air(room, LESSONS, [hours(5, 17)], simulated(room, LESSONS, 4.0, hours(5, 17)), 22.0)
    told = [people_by_flow(room, part) for part in found.parts]
    assert told == [pytest.approx(24.5, rel=0.1), pytest.approx(24.5, rel=0.1), pytest.approx(12.3, rel=0.1)]
    assert people_by_flow(ROOM, found.parts[0]) is None  # nobody measured its flow
    assert people_by_flow(room.model_copy(update={"ventilation": Ventilation.VAV}), found.parts[0]) is None
    assert people_by_flow(room, "gap") is None


def test_categories_of_co2_above_outdoors() -> None:
    values = np.array([0, 550, 551, 800, 801, 1350, 1351, np.nan])
    assert air_category(values).tolist() == [1, 1, 2, 2, 3, 3, 4, 0]


def test_rebreathed_air_at_1000_ppm_is_about_one_and_a_half_percent() -> None:
    assert rebreathed_fraction(np.array([570.0, -20.0])).tolist() == [pytest.approx(0.015), 0.0]


LESSONS: list[tuple[Span, int | None]] = [(hours(7, 8), 25), (hours(8.25, 9.25), 25), (hours(10, 11), 12)]


def test_a_day_by_mass_balance() -> None:
    found = day_air(ROOM, LESSONS, [hours(5, 17)], simulated(ROOM, LESSONS, 4.0, hours(5, 17)), 22.0)
    rate = found.in_use()
    assert rate is not None
    assert rate[1] is Method.BALANCE
    assert rate[0].rate_1_h == pytest.approx(4.0, rel=0.05)
    assert len(found.by_lesson) == 3
    assert {at for _, at in found.decays} == {When.BREAK, When.AFTER_SCHOOL}
    for one, _ in found.decays:
        assert one.rate_1_h == pytest.approx(4.0, rel=0.03)
    assert found.at_night() is None


def test_without_people_or_volume_decays_tell() -> None:
    room = ROOM.model_copy(update={"persons": None})
    lessons: list[tuple[Span, int | None]] = [(span, None) for span, _ in LESSONS]
    co2 = simulated(ROOM, LESSONS, 4.0, hours(5, 17))
    found = day_air(room, lessons, [hours(5, 17)], co2, 22.0)
    assert found.by_lesson == ("no_people",) * 3
    rate = found.in_use()
    assert rate is not None
    assert rate[1] is Method.DECAY
    assert rate[0].rate_1_h == pytest.approx(4.0, rel=0.05)
    boundless = ROOM.model_copy(update={"volume_m3": None, "area_m2": None})
    assert day_air(boundless, LESSONS, [], co2, 22.0).by_lesson == ("no_volume",) * 3


def test_an_evening_without_fans_tells_the_night_setting() -> None:
    fans = hours(5, 11)
    lessons = LESSONS
    found = day_air(ROOM, lessons, [fans], simulated(ROOM, lessons, 1.5, fans), 22.0)
    night = found.at_night()
    assert night is not None
    assert night.rate_1_h == pytest.approx(0.15, rel=0.1)
    in_use = found.in_use()
    assert in_use is not None
    assert in_use[0].rate_1_h == pytest.approx(1.5, rel=0.05)


def test_fans_that_run_at_night() -> None:
    assert fans_at_night(ROOM, Rate(3.0, 2.4, 3.8))
    assert not fans_at_night(ROOM, Rate(0.6, 0.4, 0.8))
    assert not fans_at_night(ROOM.model_copy(update={"ventilation": Ventilation.S}), Rate(3.0, 2.4, 3.8))


def test_a_build_up_is_no_method_for_demand_control() -> None:
    room = ROOM.model_copy(update={"persons": None})
    lessons: list[tuple[Span, int | None]] = [(hours(7, 9), None)]
    co2 = simulated(ROOM, [(hours(7, 9), 25)], 2.0, hours(5, 17))
    only = Co2(300, co2.time_us[:108], co2.ppm[:108], co2.baseline_ppm)  # nothing after the lesson
    found = day_air(room, lessons, [], only, 22.0)
    rate = found.in_use()
    assert rate is not None
    assert rate[1] is Method.BUILD_UP
    assert rate[0].rate_1_h == pytest.approx(2.0, rel=0.1)
    vav = room.model_copy(update={"ventilation": Ventilation.VAV})
    assert day_air(vav, lessons, [], only, 22.0).in_use() is None


def test_a_day_without_anything_says_nothing() -> None:
    quiet = Co2(300, np.arange(288, dtype=np.int64) * 300_000_000, np.full(288, 436.0), 435.0)
    found = day_air(ROOM, [], [], quiet, 22.0)
    assert found == DayAir(None, (), (), 0, None)
    assert found.in_use() is None

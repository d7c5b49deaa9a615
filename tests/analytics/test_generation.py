"""CO2 of people: the table's own figures, and hand calculations with them."""

from __future__ import annotations

import pytest

from analytics.generation import generation_l_s, one_m3_s, people_of
from classroom.places import AgeGroup


@pytest.mark.parametrize(
    ("group", "met", "male", "female"),
    [
        (AgeGroup.AGE_3_5, 1.2, 0.0023, 0.0021),
        (AgeGroup.AGE_6_10, 1.4, 0.0035, 0.0032),
        (AgeGroup.AGE_11_15, 1.2, 0.0041, 0.0035),
        (AgeGroup.AGE_16_20, 2.0, 0.0075, 0.0059),
        (AgeGroup.ADULT, 1.6, 0.0061, 0.0047),
    ],
)
def test_the_table_is_that_of_persily_and_de_jonge(
    group: AgeGroup, met: float, male: float, female: float
) -> None:
    assert generation_l_s(group, met) == pytest.approx((male + female) / 2)


def test_an_activity_that_the_table_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="index"):
        generation_l_s(AgeGroup.ADULT, 1.3)


def test_a_seated_pupil_at_room_temperature() -> None:
    # 6-10 years: mean of 0.00285 and 0.00335 L/s is 0.0031; at 22 °C times 295 / 273.
    assert one_m3_s(AgeGroup.AGE_6_10) == pytest.approx(0.0031e-3 * 295 / 273)
    assert one_m3_s(AgeGroup.AGE_6_10, temperature_c=0) == pytest.approx(0.0031e-3)


def test_a_class_with_its_teacher() -> None:
    # 25 pupils of whom 94 % are there, and a teacher between 1.6 and 2.0 met: (0.0054 + 0.00675) / 2.
    found = people_of(AgeGroup.AGE_11_15, 25, None, temperature_c=0)
    assert found is not None
    assert found.number == pytest.approx(24.5)
    assert found.co2_m3_s == pytest.approx((23.5 * 0.004125 + 0.006075) / 1_000)


def test_a_hall_and_a_staff_room_have_no_teacher() -> None:
    hall, staff = people_of(AgeGroup.AGE_6_10, 100, None), people_of(AgeGroup.ADULT, 10, None)
    assert hall is not None
    assert staff is not None
    assert (hall.number, staff.number) == (pytest.approx(94), pytest.approx(9.4))


def test_what_is_not_told_widens_the_error() -> None:
    told, guessed = people_of(AgeGroup.AGE_6_10, 24, 24), people_of(AgeGroup.AGE_6_10, None, 24)
    nameless = people_of(None, 24, None)
    assert told is not None
    assert guessed is not None
    assert nameless is not None
    assert told.number == guessed.number
    assert guessed.number_sd > 3 * told.number_sd
    assert nameless.each_sd > 3 * told.each_sd


def test_an_empty_group_is_nobody() -> None:
    assert people_of(AgeGroup.AGE_6_10, 0, 24) is None
    assert people_of(AgeGroup.AGE_6_10, None, None) is None

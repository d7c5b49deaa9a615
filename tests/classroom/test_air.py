import pytest

from classroom.air import Air, air_level, is_stale, shown_ppm, stale_after_s


@pytest.mark.parametrize(
    ("co2_ppm", "level"),
    [
        (420, Air.GOOD),
        (999.9, Air.GOOD),
        (1000, Air.SOON),
        (1400, Air.SOON),
        (1400.1, Air.NOW),
        (5000, Air.NOW),
    ],
)
def test_the_level_changes_at_1000_and_above_1400_ppm(co2_ppm: float, level: Air) -> None:
    assert air_level(co2_ppm) is level


def test_there_is_no_verdict_without_a_good_present_value() -> None:
    assert air_level(None) is None
    assert air_level(float("nan")) is None
    assert air_level(600, stale=True) is None
    assert air_level(600, flag=1) is None


@pytest.mark.parametrize(
    ("co2_ppm", "shown"), [(0, 0), (424.9, 400), (425, 450), (999, 1000), (1012, 1000), (1025, 1050)]
)
def test_ppm_is_shown_rounded_to_50_half_up(co2_ppm: float, shown: int) -> None:
    assert shown_ppm(co2_ppm) == shown


def test_stale_is_three_intervals_but_never_before_15_minutes() -> None:
    assert stale_after_s(60) == 900
    assert stale_after_s(600) == 1800
    assert not is_stale(900, 60)
    assert is_stale(900.1, 60)
    assert not is_stale(1800, 600)
    assert is_stale(1801, 600)

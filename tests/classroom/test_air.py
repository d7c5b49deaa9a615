from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from classroom.air import Air, Light, air_level, is_stale, settle, shown_ppm, stale_after_s

MORNING = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


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


def lights(values: Sequence[float], every_min: float = 5) -> str:
    """What the light shows after each value, by first letters: g, s, n."""
    light: Light | None = None
    shown = ""
    for number, co2_ppm in enumerate(values):
        measured = air_level(co2_ppm)
        assert measured is not None
        light = settle(light, measured, co2_ppm, MORNING + number * timedelta(minutes=every_min))
        shown += light.level[0]
    return shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((980, 1010, 1020, 1010), "gggs"),  # past the limit for ten minutes
        ((980, 1010, 990, 1010, 1020, 990), "gggggg"),  # it came back: the ten minutes begin again
        ((980, 1050), "gs"),
        ((980, 1049), "gg"),
        ((1100, 951, 950, 949), "sssg"),
        ((1100, 990, 985, 990), "sssg"),
        ((1390, 1410, 1450), "sss"),
        ((1390, 1410, 1451), "ssn"),
        ((1500, 1350), "ns"),
        ((1500, 1351, 1390, 1360), "nnns"),
        ((1500, 600), "ng"),
        ((600, 1500), "gn"),
        ((600, 1430, 1430, 1430), "gssn"),  # far past the first limit, just past the second
        ((1500, 970, 970, 970), "nssg"),
        ((1100, 1420, 980, 1420, 980), "sssss"),  # to both sides: neither has lasted
        ((1020,), "s"),
    ],
)
def test_the_light_does_not_flicker(values: Sequence[float], shown: str) -> None:
    assert lights(values) == shown

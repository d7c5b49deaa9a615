import numpy as np
import pytest

from analytics.noise import noise_of


@pytest.mark.parametrize("ppm", [0.0, 4.0, 20.0])
def test_the_noise_of_a_room_that_fills_and_empties(ppm: float) -> None:
    minutes = np.arange(0, 1_440, 5)
    level = 430 + 600 * np.exp(-(((minutes - 720) / 150.0) ** 2))
    noisy = level + np.random.default_rng(1).normal(0, ppm, len(minutes))
    assert noise_of(noisy) == pytest.approx(ppm, rel=0.2, abs=0.2)


def test_two_readings_tell_no_noise() -> None:
    assert noise_of(np.array([400.0, 900.0])) == 0.0

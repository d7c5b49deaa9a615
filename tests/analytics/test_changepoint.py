"""Change-point curves: data made from a known curve give that curve back; hand calculations beside."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.changepoint import ANY, Curve, bic, fit_curve

TEMPERATURE_C = np.linspace(-12, 28, 161)


@pytest.mark.parametrize(
    "curve",
    [
        Curve("1P", 120.0),
        Curve("2P", 40.0, 6.5, 28.0),
        Curve("3P", 30.0, 12.0, 15.5),
        Curve("3PC", 80.0, cooling_kwh_k_d=5.0, cools_above_c=17.25),
        Curve("4P", 60.0, 9.0, 14.0, 3.0, 14.0),
        Curve("5P", 55.0, 9.0, 12.0, 4.0, 20.0),
    ],
)
def test_a_planted_curve_comes_back(curve: Curve) -> None:
    found = fit_curve(TEMPERATURE_C, curve.predict(TEMPERATURE_C), ANY)
    assert found.rss == pytest.approx(0, abs=1e-6)
    assert found.curve.shape == curve.shape
    np.testing.assert_allclose(found.curve[1:], curve[1:], rtol=1e-6)


def test_prediction_by_hand() -> None:
    curve = Curve("5P", 10.0, 2.0, 15.0, 3.0, 20.0)
    # 0 °C: 10 + 2·15; 17 °C: base alone; 22 °C: 10 + 3·2
    np.testing.assert_allclose(curve.predict(np.array([0.0, 17.0, 22.0])), [40.0, 10.0, 16.0])


def test_bic_by_hand() -> None:
    # n = 100, RSS = 400: 100·ln 4 + 3·ln 100 = 138.629… + 13.815…
    assert bic(400.0, 100, 3) == pytest.approx(138.6294361 + 13.8155106)


def test_a_slope_the_noise_does_not_carry_is_left_out() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(100, 30, TEMPERATURE_C.size)
    assert fit_curve(TEMPERATURE_C, noise).curve.shape == "1P"


def test_a_heating_curve_never_rises_with_temperature() -> None:
    assert fit_curve(TEMPERATURE_C, 5 + 2 * np.maximum(0, TEMPERATURE_C)).curve.shape == "1P"


def test_base_load_is_never_negative() -> None:
    energy = np.maximum(0, 10 * (12 - TEMPERATURE_C)) * (TEMPERATURE_C < 0)
    assert fit_curve(TEMPERATURE_C, energy).curve.base_kwh_d >= 0


def test_few_days_carry_a_mean_only() -> None:
    found = fit_curve(np.arange(12.0), 20 - np.arange(12.0))
    assert found.curve == ("1P", 14.5, 0.0, found.curve[3], 0.0, found.curve[5])


def test_equal_temperatures_carry_a_mean_only() -> None:
    assert fit_curve(np.full(40, 5.0), np.arange(40.0), ANY).curve.shape == "1P"


def test_no_days_are_refused() -> None:
    with pytest.raises(ValueError, match="needs days"):
        fit_curve(np.array([]), np.array([]))

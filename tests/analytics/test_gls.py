"""Generalised least squares: what it must give by hand, and errors which go on for weeks."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.gls import covariances, fit_gls

DAYS = np.arange(200.0)
STEP = ((DAYS >= 80) & (DAYS < 120)).astype(float)
COLUMNS = np.column_stack([STEP, np.ones(200)])


def test_without_errors_it_is_exact() -> None:
    found = fit_gls(COLUMNS, 5.0 * STEP + 30.0, DAYS)
    assert found.coefficients == pytest.approx([5.0, 30.0], rel=1e-4)
    assert found.errors == pytest.approx([0.0, 0.0], abs=1e-6)
    assert found.freedom == 198


def test_errors_of_their_own_are_ordinary_least_squares() -> None:
    """Errors of +1 and -1 by turns: the step's is √(σ²(1/40 + 1/160)) with σ² = 200/198."""
    found = fit_gls(COLUMNS, 5.0 * STEP + 30.0 + (-1.0) ** DAYS, DAYS)
    assert found.coefficients == pytest.approx([5.0, 30.0], rel=1e-4)
    assert found.errors[0] == pytest.approx(np.sqrt(200 / 198 * (1 / 40 + 1 / 160)), rel=1e-4)


@pytest.mark.parametrize("begins", [0.0, 1.0, 2.0])
def test_errors_that_go_on_for_weeks(begins: float) -> None:
    """A season of ±4 that nobody knows: ordinary least squares takes it for the step, and is sure of it."""
    season = 4.0 * np.sin(2 * np.pi * DAYS / 120 + begins)
    values = 5.0 * STEP + 30.0 + season + (-1.0) ** DAYS
    ordinary, rss, *_ = np.linalg.lstsq(COLUMNS, values)
    found = fit_gls(COLUMNS, values, DAYS)
    assert abs(found.coefficients[0] - 5.0) < 2 * found.errors[0]
    assert found.errors[0] > np.sqrt(rss[0] / 198 * (1 / 40 + 1 / 160))
    assert abs(found.coefficients[0] - 5.0) < max(0.2, abs(ordinary[0] - 5.0) / 2)


def test_columns_that_say_the_same_thing_share_it() -> None:
    found = fit_gls(np.column_stack([COLUMNS, STEP]), 5.0 * STEP + 30.0, DAYS)
    assert found.coefficients[0] + found.coefficients[2] == pytest.approx(5.0, rel=1e-4)


def test_scales_of_columns_do_not_matter() -> None:
    values = 5.0 * STEP + 30.0 + (-1.0) ** DAYS
    found = fit_gls(COLUMNS * [1e6, 1e-3], values, DAYS)
    assert found.coefficients * [1e6, 1e-3] == pytest.approx([5.0, 30.0], rel=1e-4)


def test_fewer_days_than_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="2 days cannot tell 2 columns"):
        fit_gls(COLUMNS[:2], np.ones(2), DAYS[:2])


def test_covariances_by_hand() -> None:
    """Two days apart: 1·e^(-2/2) of the short errors and 0.3·e^(-2/25) of the long ones."""
    (found,) = covariances(np.array([0.0, 2.0]), [(1.0, 0.3)])
    apart = np.exp(-1.0) + 0.3 * np.exp(-2 / 25)
    assert found == pytest.approx(np.array([[2.3, apart], [apart, 2.3]]))

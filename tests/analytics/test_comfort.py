"""Bands of temperature: the standards' tables, limits included."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.comfort import above_k, band, below_k, category, is_summer
from classroom.settings import AnalyticsSettings


@pytest.mark.parametrize(
    ("temperature_c", "heating", "cooling"),
    [
        (22.0, 1, 3), (21.0, 1, 4), (23.0, 1, 2), (20.5, 2, 5), (24.0, 2, 1), (19.0, 3, 5), (24.5, 3, 1),
        (18.0, 4, 5), (17.0, 4, 5), (16.9, 5, 5), (25.1, 5, 1), (26.0, 5, 2), (27.0, 5, 3), (28.0, 5, 4),
        (28.1, 5, 5),
    ],
)  # fmt: skip
def test_the_categories_of_en_16798_1(temperature_c: float, heating: int, cooling: int) -> None:
    values = np.array([temperature_c])
    assert (category(values, False)[0], category(values, True)[0]) == (heating, cooling)


def test_nothing_measured_has_no_category() -> None:
    assert category(np.array([np.nan, 22.0]), np.array([True, False])).tolist() == [0, 1]


def test_the_band_of_hslf_fs_for_children() -> None:
    limits = AnalyticsSettings()
    assert band(limits, summer=False) == (20.0, 24.0)
    assert band(limits, summer=True) == (20.0, 26.0)
    assert [month for month in range(1, 13) if is_summer(month)] == [6, 7, 8]


def test_kelvins_beyond_a_limit() -> None:
    values = np.array([19.0, 24.0, 26.5])
    assert above_k(values, 24.0).tolist() == [0, 0, 2.5]
    assert below_k(values, 20.0).tolist() == [1, 0, 0]

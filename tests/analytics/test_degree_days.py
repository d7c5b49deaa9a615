"""Degree days and normal year, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.degree_days import FORMER_LIMITS_C, heating_degree_days, normal_year


def test_degree_days_by_hand() -> None:
    index = pd.to_datetime(
        ["2025-01-10", "2025-05-10", "2025-05-11", "2025-10-12", "2025-10-13", "2025-10-14"]
    )
    temperature = pd.Series([-3.0, 9.0, 10.0, 13.0, 18.0, np.nan], index=index)
    assert heating_degree_days(temperature).tolist()[:5] == [20.0, 8.0, 7.0, 4.0, 0.0]
    assert np.isnan(heating_degree_days(temperature).iloc[5])
    # Former limits: in May only days below 10 °C counted, in October below 13 °C, in January all.
    former = heating_degree_days(temperature, limits_c=FORMER_LIMITS_C)
    assert former.tolist()[:5] == [20.0, 8.0, 0.0, 0.0, 0.0]
    assert np.isnan(former.iloc[5])


def test_another_base() -> None:
    temperature = pd.Series([5.0], index=pd.to_datetime(["2025-01-10"]))
    assert heating_degree_days(temperature, base_c=20.0).tolist() == [15.0]


@pytest.mark.parametrize(
    ("energy", "base", "degree_days", "normal", "expected"),
    [
        (100_000.0, 20_000.0, 3_000.0, 3_300.0, 108_000.0),  # 20 000 + 80 000·1.1
        (100_000.0, 20_000.0, 3_000.0, 3_000.0, 100_000.0),
        (15_000.0, 20_000.0, 100.0, 200.0, 15_000.0),  # below its base load: nothing to scale
        (500.0, 500.0, 0.0, 20.0, None),
    ],
)
def test_normal_year_by_hand(
    energy: float, base: float, degree_days: float, normal: float, expected: float | None
) -> None:
    assert normal_year(energy, base, degree_days, normal) == expected

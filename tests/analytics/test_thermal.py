"""The comfort models that pythermalcomfort computes, against the standards' own examples."""

from __future__ import annotations

import pytest

from analytics.thermal import adaptive, operative_c, predicted, running_mean_c


def test_operative_temperature_in_still_air_is_the_mean() -> None:
    assert operative_c(22.0, 18.0) == pytest.approx(20.0)


def test_the_running_mean_weighs_yesterday_most() -> None:
    # (12 + 0.8 * 10 + 0.64 * 8) / (1 + 0.8 + 0.64) = 25.12 / 2.44 = 10.3
    assert running_mean_c([12.0, 10.0, 8.0]) == pytest.approx(10.3, abs=0.05)
    with pytest.raises(ValueError, match="at least a day"):
        running_mean_c([])


def test_the_adaptive_model_of_en_16798_1() -> None:
    # 0.33 * 20 + 18.8 = 25.4; category II is 4 below and 3 above.
    found = adaptive(20.0)
    assert found is not None
    assert tuple(found) == pytest.approx((25.4, 21.4, 28.4))


def test_the_adaptive_model_is_silent_in_winter() -> None:
    assert adaptive(4.0) is None
    assert adaptive(31.0) is None


def test_pmv_of_iso_7730_table_d1() -> None:
    # ISO 7730:2005 Table D.1, row 2: 27 °C, 0.1 m/s, 60 %, 1.2 met, 0.5 clo: PMV 0.77, PPD 17 %.
    found = predicted(27.0, 60.0, summer=True)
    assert found is not None
    assert found.pmv == pytest.approx(0.77, abs=0.05)
    assert found.ppd_pct == pytest.approx(17, abs=1.5)


def test_pmv_outside_the_standard_is_nothing() -> None:
    assert predicted(5.0, 40.0, summer=False) is None
    winter = predicted(21.5, None, summer=False)
    assert winter is not None
    assert -0.7 < winter.pmv < 0.3

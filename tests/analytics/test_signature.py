"""The signature finds planted groups, and on real buildings equals OpenDSM's daily model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from real_buildings import FOLDER, REFERENCE, real_days

from analytics.changepoint import Curve
from analytics.savings import uncertainty_kwh
from analytics.signature import autocorrelation, fit_signature, judge, month_errors_kwh
from analytics.sun import extraterrestrial_kwh_m2


def year(seed: int = 1) -> pd.DataFrame:
    """A year of days with a Swedish temperature and school days on weekdays; no energy yet."""
    index = pd.date_range("2025-01-01", "2025-12-31", freq="D")
    rng = np.random.default_rng(seed)
    season = 8 - 10 * np.cos(2 * np.pi * (index.day_of_year.to_numpy() - 20) / 365)
    kind = np.where(index.day_of_week < 5, "school_day", "closed")
    return pd.DataFrame(
        {"temperature_c": season + rng.normal(0, 3, len(index)), "day_type": kind}, index=index
    )


def test_school_days_and_closed_days_get_their_own_curves() -> None:
    days = year()
    school, closed = Curve("3P", 200.0, 40.0, 15.0), Curve("3P", 80.0, 30.0, 12.0)
    temperature = days["temperature_c"].to_numpy()
    days["energy_kwh"] = np.where(
        days["day_type"] == "school_day", school.predict(temperature), closed.predict(temperature)
    )
    found = fit_signature(days, ["school_day"])
    assert found is not None
    curves = {min(group.day_types): group.curve for group in found.groups}
    assert set(curves) == {"school_day", "closed"}
    np.testing.assert_allclose(curves["school_day"][1:4], school[1:4], rtol=1e-6)
    np.testing.assert_allclose(curves["closed"][1:4], closed[1:4], rtol=1e-6)
    assert found.quality.cvrmse == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.predict(days), days["energy_kwh"])


def test_days_that_are_alike_are_not_divided() -> None:
    days = year()
    rng = np.random.default_rng(2)
    days["energy_kwh"] = Curve("3P", 100.0, 20.0, 14.0).predict(days["temperature_c"].to_numpy())
    days["energy_kwh"] += rng.normal(0, 10, len(days))
    found = fit_signature(days, ["school_day"])
    assert found is not None
    assert len(found.groups) == 1


def test_a_kind_of_day_never_met_is_predicted_and_a_missing_temperature_is_not() -> None:
    days = year()
    days["energy_kwh"] = Curve("3P", 100.0, 20.0, 14.0).predict(days["temperature_c"].to_numpy())
    found = fit_signature(days, ["school_day"])
    assert found is not None
    asked = pd.DataFrame(
        {"temperature_c": [4.0, np.nan], "day_type": ["studiedag", "school_day"]},
        index=pd.to_datetime(["2026-02-02", "2026-02-03"]),
    )
    predicted = found.predict(asked)
    assert predicted.iloc[0] == pytest.approx(100 + 20 * 10)
    assert np.isnan(predicted.iloc[1])


def test_too_few_days_have_no_signature() -> None:
    days = year().head(14).assign(energy_kwh=1.0)
    assert fit_signature(days, ["school_day"]) is None


def test_a_month_left_out_shows_what_the_rest_would_say_of_it() -> None:
    days = year()
    days["energy_kwh"] = Curve("3P", 100.0, 20.0, 14.0).predict(days["temperature_c"].to_numpy())
    found = fit_signature(days, ["school_day"])
    assert found is not None
    np.testing.assert_allclose(month_errors_kwh(found, days), np.zeros(12), atol=1e-6)
    days.loc[days.index < pd.Timestamp("2025-02-01"), "energy_kwh"] += 10.0  # January by 310 kWh
    errors = month_errors_kwh(found, days)
    assert errors[0] == pytest.approx(310.0, abs=1)
    assert np.abs(errors[1:]).max() < 100


def test_quality_by_hand() -> None:
    # observed 10, 12, 8, 10 (mean 10); residuals 1, -1, 1, -1; two parameters: s = √(4/2), CVRMSE = 0.1414…
    index = pd.date_range("2025-01-01", periods=4, freq="D")
    observed = pd.Series([10.0, 12.0, 8.0, 10.0], index=index)
    quality = judge(observed, pd.Series([1.0, -1.0, 1.0, -1.0], index=index), 2)
    assert quality.cvrmse == pytest.approx(np.sqrt(2) / 10)
    assert quality.nmbe == 0
    assert quality.r2 == pytest.approx(1 - 4 / 8)
    assert quality.effective_days == 4  # too few pairs to tell a correlation


def test_autocorrelation_counts_adjoining_days_only() -> None:
    index = pd.date_range("2025-01-01", periods=200, freq="D")
    rng = np.random.default_rng(3)
    walk = np.zeros(200)
    for day in range(1, 200):
        walk[day] = 0.7 * walk[day - 1] + rng.normal()
    residual = pd.Series(walk, index=index)
    assert autocorrelation(residual) == pytest.approx(0.7, abs=0.1)
    assert autocorrelation(residual[::2]) == 0.0  # no two days adjoin


# Real buildings


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not here")
@pytest.mark.parametrize("building", ["b25", "b120"])
def test_real_buildings_as_well_as_opendsm(building: str) -> None:
    days = real_days(building)
    reference = json.loads(REFERENCE.read_text())["results"][building]
    found = fit_signature(days.head(365), ["school_day"])
    assert found is not None
    assert found.quality.cvrmse <= 1.1 * reference["cvrmse_adj"]
    assert abs(found.quality.nmbe) < 0.001
    predicted = float(found.predict(days.tail(365)).sum())
    allowed = reference["predicted_unc_2022_kwh"] + 0.03 * reference["predicted_2022_kwh"]
    assert predicted == pytest.approx(reference["predicted_2022_kwh"], abs=allowed)
    assert uncertainty_kwh(found.quality, predicted, 365) >= reference["predicted_unc_2022_kwh"]


def test_the_sun_counts_where_it_explains() -> None:
    days = year()
    days["sun_kwh_m2"] = extraterrestrial_kwh_m2(pd.DatetimeIndex(days.index), 56.0)
    felt = days["temperature_c"] + 0.4 * days["sun_kwh_m2"]
    days["energy_kwh"] = Curve("3P", 100.0, 20.0, 18.0).predict(felt.to_numpy())
    found = fit_signature(days, ["school_day"])
    assert found is not None
    assert found.sun_k == 0.4
    np.testing.assert_allclose(found.predict(days), days["energy_kwh"])
    days["energy_kwh"] = Curve("3P", 100.0, 20.0, 14.0).predict(days["temperature_c"].to_numpy())
    without = fit_signature(days, ["school_day"])
    assert without is not None
    assert without.sun_k == 0.0

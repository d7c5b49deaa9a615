"""Savings, their interval, and when nothing is claimed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.savings import Claim, Savings, month_uncertainty_kwh, savings, total, uncertainty_kwh
from analytics.signature import Quality

BASELINE = date(2024, 1, 1), date(2024, 12, 31)
REPORTING = date(2025, 1, 1), date(2025, 12, 31)


def two_years(saved: float = 0.0, noise_kwh: float = 20.0, seed: int = 1) -> pd.DataFrame:
    """Two years of a heated school, about 400 kWh a day; ``saved`` is the share saved in the second."""
    index = pd.date_range("2024-01-01", "2025-12-31", freq="D")
    rng = np.random.default_rng(seed)
    season = 8 - 10 * np.cos(2 * np.pi * (index.day_of_year.to_numpy() - 20) / 365)
    temperature = season + rng.normal(0, 3, len(index))
    school = np.asarray(index.day_of_week < 5)
    energy = np.where(school, 250, 150) + 25 * np.maximum(0, 15 - temperature)
    energy = energy + rng.normal(0, noise_kwh, len(index)).clip(-140)
    energy[366:] *= 1 - saved
    kind = np.where(school, "school_day", "closed")
    return pd.DataFrame({"energy_kwh": energy, "temperature_c": temperature, "day_type": kind}, index=index)


def test_a_saving_is_found_and_bounded() -> None:
    found = savings(two_years(saved=0.12), BASELINE, REPORTING, ["school_day"])
    assert found.claim is Claim.SAVING
    assert found.reason is None
    assert found.days == 365
    assert found.share == pytest.approx(0.12, abs=0.02)
    assert found.low_kwh is not None
    assert found.high_kwh is not None
    assert found.saved_kwh is not None
    assert found.low_kwh < found.saved_kwh < found.high_kwh
    assert found.counterfactual_kwh == pytest.approx((found.observed_kwh or 0) + found.saved_kwh)


def test_more_use_is_an_increase() -> None:
    found = savings(two_years(saved=-0.12), BASELINE, REPORTING, ["school_day"])
    assert found.claim is Claim.INCREASE


def test_no_change_is_no_claim() -> None:
    found = savings(two_years(seed=4), BASELINE, REPORTING, ["school_day"])
    assert found.claim is Claim.NONE
    assert found.reason == "not_told_from_zero"
    assert found.saved_kwh is not None


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(40):
        found = savings(two_years(saved=0.05, seed=seed), BASELINE, REPORTING, ["school_day"])
        clean = two_years(saved=0.0, noise_kwh=0.0, seed=seed)["energy_kwh"].iloc[366:].sum()
        assert found.low_kwh is not None
        assert found.high_kwh is not None
        hits += found.low_kwh <= 0.05 * clean <= found.high_kwh
    assert hits >= 34


def test_a_thin_baseline_is_no_claim_and_shows_no_figure() -> None:
    days = two_years(saved=0.5)
    days.iloc[60:152, 0] = np.nan
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert found == Savings(
        Claim.NONE, "baseline:energy_days_missing; days_without_energy_and_temperature", 365
    )


def test_a_short_reporting_period_is_no_claim() -> None:
    found = savings(two_years(0.5), BASELINE, (date(2025, 1, 1), date(2025, 1, 20)), ["school_day"])
    assert found.claim is Claim.NONE
    assert found.reason == "reporting:fewer_than_28_days"


def test_weather_the_baseline_never_saw_is_not_predicted() -> None:
    days = two_years(saved=0.5)
    days["temperature_c"] = days["temperature_c"].where(days.index < "2025", days["temperature_c"] - 40)
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert found.claim is Claim.NONE
    assert found.reason == "weather_outside_baseline"
    assert found.saved_kwh is None


def test_a_poor_fit_is_no_claim() -> None:
    found = savings(two_years(saved=0.3, noise_kwh=400.0), BASELINE, REPORTING, ["school_day"])
    assert found.claim is Claim.NONE
    assert found.reason == "poor_fit"


@pytest.mark.parametrize("value", [0.0, 380.0])
def test_a_meter_that_stands_still_is_no_saving(value: float) -> None:
    days = two_years()
    days.loc["2025-10-15":"2025-12-31", "energy_kwh"] = value
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.claim, found.reason) == (Claim.NONE, "energy_stands_still")
    assert found.saved_kwh is not None  # the figures are shown


def test_heat_that_is_off_in_summer_is_compared_all_the_same() -> None:
    days = two_years(saved=0.2)
    days["energy_kwh"] = days["energy_kwh"].where(days["temperature_c"] < 15, 0.0)
    days.loc["2024-06-01":"2024-08-31", "energy_kwh"] = 0.0
    days.loc["2025-06-01":"2025-08-31", "energy_kwh"] = 0.0
    assert savings(days, BASELINE, REPORTING, ["school_day"]).claim is Claim.SAVING


def test_a_baseline_without_energy_expects_nothing() -> None:
    days = two_years()
    days.loc["2024", "energy_kwh"] = 0.0
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.claim, found.reason, found.saved_kwh) == (Claim.NONE, "nothing_expected", None)


def test_days_that_are_no_numbers_are_missing_and_their_order_does_not_matter() -> None:
    days = two_years(saved=0.12)
    expected = savings(days.drop(days.index[[50, 500]]), BASELINE, REPORTING, ["school_day"])
    days.iloc[50, 0] = np.inf
    days.iloc[500, 1] = -np.inf
    shuffled = days.sample(frac=1, random_state=1)
    found = savings(shuffled, BASELINE, REPORTING, ["school_day"])
    assert found.days == 364
    assert found.saved_kwh == pytest.approx(expected.saved_kwh)


def test_days_that_stand_twice_are_defined() -> None:
    days = two_years(saved=0.12)
    expected = savings(days.drop(days.index[[50, 500]]), BASELINE, REPORTING, ["school_day"])
    again = days.iloc[[10, 400, 50, 500]].copy()
    again.iloc[2:, 0] += 40.0  # two of the four say something else
    found = savings(pd.concat([days, again]), BASELINE, REPORTING, ["school_day"])
    assert found.days == 364
    assert found.saved_kwh == pytest.approx(expected.saved_kwh)


def test_a_claim_that_rests_on_a_single_day_is_none() -> None:
    days = two_years(seed=4)
    days.loc["2025-07-09", "energy_kwh"] = 20_000.0  # a glitch of the meter, more than a month's energy
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.claim, found.reason) == (Claim.NONE, "rests_on_single_days")
    assert found.high_kwh is not None  # the figures are shown: without that day nothing could be told
    assert found.high_kwh < 0


def test_nor_is_one_whose_size_rests_on_a_single_day() -> None:
    days = two_years(saved=-0.12)
    days.loc["2025-07-09", "energy_kwh"] = 20_000.0
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.claim, found.reason) == (Claim.NONE, "rests_on_single_days")


@pytest.mark.parametrize("spoilt", [["2024-07-09"], ["2024-02-01", "2024-11-20", "2024-11-21"]])
def test_a_baseline_spoilt_by_single_days_is_not_called_a_poor_fit(spoilt: list[str]) -> None:
    days = two_years(seed=4)
    days.loc[pd.to_datetime(spoilt), "energy_kwh"] = 60_000.0
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.claim, found.reason) == (Claim.NONE, "baseline_spoilt_by_single_days")
    assert [str(day) for day in found.spoiling] == spoilt


def test_a_poor_fit_stays_one_without_its_worst_day() -> None:
    days = two_years(saved=0.3, noise_kwh=400.0)
    days.loc["2024-07-09", "energy_kwh"] = 60_000.0
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.reason, found.spoiling) == ("poor_fit", ())


def test_a_single_day_does_not_take_a_claim_away() -> None:
    days = two_years(saved=0.12)
    days.loc["2025-07-09", "energy_kwh"] = 800.0
    days.loc["2024-07-10", "energy_kwh"] = 0.0
    found = savings(days, BASELINE, REPORTING, ["school_day"])
    assert (found.claim, found.reason) == (Claim.SAVING, None)


def test_a_short_baseline_is_no_claim_with_its_reason() -> None:
    found = savings(two_years(0.5), (date(2024, 3, 1), date(2024, 12, 31)), REPORTING, ["school_day"])
    assert (found.claim, found.reason, found.saved_kwh) == (Claim.NONE, "baseline:baseline_too_short", None)


def test_days_of_an_unknown_kind_are_a_kind() -> None:
    days = two_years(saved=0.12)
    days["day_type"] = None
    assert savings(days, BASELINE, REPORTING, ["school_day"]).saved_kwh is not None


def test_uncertainty_by_hand() -> None:
    # n = n' = 365, p = 5, CVRMSE 0.2, E/m = 100 kWh/d, m = 30.4375 (k = 1.03797), t(360; 0.95) = 1.64910:
    # 100·0.2·1.64910·√(1·(1 + 2/365)·30.4375)·1.03797 = 189.3…
    quality = Quality(365, 5, 100.0, 0.2, 0.0, 0.9, 0.0, 365.0)
    days = 30
    months = days / 30.4375
    k = -0.00024 * months**2 + 0.03535 * months + 1.00286
    expected = 100 * 0.2 * 1.649103 * np.sqrt((1 + 2 / 365) * days) * k
    assert uncertainty_kwh(quality, 3_000.0, days) == pytest.approx(expected, rel=1e-5)
    # Autocorrelation 0.5: n' = 365/3, so the interval grows by about √3.
    slow = quality._replace(autocorrelation=0.5, effective_days=365 / 3)
    assert uncertainty_kwh(slow, 3_000.0, days) > 1.7 * expected


def test_uncertainty_from_months_by_hand() -> None:
    # Σ e² = 12·100² = 120 000; twice the baseline's days; t(11; 0.95) = 1.79588: 1.79588·√240 000 = 879.8
    assert month_uncertainty_kwh([100.0, -100.0] * 6, 365, 730) == pytest.approx(879.80, abs=0.01)


def test_a_year_unlike_the_model_in_whole_months_widens_the_interval() -> None:
    plain, wavy = two_years(saved=0.12), two_years(saved=0.12)
    month = pd.DatetimeIndex(wavy.index).month
    wavy["energy_kwh"] += np.where(np.isin(month, [1, 3, 5, 7, 9, 11]), 25.0, -25.0)
    narrow, wide = (savings(days, BASELINE, REPORTING, ["school_day"]) for days in (plain, wavy))
    assert narrow.high_kwh is not None
    assert narrow.low_kwh is not None
    assert wide.high_kwh is not None
    assert wide.low_kwh is not None
    assert wide.high_kwh - wide.low_kwh > 1.5 * (narrow.high_kwh - narrow.low_kwh)


@pytest.mark.parametrize(
    ("saved_kwh", "claim"),
    [(124.0, Claim.NONE), (126.0, Claim.SAVING), (-124.0, Claim.NONE), (-126.0, Claim.INCREASE)],
)
def test_a_claim_asks_more_than_the_interval(saved_kwh: float, claim: Claim) -> None:
    """100 kWh to either side with 90 %: 125 for a claim."""
    one = Savings(Claim.NONE, None, 365, 900.0, 1_000.0, saved_kwh, saved_kwh - 100.0, saved_kwh + 100.0)
    assert total([one]).claim is claim


def test_a_portfolio_is_net_of_those_that_used_more() -> None:
    one = Savings(Claim.SAVING, None, 365, 900.0, 1_000.0, 100.0, 70.0, 130.0)
    two = Savings(Claim.INCREASE, None, 365, 1_060.0, 1_000.0, -60.0, -100.0, -20.0)
    three = Savings(Claim.NONE, "poor_fit", 0)
    found = total([one, two, three])
    assert found.saved_kwh == 40.0
    assert found.low_kwh == pytest.approx(40 - 50)  # √(30² + 40²)
    assert found.high_kwh == pytest.approx(40 + 50)
    assert found.claim is Claim.NONE
    assert found.reason == "left_out:1; not_told_from_zero"
    assert total([three]).reason == "left_out:1"

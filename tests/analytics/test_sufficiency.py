"""OpenDSM's sufficiency rules, each at its border."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.sufficiency import Problem, baseline_sufficiency, counted, reporting_sufficiency

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)


@pytest.fixture
def days() -> pd.DataFrame:
    index = pd.date_range(FIRST, LAST, freq="D")
    return pd.DataFrame({"energy_kwh": 100.0, "temperature_c": 5.0, "day_type": "school_day"}, index=index)


def problems(days: pd.DataFrame, first: date = FIRST, last: date = LAST) -> list[Problem]:
    return [problem for problem, _ in baseline_sufficiency(days, first, last).problems]


def test_a_whole_year_suffices(days: pd.DataFrame) -> None:
    found = baseline_sufficiency(days, FIRST, LAST)
    assert found.sufficient
    assert (found.days, found.complete, found.problems) == (365, 365, ())
    assert found.reason is None


@pytest.mark.parametrize(("last", "short"), [(date(2025, 11, 25), False), (date(2025, 11, 24), True)])
def test_329_days_are_the_least(days: pd.DataFrame, last: date, short: bool) -> None:
    assert (Problem.TOO_SHORT in problems(days, last=last)) is short


def test_366_days_are_the_most(days: pd.DataFrame) -> None:
    assert Problem.TOO_LONG in problems(days, first=date(2024, 12, 30))


@pytest.mark.parametrize(("missing", "enough"), [(36, True), (37, False)])
def test_nine_days_of_ten_hold_energy(days: pd.DataFrame, missing: int, enough: bool) -> None:
    days.iloc[:missing, 0] = np.nan  # 0.9 of 365 is 328.5
    found = baseline_sufficiency(days, FIRST, LAST)
    assert (Problem.ENERGY_MISSING not in dict(found.problems)) is enough
    assert found.complete == 365 - missing
    assert found.sufficient is enough


def test_each_month_holds_temperature(days: pd.DataFrame) -> None:
    days.iloc[31:34, 1] = np.nan  # 25 of 28 days in February
    found = baseline_sufficiency(days, FIRST, LAST)
    assert found.problems == ((Problem.MONTH_MISSING, "2025-02"),)
    assert found.reason == "temperature_month_missing"


def test_absent_days_are_missing(days: pd.DataFrame) -> None:
    assert Problem.ENERGY_MISSING in problems(days.iloc[60:])


def test_a_day_of_few_hours_does_not_count(days: pd.DataFrame) -> None:
    days["energy_coverage"] = 22 / 24
    days.loc["2025-03-01", "energy_coverage"] = 21 / 24
    assert counted(days)["energy_kwh"].isna().sum() == 1


def test_heat_is_never_negative_but_metered_electricity_may_be(days: pd.DataFrame) -> None:
    days.loc["2025-06-01", "energy_kwh"] = -5.0
    assert problems(days) == [Problem.NEGATIVE]
    assert baseline_sufficiency(days, FIRST, LAST, may_be_negative=True).sufficient


def test_outliers_are_told_and_do_not_disqualify(days: pd.DataFrame) -> None:
    days.loc["2025-06-01", "energy_kwh"] = 900.0
    found = baseline_sufficiency(days, FIRST, LAST)
    assert found.problems == ((Problem.OUTLIERS, "1 days over median + 3 IQR"),)
    assert found.sufficient


def test_a_reporting_period_may_be_short_but_not_empty(days: pd.DataFrame) -> None:
    assert reporting_sufficiency(days, date(2025, 3, 1), date(2025, 3, 31)).sufficient
    assert reporting_sufficiency(days, date(2025, 3, 2), date(2025, 3, 1)).reason == "no_days"


def test_a_day_that_stands_twice_counts_where_its_rows_agree(days: pd.DataFrame) -> None:
    twice = pd.concat([days, days.iloc[10:12]])
    twice.iloc[-1, 0] = 130.0  # of 2025-01-12 nobody knows which is right
    found = counted(twice)
    assert len(found) == 365
    assert found["energy_kwh"].isna().sum() == 1
    assert np.isnan(found.loc["2025-01-12", "energy_kwh"])
    assert found.loc["2025-01-12", "temperature_c"] == 5.0
    assert found.loc["2025-01-11", "energy_kwh"] == 100.0
    assert baseline_sufficiency(twice, FIRST, LAST).complete == 364


def test_a_row_that_is_missing_does_not_contradict_its_day(days: pd.DataFrame) -> None:
    twice = pd.concat([days.iloc[[20]].assign(energy_kwh=np.nan), days])
    assert counted(twice)["energy_kwh"].tolist() == [100.0] * 365


def test_two_meters_in_one_table_are_no_baseline(days: pd.DataFrame) -> None:
    both = pd.concat([days, days.assign(energy_kwh=60.0)])
    found = baseline_sufficiency(both, FIRST, LAST)
    assert found.complete == 0
    assert "energy_days_missing" in (found.reason or "")


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range(FIRST, periods=24, freq="h"),
        pd.date_range(FIRST, periods=24, freq="D", tz="UTC"),
        pd.RangeIndex(24),
    ],
)
def test_what_are_no_days_is_refused_by_name(index: pd.Index) -> None:
    table = pd.DataFrame({"energy_kwh": 1.0, "temperature_c": 5.0, "day_type": "closed"}, index=index)
    with pytest.raises(ValueError, match="a row a local day"):
        counted(table)

"""Heat of air that should stand still, by hand: heat that follows weather, sun and calendar, and 8 kWh for
each kelvin below 18 °C and day of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from heated_winter import weather

from analytics.insights.added_heat import MODEL_SHARE, added_heat
from analytics.insights.data import SchoolData
from analytics.sun import upright_south_kwh_m2

Make = Callable[..., SchoolData]

NOBODY = pd.DatetimeIndex([])
PER_DEGREE = 8.0


def felt_c(data: SchoolData) -> pd.Series:
    """Seven parts of the day, three of the day before; the first day as it is."""
    outdoor = data.days["outdoor_c"]
    return 0.7 * outdoor + 0.3 * outdoor.shift().fillna(outdoor)


def still(data: SchoolData) -> pd.Series:
    """By UTC hour, how much of it the fans should stand still."""
    return 1 - data.hours["fans_h"]


def degrees(data: SchoolData) -> pd.Series:
    return (18 - felt_c(data)).clip(lower=0) * still(data).groupby(data.hours["day"]).mean()


def put_heat(data: SchoolData, days: pd.DatetimeIndex, more_kwh: pd.Series | float = 0.0) -> SchoolData:
    """50 kWh a kelvin below 16 °C, 30 of hot water, ``more_kwh`` by day, and the air of ``days``."""
    by_day = 50 * (16 - felt_c(data)).clip(lower=0) + 30 + more_kwh
    by_day = by_day + PER_DEGREE * degrees(data) * data.days.index.isin(days)
    day = data.hours["day"]
    data.hours["heat_kwh"] = day.map(by_day) / day.groupby(day).transform("size")
    data.__dict__.pop("days")
    return data


@pytest.fixture
def data(make_data: Make) -> SchoolData:
    return make_data(days=330, outdoor_c=weather)


NOVEMBER = pd.date_range("2025-11-03", "2025-12-07")


@pytest.mark.parametrize(("silent", "told"), [(range(60, 75), True), (range(330), False)])
def test_days_without_weather_tell_nothing(make_data: Make, silent: range, told: bool) -> None:
    """A station that is away for a fortnight, and none at all."""
    data = put_heat(make_data(days=330, outdoor_c=weather), NOVEMBER)
    data.hours.loc[data.hours["day"].isin(data.days.index[list(silent)]), "outdoor_c"] = np.nan
    data.__dict__.pop("days")
    found = added_heat(data, NOVEMBER, still(data), NOBODY)
    assert (found is not None) == told
    if found is not None:
        known = degrees(data)[NOVEMBER].dropna()
        assert found.seen_kwh.value == pytest.approx(PER_DEGREE * float(known.sum()), rel=0.05)


def test_by_hand(data: SchoolData) -> None:
    data = put_heat(data, NOVEMBER)
    found = added_heat(data, NOVEMBER, still(data), NOBODY)
    assert found is not None
    kwh = PER_DEGREE * float(degrees(data)[NOVEMBER].sum())
    assert found.seen_kwh.value == pytest.approx(kwh, rel=1e-3)
    assert found.seen_kwh.high == pytest.approx(kwh * (1 + MODEL_SHARE), rel=1e-3)  # the fit has no error
    assert found.seen_kwh.low == pytest.approx(kwh * (1 - MODEL_SHARE), rel=1e-3)
    whole = PER_DEGREE * float(degrees(data).sum())
    assert found.year_kwh.value == pytest.approx(whole, rel=1e-3)  # of the days there are, fewer than a year


def test_it_lies_in_the_hours_in_which_the_air_should_stand_still(data: SchoolData) -> None:
    data = put_heat(data, NOVEMBER)
    found = added_heat(data, NOVEMBER, still(data), NOBODY)
    assert found is not None
    assert found.hours_kwh.sum() == pytest.approx(found.seen_kwh.value)
    due = data.hours["fans_h"].reindex(found.hours_kwh.index) == 1
    assert found.hours_kwh[due].sum() == pytest.approx(0.0, abs=0.01)
    by_day = found.hours_kwh.groupby(data.hours["day"]).sum()
    assert by_day["2025-11-15"] == pytest.approx(PER_DEGREE * degrees(data)["2025-11-15"], rel=1e-3)


def test_sun_on_the_walls_is_no_air(data: SchoolData) -> None:
    """A school to the south: 60 kWh a day less for each kWh/m² on its walls, most of it at the equinoxes."""
    full = ((18 - felt_c(data)) / 6).clip(0, 1)
    sun = upright_south_kwh_m2(pd.DatetimeIndex(data.days.index), 56.0)
    data = put_heat(data, NOVEMBER, -60 * full * sun + 400)
    found = added_heat(data, NOVEMBER, still(data), NOBODY)
    assert found is not None
    assert found.seen_kwh.value == pytest.approx(PER_DEGREE * float(degrees(data)[NOVEMBER].sum()), rel=1e-2)


def test_a_break_that_cools_further_is_no_air(data: SchoolData) -> None:
    """Fans from December to sportlov, over all of Christmas, in which the school takes 200 kWh a day less."""
    winter = pd.date_range("2025-12-01", "2026-02-22")
    full = ((18 - felt_c(data)) / 6).clip(0, 1)
    data = put_heat(data, winter, -200 * full * data.days["holiday"])
    found = added_heat(data, winter, still(data), NOBODY)
    assert found is not None
    assert found.seen_kwh.value == pytest.approx(PER_DEGREE * float(degrees(data)[winter].sum()), rel=1e-2)


def test_days_of_other_findings_tell_nothing(data: SchoolData) -> None:
    warm = pd.date_range("2026-01-12", "2026-02-08")
    data = put_heat(data, NOVEMBER, pd.Series(300.0 * data.days.index.isin(warm), index=data.days.index))
    found = added_heat(data, NOVEMBER, still(data), warm)
    assert found is not None
    assert found.seen_kwh.value == pytest.approx(PER_DEGREE * float(degrees(data)[NOVEMBER].sum()), rel=1e-3)


def test_a_season_that_nobody_knows_widens_the_span(data: SchoolData) -> None:
    number = np.arange(len(data.days))
    slow = pd.Series(80 * np.sin(2 * np.pi * number / 120), index=data.days.index)
    data = put_heat(data, NOVEMBER, slow + 300)
    found = added_heat(data, NOVEMBER, still(data), NOBODY)
    assert found is not None
    kwh = PER_DEGREE * float(degrees(data)[NOVEMBER].sum())
    assert found.seen_kwh.low < kwh < found.seen_kwh.high
    assert found.seen_kwh.high - found.seen_kwh.low > 4 * MODEL_SHARE * kwh


def test_few_days_tell_nothing(data: SchoolData) -> None:
    four = NOVEMBER[:4]
    data = put_heat(data, four)
    assert added_heat(data, four, still(data), NOBODY) is None
    assert (
        added_heat(data, pd.DatetimeIndex(data.days.index), still(data), NOBODY) is None
    )  # and no other day


def test_a_summer_has_none(data: SchoolData) -> None:
    data.hours["outdoor_c"] = 20.0
    data.__dict__.pop("days", None)
    assert added_heat(put_heat(data, NOVEMBER), NOVEMBER, still(data), NOBODY) is None

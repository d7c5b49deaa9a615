"""Nights and weekends that are not lowered: from when to when, and what that costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from heated_winter import HOT_WATER_KWH_D, SLOPE_KWH_K_D, lowered, put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from analytics.insights.setbacks import is_no_setback, stretches, told_cooler

Make = Callable[..., SchoolData]
KINDS = (InsightKind.HEATING_AT_NIGHT, InsightKind.HEATING_ON_WEEKENDS, InsightKind.SETPOINT_HIGH)
CHANGE = "2026-03-02"  # a Monday amid the cold days
NIGHT_K = 2.0  # of heated_winter: 18 °C when lowered, 20 by day


def told(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.kind in KINDS]


def winter(make_data: Make) -> SchoolData:
    return make_data(days=270, outdoor_c=weather)


def ordinary_closed(data: SchoolData) -> pd.Series:
    return (data.hours["day_type"] == "closed") & ~data.hours["holiday"].astype(bool)


def test_how_much_cooler_nights_and_weekends_are(make_data: Make) -> None:
    cooler = told_cooler(put_rooms(winter(make_data)))
    assert cooler.nights_k.unique().tolist() == [NIGHT_K]
    assert cooler.weekends_k.unique().tolist() == [NIGHT_K]
    assert (cooler.morning_c.iloc[0], cooler.night_c.iloc[0], cooler.weekend_c.iloc[0]) == (20.0, 18.0, 18.0)
    assert stretches(winter(make_data), cooler) == []


OF_CLOSED_DAYS = 0.80  # lowered hours and mornings, of what a long closed stretch is cooler


def test_a_setback_that_stops_is_told_from_its_day_on_and_by_the_closed_days_before(make_data: Make) -> None:
    """A kelvin costs 100 kWh a day; closed days before were 2 K cooler."""
    data = winter(make_data)
    since = data.hours["day"] >= CHANGE
    put_rooms(data, NIGHT_K * (lowered(data) & since))
    (found,) = told(data)
    assert (found.kind, found.first, found.ongoing) == (InsightKind.HEATING_AT_NIGHT, date(2026, 3, 2), True)
    hours = data.hours[since & ((data.hours["hour"] < 12) | lowered(data))]
    heated = data.days["outdoor_c"].reindex(hours["day"]).to_numpy() < 17
    expected = OF_CLOSED_DAYS * NIGHT_K * SLOPE_KWH_K_D / 24 * heated.sum()
    assert found.energy[0].seen_kwh.value == pytest.approx(expected, rel=0.1)
    assert found.energy[0].seen_kwh.low == pytest.approx(0.8 * found.energy[0].seen_kwh.value, rel=1e-3)


def test_a_school_that_was_never_lowered_is_a_guess(make_data: Make) -> None:
    data = winter(make_data)
    (found,) = told(put_rooms(data, NIGHT_K * lowered(data)))
    assert (found.kind, found.ongoing) == (InsightKind.HEATING_AT_NIGHT, True)
    energy = found.energy[0].seen_kwh
    assert energy.low == pytest.approx(0.4 * energy.value, rel=1e-3)
    hours = data.hours[(data.hours["hour"] < 12) | lowered(data)]
    heated = data.days["outdoor_c"].reindex(hours["day"]).to_numpy() < 17
    assert energy.value == pytest.approx(1.2 * SLOPE_KWH_K_D / 24 * heated.sum(), rel=0.1)


def weekend_kwh(data: SchoolData, since: str, kelvin: float) -> float:
    """Heat for so many K on ordinary closed days from ``since`` on, and on the mornings after them; from 10
    to 17 °C nine tenths, and at most 35 % of what is heated."""
    days = data.days[data.days.index >= since]
    weekend = (days["day_type"] == "closed") & ~days["holiday"].astype(bool)
    monday = weekend.shift(fill_value=False) & ~weekend
    kwh = kelvin * SLOPE_KWH_K_D * (weekend + 0.5 * monday)
    mild_kwh = (0.9 * kwh).clip(upper=0.35 * (days["heat_kwh"] - HOT_WATER_KWH_D))
    outdoor = days["outdoor_c"]
    return float(kwh.where(outdoor < 10, mild_kwh)[outdoor < 17].sum())


def test_weekends_are_told_from_the_first_and_cost_as_closed_days_before_and_in_breaks(
    make_data: Make,
) -> None:
    data = winter(make_data)
    since = data.hours["day"] >= CHANGE
    put_rooms(data, NIGHT_K * (ordinary_closed(data) & since))
    (found,) = told(data)
    assert (found.kind, found.ongoing) == (InsightKind.HEATING_ON_WEEKENDS, True)
    assert found.first == date(2026, 3, 7)  # a Saturday
    expected = weekend_kwh(data, CHANGE, OF_CLOSED_DAYS * NIGHT_K)
    assert found.energy[0].seen_kwh.value == pytest.approx(expected, rel=0.05)


def test_where_no_closed_day_was_lowered_nights_tell(make_data: Make) -> None:
    """Nights at four are 2 K cooler, so lowered hours and mornings 2.4 K."""
    data = winter(make_data)
    put_rooms(data, NIGHT_K * (data.hours["day_type"] == "closed"))
    (found,) = told(data)
    assert found.kind is InsightKind.HEATING_ON_WEEKENDS
    expected = weekend_kwh(data, "2025-01-01", NIGHT_K + 0.4)
    assert found.energy[0].seen_kwh.value == pytest.approx(expected, rel=0.05)
    assert found.energy[0].seen_kwh.low == pytest.approx(0.7 * found.energy[0].seen_kwh.value, rel=1e-3)


def since_told(data: SchoolData, warmer_k: pd.Series) -> pd.Timestamp:
    put_rooms(data, warmer_k)
    (one,) = stretches(data, told_cooler(data))
    assert one.begins
    return one.first


def test_it_begins_with_the_mild_closed_days_that_were_warm(make_data: Make) -> None:
    """From 1 December on, a Monday; nights and weekends are cold enough to tell from January on."""
    data = winter(make_data)
    since = data.hours["day"] >= "2025-12-01"
    assert data.days["outdoor_c"]["2025-12-01":"2025-12-19"].min() > 5
    assert since_told(data, NIGHT_K * (ordinary_closed(data) & since)) == pd.Timestamp("2025-12-06")
    assert since_told(data, NIGHT_K * (lowered(data) & since)) == pd.Timestamp("2025-12-06")


def test_a_weekend_that_a_storm_cools_ends_nothing(make_data: Make) -> None:
    data = winter(make_data)
    since = (data.hours["day"] >= "2025-12-01") & (data.hours["day"] != "2025-12-14")
    assert since_told(data, NIGHT_K * (ordinary_closed(data) & since)) == pd.Timestamp("2025-12-06")


def test_what_is_lowered_again_has_ended(make_data: Make) -> None:
    data = winter(make_data)
    put_rooms(data, NIGHT_K * (lowered(data) & (data.hours["day"] < CHANGE)))
    (found,) = told(data)
    assert not found.ongoing
    assert found.last == date(2026, 2, 27)
    assert found.energy[0].seen_kwh == found.energy[0].year_kwh


def test_mornings_that_are_warmer_because_nights_are_no_longer_lowered_are_no_set_point(
    make_data: Make,
) -> None:
    """They were still 0.8 K cool at eight while it was lowered."""
    data = winter(make_data)
    since = data.hours["day"] >= CHANGE
    cool = lowered(data) | data.hours["hour"].between(5, 9)
    put_rooms(data, 1.5 + np.where(since, NIGHT_K * lowered(data), np.where(cool, -0.8, 0.0)))
    (found,) = told(data)
    assert found.kind is InsightKind.HEATING_AT_NIGHT


def test_so_are_those_that_were_warmer_before_cold_nights_could_tell(make_data: Make) -> None:
    """Lowered until October, cold from January on."""
    data = winter(make_data)
    since = data.hours["day"] >= "2025-11-10"
    put_rooms(data, 1.5 + NIGHT_K * (lowered(data) & since))
    assert [one.kind for one in told(data)] == [InsightKind.HEATING_AT_NIGHT]
    (one,) = stretches(data, told_cooler(data))
    assert (one.begins, one.told) == (True, pd.Timestamp("2026-01-08"))
    november, march = pd.Timestamp("2025-11-10"), pd.Timestamp("2026-03-02")
    assert is_no_setback(november, one.last, [one])
    assert not is_no_setback(march, one.last, [one])


def test_without_rooms_or_cold_days_nothing_is_told(make_data: Make) -> None:
    data = winter(make_data)
    assert told_cooler(data).nights_k.empty
    assert stretches(data, told_cooler(data)) == []
    warm = put_rooms(make_data(days=270, outdoor_c=lambda hours: weather(hours) + 15), 2.0)
    assert stretches(warm, told_cooler(warm)) == []

"""Breaks heated as in term; the school of ``heated_winter``, where it must speak and must be silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from heated_winter import FREE_K, SLOPE_KWH_K_D, lowered, put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.heat_loss import fit_heat_loss
from analytics.insights.model import Insight, InsightKind

Make = Callable[..., SchoolData]


def told(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.kind is InsightKind.HEATING_IN_HOLIDAYS]


def winter(make_data: Make) -> SchoolData:
    return make_data(days=270, outdoor_c=weather)


def kwh(data: SchoolData, warmer_k: pd.Series) -> float:
    """What the kelvins take of heat, by hand."""
    usual = (18.0 - FREE_K - data.hours["outdoor_c"]).clip(lower=0)
    warmer = (18.0 + warmer_k - FREE_K - data.hours["outdoor_c"]).clip(lower=0)
    return float((warmer - usual).sum()) * SLOPE_KWH_K_D / 24


def test_breaks_that_are_not_lowered(make_data: Make) -> None:
    """20 °C night and day in höstlov, at Christmas, in sportlov and at Easter: 2 K in every lowered hour."""
    data = winter(make_data)
    warmer_k = 2.0 * (data.hours["holiday"].astype(bool) & lowered(data))
    (found,) = told(put_rooms(data, warmer_k))
    assert found.ongoing
    assert found.params["warmer_k"] == 2.0
    (heat,) = found.energy
    assert heat.seen_kwh.value == pytest.approx(kwh(data, warmer_k), rel=0.05)
    assert heat.seen_kwh.low < kwh(data, warmer_k) < heat.seen_kwh.high
    assert [one.name for one in found.evidence.lines] == ["indoor_temperature", "outdoor_temperature"]
    assert len(found.evidence.marked) == found.params["breaks"]
    assert found.evidence.columns == ("from", "to", "warmer_k")


def test_one_break_left_on(make_data: Make) -> None:
    data = winter(make_data)
    christmas = data.hours["day"].between("2025-12-20", "2026-01-07")
    warmer_k = 2.0 * (christmas & lowered(data))
    (found,) = told(put_rooms(data, warmer_k))
    assert (found.first, found.last, found.ongoing) == (date(2025, 12, 20), date(2026, 1, 7), False)
    assert found.energy[0].seen_kwh.value == pytest.approx(kwh(data, warmer_k), rel=0.03)


def test_breaks_as_cool_as_weekends_are_silent(make_data: Make) -> None:
    data = winter(make_data)
    assert told(put_rooms(data)) == []
    assert told(put_rooms(data, 0.3 * (data.hours["holiday"].astype(bool) & lowered(data)))) == []


def test_fritids_in_lov_by_day_is_no_finding(make_data: Make) -> None:
    data = winter(make_data)
    by_day = (data.hours["day_type"] == "lov") & data.hours["hour"].between(8, 16)
    assert told(put_rooms(data, 2.0 * by_day)) == []


def test_a_set_point_that_was_lowered_again_in_a_break_is_no_heated_break(make_data: Make) -> None:
    """Too warm until 27 December: which days of the break were is told by nobody who was there."""
    data = winter(make_data)
    warm = (data.hours["day"] >= "2025-11-03") & (data.hours["day"] <= "2025-12-27")
    assert told(put_rooms(data, 2.5 * warm)) == []


def test_the_loss_of_heat_is_that_of_the_school(make_data: Make) -> None:
    data = put_rooms(winter(make_data))
    loss = fit_heat_loss(data, data.indoor_c, data.hours["fans_h"])
    assert loss is not None
    assert 24 * loss.still_kw_k == pytest.approx(SLOPE_KWH_K_D, rel=0.02)
    assert loss.fans_kw_k == pytest.approx(0.0, abs=0.2)


def test_fans_take_heat_while_they_run(make_data: Make) -> None:
    """48 kWh a day and kelvin more while they run: 2 kW."""
    data = put_rooms(winter(make_data))
    hours = data.hours
    hours["heat_kwh"] += 2.0 * hours["fans_h"] * (data.indoor_c - hours["outdoor_c"])
    loss = fit_heat_loss(data, data.indoor_c, hours["fans_h"])
    assert loss is not None
    assert 24 * loss.still_kw_k == pytest.approx(SLOPE_KWH_K_D, rel=0.05)
    assert loss.fans_kw_k == pytest.approx(2.0, rel=0.1)


def test_few_days_tell_no_loss(make_data: Make) -> None:
    data = put_rooms(make_data(days=30, outdoor_c=5.0))
    assert fit_heat_loss(data, data.indoor_c, data.hours["fans_h"]) is None


def test_mild_days_are_told_by_the_meter_and_by_the_kelvins_of_cold_days(make_data: Make) -> None:
    """On a closed day with 13 °C, which tells no loss, the meter sees 60 kWh more: they count by half."""
    data = winter(make_data)
    data = put_rooms(data, 2.0 * (data.hours["holiday"].astype(bool) & lowered(data)))
    (before,) = told(data)
    day = "2025-10-26"  # the Sunday before höstlov, of 25 hours
    assert data.days.loc[day, "outdoor_c"] > 13
    data.hours["heat_kwh"] += 60 / 25 * (data.hours["day"] == day)
    data.__dict__.pop("days")
    (after,) = told(data)
    more = after.energy[0].seen_kwh.value - before.energy[0].seen_kwh.value
    assert more == pytest.approx(60 / 2, rel=0.1)

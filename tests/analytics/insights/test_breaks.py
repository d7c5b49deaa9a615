"""Breaks heated as in term; the school of ``heated_winter``, where it must speak and must be silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from heated_winter import FREE_K, SLOPE_KWH_K_D, lowered, put_rooms, weather

from analytics.insights.breaks import Break, Breaks, breaks, holiday_findings
from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.heat_loss import fit_heat_loss
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier

Make = Callable[..., SchoolData]
NONE = pd.DatetimeIndex([])


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


def test_mild_days_cost_as_many_kelvins_as_cold_ones_but_no_more_than_a_part_of_their_heat(
    make_data: Make,
) -> None:
    """A day of 15 °C has some 190 kWh of heat, and 35 % of that are less than 90 kWh for each kelvin of
    breaks (2 K when lowered, none by day in lov); 35 % of 600 kWh are more. Hot water takes 50 kWh beside."""
    data = winter(make_data)
    data = put_rooms(data, 2.0 * (data.hours["holiday"].astype(bool) & lowered(data)))
    (before,) = told(data)
    day = "2025-10-26"  # the Sunday before höstlov, of 25 hours
    cold = data.hours["day"].map(data.days["outdoor_c"]) < 10
    usual_k = float(breaks(data, [], NONE, NONE).excess_k[cold & data.hours["holiday"]].mean())
    assert 1.0 < usual_k < 2.0
    assert data.days.loc[day, "outdoor_c"] > 13
    mine = data.hours["day"] == day
    heated = float(data.hours.loc[mine, "heat_kwh"].sum())
    assert 200 < heated < 300
    data.hours.loc[mine, "heat_kwh"] = 650 / 25
    data.__dict__.pop("days")
    (after,) = told(data)
    more = after.energy[0].seen_kwh.value - before.energy[0].seen_kwh.value
    kelvins = 0.9 * usual_k * SLOPE_KWH_K_D * 25 / 24
    assert more == pytest.approx(kelvins - 0.35 * (heated - 50), rel=0.05)


def test_breaks_in_which_fans_cool_the_rooms_tell_nothing_and_cost_as_the_others(make_data: Make) -> None:
    """Easter is 2 K too warm, too, but cooled by fans that run all night: seen with 0 K."""
    data = winter(make_data)
    warmer_k = 2.0 * (data.hours["holiday"].astype(bool) & lowered(data))
    cooled = data.hours["day"] >= "2026-03-16"
    data = put_rooms(data, warmer_k * ~cooled)
    fans = pd.DatetimeIndex(data.days.index[data.days.index >= "2026-03-16"])
    found = breaks(data, [], fans, NONE)
    assert [one.first.date() for one in found.told()] == [date(2025, 12, 20), date(2026, 2, 14)]
    assert found.heated() == found.found
    loss = fit_heat_loss(data, data.indoor_c, data.hours["fans_h"])
    (told_of,) = holiday_findings(data, found, loss, data.hours["fans_h"])
    assert told_of.waste[Carrier.DISTRICT_HEAT].seen_kwh.value == pytest.approx(kwh(data, warmer_k), rel=0.1)


def test_breaks_of_a_school_that_is_no_longer_lowered_at_all_are_another_finding(make_data: Make) -> None:
    """From 16 December on, a Tuesday: Christmas and sportlov are as warm as nights in term."""
    data = winter(make_data)
    since = data.hours["day"] >= "2025-12-16"
    kinds = [one.kind for one in find(put_rooms(data, 2.0 * (lowered(data) & since))) if one.energy]
    assert kinds == [InsightKind.HEATING_AT_NIGHT]


def test_one_cold_break_and_a_mild_one_that_was_as_warm_tell_of_all() -> None:
    """Where a set point hid the others; a mild one that was cool, or one of a few hours, says nothing."""
    october, easter, summer = (pd.Timestamp(day) for day in ("2025-10-25", "2026-03-28", "2026-06-11"))
    cold, unknown = Break(october, october, 145, 2.5), Break(summer, summer, 0, np.nan)
    for hours, warmer_k, all_of_them in ((60, 1.9, True), (60, 0.1, False), (20, 1.9, False)):
        found = [cold, Break(easter, easter, hours, warmer_k), unknown]
        assert Breaks(found, pd.Series(dtype=float)).heated() == (found if all_of_them else [cold])

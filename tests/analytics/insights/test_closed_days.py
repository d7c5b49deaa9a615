"""Ventilation on closed days by hand: 5 kW from six to six, as on school days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from heated_winter import SLOPE_KWH_K_D, put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier

Make = Callable[..., SchoolData]


def told(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.kind is InsightKind.VENTILATION_ON_CLOSED_DAYS]


def by_day(data: SchoolData, days: pd.Series) -> SchoolData:
    data.hours["electricity_kwh"] += 5.0 * (days & data.hours["hour"].between(6, 17))
    return data


def saturdays(data: SchoolData) -> pd.Series:
    return (data.hours["day_type"] == "closed") & (data.hours["day"].dt.day_of_week == 5)


def test_fans_on_saturdays(make_data: Make) -> None:
    data = make_data()
    count = int(saturdays(data).sum()) // 24
    (found,) = told(by_day(data, saturdays(data)))
    assert found.params == {"days": float(count), "fans_kw": 5.0}
    assert (found.first, found.ongoing) == (date(2025, 9, 6), True)
    (electricity,) = found.energy
    assert electricity.carrier is Carrier.ELECTRICITY
    assert electricity.seen_kwh.value == pytest.approx(count * 12 * 5)


def test_what_else_runs_on_such_a_day_is_not_counted(make_data: Make) -> None:
    """A cup with 20 kW from ten to two: the fans are 5 of them."""
    data = make_data()
    count = int(saturdays(data).sum()) // 24
    data.hours["electricity_kwh"] += 20.0 * (saturdays(data) & data.hours["hour"].between(10, 13))
    (found,) = told(by_day(data, saturdays(data)))
    assert found.energy[0].seen_kwh.value == pytest.approx(count * 12 * 5)


def test_the_air_that_leaves_takes_heat(make_data: Make) -> None:
    """On Saturdays 40 % more of what the weather takes; Sundays tell what is usual."""
    data = put_rooms(make_data(days=270, outdoor_c=weather))
    heat_kwh = data.hours["heat_kwh"].where(saturdays(data), 0.0) * 0.4
    data.hours["heat_kwh"] += heat_kwh
    (found,) = told(by_day(data, saturdays(data)))
    heat, _ = found.energy
    assert heat.carrier is Carrier.DISTRICT_HEAT
    assert heat_kwh.sum() > SLOPE_KWH_K_D
    assert heat.seen_kwh.value == pytest.approx(heat_kwh.sum(), rel=0.25)


def test_every_closed_day_tells_nothing_of_the_heat(make_data: Make) -> None:
    data = put_rooms(make_data(days=270, outdoor_c=weather))
    (found,) = told(by_day(data, data.hours["day_type"] == "closed"))
    assert [part.carrier for part in found.energy] == [Carrier.ELECTRICITY]


def test_a_few_days_are_somebody_who_worked(make_data: Make) -> None:
    data = make_data()
    four = saturdays(data) & (data.hours["day"] <= "2025-09-27")
    assert told(by_day(data, four)) == []


def test_fans_that_never_stop_are_the_other_finding(make_data: Make) -> None:
    data = make_data()
    nights = data.hours["day"] >= "2025-10-06"
    data.hours["electricity_kwh"] += 5.0 * nights * (1 - data.hours["fans_h"])
    assert [one.kind for one in find(data)] == [InsightKind.VENTILATION_AT_NIGHT]

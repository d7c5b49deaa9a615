"""Kept too warm by day; the school of ``heated_winter``, where it must speak and where it must be silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from heated_winter import SLOPE_KWH_K_D, lowered, put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.heat_loss import HeatLoss
from analytics.insights.model import Insight, InsightKind
from analytics.insights.setpoints import Warm, setpoint_findings
from analytics.insights.warmer import Step
from classroom.quantity import Carrier

Make = Callable[..., SchoolData]

KINDS = (InsightKind.SETPOINT_HIGH, InsightKind.HEATING_IN_HOLIDAYS, InsightKind.HEATING_AT_NIGHT)


def told(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.kind in KINDS]


def winter(make_data: Make) -> SchoolData:
    return make_data(days=270, outdoor_c=weather)


def autumn(data: SchoolData) -> pd.Series:
    return (data.hours["day"] >= "2025-11-03") & (data.hours["day"] <= "2025-12-12")


def test_an_ordinary_winter_is_silent(make_data: Make) -> None:
    assert told(put_rooms(winter(make_data))) == []


def test_a_set_point_raised_and_lowered_again(make_data: Make) -> None:
    """2.5 K from 3 November to 12 December: 40 days · 2.5 K · 100 kWh, all of it bought."""
    data = winter(make_data)
    (found,) = told(put_rooms(data, 2.5 * autumn(data)))
    assert found.kind is InsightKind.SETPOINT_HIGH
    assert (found.first, found.last, found.ongoing) == (date(2025, 11, 3), date(2025, 12, 12), False)
    assert found.params["indoor_c"] == 22.5
    assert found.params["reference_c"] == 20.0
    (heat,) = found.energy
    assert heat.carrier is Carrier.DISTRICT_HEAT
    assert heat.seen_kwh.value == pytest.approx(40 * 2.5 * SLOPE_KWH_K_D, rel=0.02)
    assert heat.seen_kwh.low < 10_000 < heat.seen_kwh.high
    (mornings,) = found.evidence.lines
    assert ("2025-12-02", 22.5) in mornings.points
    assert found.evidence.marked == ((found.first, found.last),)


def test_rooms_that_are_as_warm_by_night_cost_less(make_data: Make) -> None:
    """Warmer from five to five on open days only: half the hours, half the heat."""
    data = winter(make_data)
    by_day = autumn(data) & ~lowered(data)
    (found,) = told(put_rooms(data, 2.5 * by_day))
    assert found.energy[0].seen_kwh.value == pytest.approx(2.5 / 24 * SLOPE_KWH_K_D * by_day.sum(), rel=0.1)


def test_a_break_before_it_that_was_as_warm_belongs_to_it(make_data: Make) -> None:
    """Raised on 27 October, a day of lov: the first warm school day is the third of November."""
    data = winter(make_data)
    warm = (data.hours["day"] >= "2025-10-25") & (data.hours["day"] <= "2025-12-12")
    (found,) = told(put_rooms(data, 2.5 * warm))
    assert (found.kind, found.first) == (InsightKind.SETPOINT_HIGH, date(2025, 10, 25))


def test_warm_from_the_first_day_is_told_against_what_is_enough(make_data: Make) -> None:
    """23 °C against 21: 2 K on every day that is heated."""
    data = winter(make_data)
    (found,) = told(put_rooms(data, 3.0))
    assert (found.kind, found.params["reference_c"]) == (InsightKind.SETPOINT_HIGH, 21.0)
    assert found.ongoing
    days = (found.last - found.first).days + 1
    assert found.energy[0].seen_kwh.value == pytest.approx(days * 2.0 * SLOPE_KWH_K_D, rel=0.05)


@pytest.mark.parametrize("kelvin", [0.4, -2.0])
def test_a_little_warmer_or_colder_is_silent(make_data: Make, kelvin: float) -> None:
    data = winter(make_data)
    assert told(put_rooms(data, kelvin * autumn(data))) == []


def test_never_lowered_at_night(make_data: Make) -> None:
    data = winter(make_data)
    (found,) = told(put_rooms(data, 2.0 * lowered(data)))
    assert found.kind is InsightKind.HEATING_AT_NIGHT
    assert (found.params["night_c"], found.params["day_c"]) == (20.0, 20.0)
    assert found.energy[0].year_kwh.value > 1_000
    assert len(found.evidence.lines[0].points) == 24


def test_without_weather_or_heat_nothing_is_claimed(make_data: Make) -> None:
    data = put_rooms(winter(make_data), 4.0)
    data.hours["outdoor_c"] = np.nan
    assert told(data) == []
    data = put_rooms(winter(make_data), 4.0)
    data.hours["heat_kwh"] = np.nan
    assert told(data) == []


def by_hand(data: SchoolData, days_error: float) -> Warm:
    """1.5 K on 40 days from 15 December on."""
    first, last = pd.Timestamp("2025-12-15"), pd.Timestamp("2026-01-23")
    inside = pd.Series(0.0, index=data.days.index)
    inside[first:last] = 1.0
    return Warm(first, last, 22.0, 20.5, Step(first, last, 1.5, 0.03, inside, days_error))


def test_the_span_holds_the_errors_of_kelvin_days_and_model(make_data: Make) -> None:
    """2 % of the kelvin, 5 % of the days, 10 % of the model: 1.645·√(2² + 5² + 10²) = 18.7 %."""
    data = winter(make_data)
    fans_h, loss = data.hours["fans_h"], HeatLoss(4.0, 0.0)
    (found,) = setpoint_findings(put_rooms(data), [by_hand(data, 0.05)], loss, fans_h, pd.DatetimeIndex([]))
    seen = found.waste[Carrier.DISTRICT_HEAT].seen_kwh
    assert seen.value == pytest.approx(40 * 24 * 4.0 * 1.5)
    assert seen.high / seen.value - 1 == pytest.approx(1.645 * np.sqrt(0.02**2 + 0.05**2 + 0.10**2), rel=1e-3)


def test_days_that_nobody_knows_have_no_figure(make_data: Make) -> None:
    """22 % of the days: the span would be ± 40 %."""
    data = winter(make_data)
    fans_h, loss = data.hours["fans_h"], HeatLoss(4.0, 0.0)
    (found,) = setpoint_findings(put_rooms(data), [by_hand(data, 0.23)], loss, fans_h, pd.DatetimeIndex([]))
    assert (found.waste, found.no_energy) == ({}, "unsure")


def test_colder_for_a_while_is_not_warm_about_it(make_data: Make) -> None:
    """Usually 22 °C before school, three weeks of January at 20: no set point too high."""
    data = winter(make_data)
    january = (data.hours["day"] >= "2026-01-12") & (data.hours["day"] <= "2026-02-01")
    kinds = {one.kind for one in find(put_rooms(data, 2.0 - 2.0 * january))}
    assert InsightKind.SETPOINT_HIGH not in kinds

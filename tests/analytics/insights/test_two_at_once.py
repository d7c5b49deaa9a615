"""Two findings at once in the school of ``heated_winter``: told apart, or said not to be."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from heated_winter import SLOPE_KWH_K_D, lowered, put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind

Make = Callable[..., SchoolData]


def winter(make_data: Make) -> SchoolData:
    return make_data(days=270, outdoor_c=weather)


def told(data: SchoolData, kind: InsightKind) -> list[Insight]:
    return [one for one in find(data) if one.kind is kind]


def january(data: SchoolData) -> pd.Series:
    """32 days from the first day of term on."""
    return data.hours["day"].between("2026-01-08", "2026-02-08")


def with_fans(data: SchoolData, first: str, last: str) -> SchoolData:
    """Fans of 5 kW all night on these days, which takes 40 % more of the heat that the weather takes."""
    at = data.hours["day"].between(first, last)
    data.hours["electricity_kwh"] += 5.0 * at * (1 - data.hours["fans_h"])
    data.hours["heat_kwh"] *= 1 + 0.4 * at
    return data


def test_a_set_point_beside_ventilation_at_night_has_no_figure(make_data: Make) -> None:
    """Too warm in January, fans all night from the ninth of February on: did it end, or do they cool?"""
    data = winter(make_data)
    data = with_fans(put_rooms(data, 2.5 * january(data)), "2026-02-09", "2026-03-08")
    (found,) = told(data, InsightKind.SETPOINT_HIGH)
    assert (found.energy, found.year_kwh, found.no_energy) == ((), None, "two_at_once")
    (fans,) = told(data, InsightKind.VENTILATION_AT_NIGHT)
    assert fans.no_energy is None


def test_a_set_point_far_from_ventilation_at_night_has_one(make_data: Make) -> None:
    data = winter(make_data)
    data = with_fans(put_rooms(data, 2.5 * january(data)), "2026-03-09", "2026-04-12")
    (found,) = told(data, InsightKind.SETPOINT_HIGH)
    assert found.no_energy is None
    assert found.energy[0].seen_kwh.value == pytest.approx(32 * 2.5 * SLOPE_KWH_K_D, rel=0.1)


def test_ventilation_at_night_over_a_heated_break_is_told_by_its_other_days(make_data: Make) -> None:
    """Breaks 2 K too warm, fans all night in December: the break's heat is not the fans'."""
    data = winter(make_data)
    heated = 2.0 * (data.hours["holiday"].astype(bool) & lowered(data))
    data = put_rooms(data, heated)
    at = data.hours["day"].between("2025-12-01", "2025-12-28")
    before = data.hours["heat_kwh"].copy()
    data = with_fans(data, "2025-12-01", "2025-12-28")
    added_kwh = float((data.hours["heat_kwh"] - before)[at].sum())
    (found,) = told(data, InsightKind.VENTILATION_AT_NIGHT)
    heat, _ = found.energy
    assert heat.seen_kwh.value == pytest.approx(added_kwh, rel=0.15)


def test_a_heated_break_at_the_end_of_a_warm_stretch_costs_as_others_do(make_data: Make) -> None:
    """4 K too warm until the second of January: 2 K of the Christmas break are the break's, as of others."""
    data = winter(make_data)
    warm = 4.0 * data.hours["day"].between("2025-11-03", "2026-01-02")
    heated = 2.0 * (data.hours["holiday"].astype(bool) & lowered(data))
    (alone,) = told(put_rooms(winter(make_data), heated), InsightKind.HEATING_IN_HOLIDAYS)
    (both,) = told(
        put_rooms(data, pd.concat([warm, heated], axis=1).sum(axis=1)), InsightKind.HEATING_IN_HOLIDAYS
    )
    assert both.energy[0].seen_kwh.value == pytest.approx(alone.energy[0].seen_kwh.value, rel=0.2)


def test_in_spring_the_span_holds_both_ways_of_telling(make_data: Make) -> None:
    """2 K from the second of March to the end of the data in May, in every hour."""
    data = winter(make_data)
    warm = data.hours["day"] >= "2026-03-02"
    (found,) = told(put_rooms(data, 2.0 * warm), InsightKind.SETPOINT_HIGH)
    (heat,) = found.energy
    days = (found.last - found.first).days + 1
    true_kwh = days * 2.0 * SLOPE_KWH_K_D
    assert heat.seen_kwh.low < true_kwh < heat.seen_kwh.high
    assert heat.seen_kwh.value == pytest.approx(true_kwh, rel=0.1)

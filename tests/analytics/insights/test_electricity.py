"""How electricity is used; each finding where it must speak and where it must be silent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind

Make = Callable[..., SchoolData]


def told(data: SchoolData, kind: InsightKind) -> list[Insight]:
    return [one for one in find(data) if one.kind is kind]


@pytest.mark.parametrize(("night_kw", "speaks"), [(2.0, False), (30.0, True)])
def test_electricity_out_of_hours(make_data: Make, night_kw: float, speaks: bool) -> None:
    """50 kW while open, by night 2 or 30 kW."""
    data = make_data(days=395)
    is_open = data.hours["open_h"] > 0
    data.hours["electricity_kwh"] = np.where(is_open, 50.0, night_kw)
    found = told(data, InsightKind.OUT_OF_HOURS)
    assert len(found) == speaks
    for one in found:
        last_year = data.hours.tail(24 * 365)
        closed = night_kw * float((1 - last_year["open_h"]).sum())
        opened = 50.0 * float(last_year["open_h"].sum())
        assert one.params["share"] == pytest.approx(closed / (closed + opened), abs=0.01)
        share = closed / (closed + opened)
        assert one.energy[0].seen_kwh.value == pytest.approx(closed * (share - 0.5) / share, rel=0.01)


@pytest.mark.parametrize(("factor", "speaks"), [(1.05, False), (1.5, True), (0.8, False)])
def test_more_than_a_year_ago(make_data: Make, factor: float, speaks: bool) -> None:
    data = make_data(days=395)
    now = (data.hours["day"] >= "2026-08-30") & data.hours["open_h"].gt(0)
    data.hours.loc[now, "electricity_kwh"] *= factor
    day = data.days[data.days["day_type"] == "school_day"]["electricity_kwh"]
    found = told(data, InsightKind.USE_RISING)
    more = float(day[day.index >= "2026-09-07"].median() / day[day.index < "2025-10-07"].median()) - 1
    assert (more >= 0.1) == speaks
    assert len(found) == speaks
    assert all(one.params["more_share"] == pytest.approx(more, abs=0.02) for one in found)

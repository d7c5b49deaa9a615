from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier

Make = Callable[..., SchoolData]


def of_kind(insights: list[Insight], kind: InsightKind) -> list[Insight]:
    return [one for one in insights if one.kind is kind]


def test_an_ordinary_school_has_no_finding(make_data: Make) -> None:
    assert find(make_data()) == []


def test_ventilation_at_night_by_hand(make_data: Make) -> None:
    """5 kW in every hour in which fans should stand still, from 3 to 30 November."""
    data = make_data()
    nights = (data.hours["day"] >= "2025-11-03") & (data.hours["day"] <= "2025-11-30")
    data.hours.loc[nights, "electricity_kwh"] += 5.0 * (1 - data.hours.loc[nights, "fans_h"])
    (found,) = find(data)
    assert found.kind is InsightKind.VENTILATION_AT_NIGHT
    assert (found.first, found.last, found.ongoing) == (date(2025, 11, 3), date(2025, 11, 30), False)
    assert found.params["night_kw"] == 5.0
    # 20 school days with 12 hours each and 8 weekend days with 24 hours: 432 h of 5 kW.
    (electricity,) = found.energy
    assert electricity.carrier is Carrier.ELECTRICITY
    assert electricity.seen_kwh.value == pytest.approx(432 * 5)
    assert electricity.seen_kwh.low < 2160 < electricity.seen_kwh.high
    assert electricity.year_kwh == electricity.seen_kwh  # it has ended: no more than what it cost


def test_ventilation_that_goes_on_is_told_for_a_year(make_data: Make) -> None:
    data = make_data(days=80)
    since = data.hours["day"] >= "2025-11-03"
    data.hours.loc[since, "electricity_kwh"] += 5.0 * (1 - data.hours.loc[since, "fans_h"])
    (found,) = find(data)
    assert found.ongoing
    still_h = float((1 - data.hours["fans_h"]).sum())  # of the data's days, fewer than a year
    assert found.energy[0].year_kwh.value == pytest.approx(5 * still_h)


def test_a_base_load_that_rose_is_no_ventilation(make_data: Make) -> None:
    """2 kW more in all hours from 6 October."""
    data = make_data()
    data.hours.loc[data.hours["day"] >= "2025-10-06", "electricity_kwh"] += 2.0
    (found,) = find(data)
    assert found.kind is InsightKind.BASE_LOAD_UP
    assert found.first == date(2025, 10, 6)
    assert found.ongoing
    assert found.params == {"night_kw": 12.0, "before_kw": 10.0, "added_kw": 2.0}
    days = (date(2025, 12, 29) - date(2025, 10, 6)).days + 1
    assert found.energy[0].seen_kwh.value == pytest.approx(2 * (24 * days + 1))  # an hour more in October
    assert found.energy[0].year_kwh.value == pytest.approx(2 * 8760)


def test_fans_that_draw_a_tenth_less_when_a_base_load_rises_do_not_run_at_night(make_data: Make) -> None:
    """A room's damper shut: the morning's jump is 4.4 kW, not 5."""
    data = make_data()
    since = data.hours["day"] >= "2025-10-06"
    data.hours.loc[since, "electricity_kwh"] += 2.0 - 0.6 * data.hours.loc[since, "fans_h"]
    (found,) = find(data)
    assert found.kind is InsightKind.BASE_LOAD_UP
    assert found.params["added_kw"] == 2.0


def test_both_at_once_are_told_apart(make_data: Make) -> None:
    data = make_data(days=160)
    data.hours.loc[data.hours["day"] >= "2025-10-06", "electricity_kwh"] += 2.0
    nights = (data.hours["day"] >= "2025-11-10") & (data.hours["day"] <= "2025-12-14")
    data.hours.loc[nights, "electricity_kwh"] += 5.0 * (1 - data.hours.loc[nights, "fans_h"])
    found = {one.kind: one for one in find(data)}
    assert set(found) == {InsightKind.VENTILATION_AT_NIGHT, InsightKind.BASE_LOAD_UP}
    assert found[InsightKind.VENTILATION_AT_NIGHT].params["night_kw"] == 5.0
    assert found[InsightKind.BASE_LOAD_UP].params["added_kw"] == 2.0


def test_a_base_load_that_fell_is_good_news(make_data: Make) -> None:
    data = make_data()
    data.hours.loc[data.hours["day"] >= "2025-10-06", "electricity_kwh"] -= 3.0
    assert find(data) == []


def test_what_solar_cells_gave_was_not_bought(make_data: Make) -> None:
    """The base load rose by 2 kW; from ten to two the cells cover all but 0.5 kW of what the school uses."""
    data = make_data()
    data.hours.loc[data.hours["day"] >= "2025-10-06", "electricity_kwh"] += 2.0
    noon = data.hours["hour"].isin((10, 11, 12, 13))
    data.hours.loc[noon, "electricity_kwh"] = 0.5
    (found,) = find(data)
    days = (date(2025, 12, 29) - date(2025, 10, 6)).days + 1
    assert found.energy[0].seen_kwh.value == pytest.approx(2 * (20 * days + 1) + 0.5 * 4 * days)


@pytest.mark.parametrize("kw", [0.3, -0.3])
def test_small_changes_and_single_nights_are_silent(make_data: Make, kw: float) -> None:
    data = make_data()
    data.hours.loc[data.hours["day"] >= "2025-10-06", "electricity_kwh"] += kw
    data.hours.loc[data.hours["day"].isin(["2025-09-20", "2025-11-11"]), "electricity_kwh"] += 9.0
    assert find(data) == []


def test_gaps_are_not_nights(make_data: Make) -> None:
    data = make_data()
    data.hours.loc[data.hours["day"].isin(["2025-10-10", "2025-10-11"]), "electricity_kwh"] = np.nan
    assert find(data) == []


def test_what_comes_and_goes_with_the_cold_is_seasonal(make_data: Make) -> None:
    """5 kW of ice-free gutters from November to February."""
    data = make_data(days=300)
    cold = data.hours["day"].between("2025-11-03", "2026-02-22")
    data.hours.loc[cold, "electricity_kwh"] += 5.0
    (found,) = find(data)
    assert found.kind is InsightKind.BASE_LOAD_SEASONAL
    assert found.params == {"winter_kw": 15.0, "summer_kw": 10.0}
    assert found.energy[0].year_kwh.value == pytest.approx(5 * 24 * 112)


def test_what_came_in_spring_and_went_is_no_season(make_data: Make) -> None:
    data = make_data(days=300)
    data.hours.loc[data.hours["day"].between("2026-03-02", "2026-05-03"), "electricity_kwh"] += 5.0
    assert [one.kind for one in find(data)] == [InsightKind.BASE_LOAD_UP]


def test_fans_that_began_in_the_last_days_of_summer(make_data: Make) -> None:
    """From three days before term (data begin in a lov): no school day tells how the morning was before."""
    data = make_data(days=150)
    before = data.hours["day"] < "2025-10-27"
    data.hours.loc[before, ["day_type", "holiday"]] = ["lov", True]
    school = (data.hours["day_type"] == "school_day") & (data.hours["open_h"] > 0)
    data.hours["electricity_kwh"] = 10 + 5 * data.hours["fans_h"] + 8 * school
    wrong = data.hours["day"].between("2025-10-25", "2025-11-30")
    data.hours.loc[wrong, "electricity_kwh"] += 5.0 * (1 - data.hours.loc[wrong, "fans_h"])
    (found,) = find(data)
    assert found.kind is InsightKind.VENTILATION_AT_NIGHT
    assert (found.first, found.last) == (date(2025, 10, 25), date(2025, 11, 30))
    assert found.params["night_kw"] == 5.0


def test_fans_that_start_earlier_are_no_night(make_data: Make) -> None:
    """The clock was set from six to four: the jump has moved, and the nights are as they were."""
    data = make_data()
    earlier = (
        (data.hours["day"] >= "2025-10-06")
        & data.hours["hour"].isin((4, 5))
        & (data.hours["day_type"] != "closed")
    )
    data.hours.loc[earlier, "electricity_kwh"] += 5.0
    assert find(data) == []

"""Rooms by hand: 24 pupils of 6-10 and a teacher, and a flow that makes an even CO2 level."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.generation import people_of
from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from analytics.insights.rooms import air_days
from classroom.places import AgeGroup, Room

Make = Callable[..., SchoolData]

OUTDOOR_PPM = 430.0
PEOPLE = people_of(AgeGroup.AGE_6_10, 24, 24)


def with_rooms(
    data: SchoolData, co2_ppm: dict[str, pd.Series], temperature_c: float | pd.Series = 21.0
) -> SchoolData:
    hours = data.hours
    parts = [
        pd.DataFrame(
            {
                "room": room,
                "hour": hours.index,
                "co2_ppm": ppm,
                "temperature_c": temperature_c,
                "coverage": 1.0,
            }
        )
        for room, ppm in co2_ppm.items()
    ]
    object.__setattr__(data, "rooms", pd.concat(parts, ignore_index=True))
    return data


def level_ppm(data: SchoolData, l_s_person: float) -> pd.Series:
    """CO2 while school is open, had everybody in lessons l_s_person: hand calculation of a day.

    Breathed out in 280 min of lessons; carried away in the 7 hours from eight to three.
    """
    assert PEOPLE is not None
    flow_m3_s = l_s_person / 1000 * PEOPLE.number
    excess = 1e6 * PEOPLE.co2_m3_s * (2 + 5 / 3 + 2) / 7 / flow_m3_s
    hours = data.hours
    school = (hours["day_type"] == "school_day") & hours["hour"].between(8, 14)
    return pd.Series(np.where(school, OUTDOOR_PPM + excess, OUTDOOR_PPM), index=hours.index)


def of_rooms(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.room is not None]


def test_the_days_budget_gives_the_flow_back(make_data: Make) -> None:
    data = make_data(days=30)
    lessons = {
        pd.Timestamp("2025-09-08"): data.timetable.lessons("a1", date(2025, 9, 8)),
        pd.Timestamp("2025-09-13"): [],
    }
    days = air_days(data.site.rooms[0], level_ppm(data, 6.0), lessons)
    assert days["flow_l_s"].tolist() == pytest.approx([6.0])


def test_what_hangs_in_the_room_after_school_was_not_carried_away(make_data: Make) -> None:
    """180 m³ at 500 ppm above outdoors: 0.09 m³ of what was breathed out."""
    assert PEOPLE is not None
    data = make_data(days=30)
    ppm = level_ppm(data, 6.0)
    after = (data.hours["day"] == "2025-09-08") & (data.hours["hour"] == 15)
    ppm[after] = OUTDOOR_PPM + 500
    lessons = {pd.Timestamp("2025-09-08"): data.timetable.lessons("a1", date(2025, 9, 8))}
    breathed_m3 = PEOPLE.co2_m3_s * (2 + 5 / 3 + 2) * 3600
    days = air_days(data.site.rooms[0], ppm, lessons)
    assert days["flow_l_s"].tolist() == pytest.approx([6.0 * (1 - 0.09 / breathed_m3)])


def test_a_room_that_lacks_air_since_a_damper_failed(make_data: Make) -> None:
    data = make_data()
    good, bad = level_ppm(data, 8.0), level_ppm(data, 3.0)
    ppm = good.where(data.hours["day"] < "2025-10-06", bad)
    (found,) = of_rooms(with_rooms(data, {"a1": ppm, "a2": good}))
    assert (found.kind, found.room) == (InsightKind.UNDERVENTILATED_ROOM, "a1")
    assert (found.first, found.ongoing) == (date(2025, 10, 6), True)
    assert found.params["flow_l_s"] == 3.0
    assert found.params["co2_ppm"] == round(float(bad.max()))
    assert (found.year_kwh, found.no_sek) == (None, "no_energy")


@pytest.mark.parametrize("l_s", [5.5, 7.0, 12.0])
def test_enough_air_is_silent(make_data: Make, l_s: float) -> None:
    data = make_data()
    assert of_rooms(with_rooms(data, {"a1": level_ppm(data, l_s)})) == []


def test_a_room_that_was_mended_is_silent(make_data: Make) -> None:
    data = make_data()
    ppm = level_ppm(data, 3.0).where(data.hours["day"] < "2025-10-06", level_ppm(data, 8.0))
    assert of_rooms(with_rooms(data, {"a1": ppm})) == []


def test_who_is_there_is_not_told(make_data: Make) -> None:
    """Then only what is bad whoever is there is told: 1500 ppm, and not 1300."""
    data = make_data()
    rooms = [Room(school="berga", key="a1", name="A1")]
    site = data.site
    object.__setattr__(site, "rooms", rooms)
    object.__setattr__(site, "lessons", ())
    school = (data.hours["day_type"] == "school_day") & data.hours["hour"].between(8, 14)
    for ppm, kinds in ((1500.0, [InsightKind.UNDERVENTILATED_ROOM]), (1300.0, [])):
        series = pd.Series(np.where(school, ppm, OUTDOOR_PPM), index=data.hours.index)
        found = of_rooms(with_rooms(data, {"a1": series}))
        assert [one.kind for one in found] == kinds
        assert all("flow_l_s" not in one.params for one in found)


@pytest.mark.parametrize(
    ("temperature_c", "kind"),
    [
        (25.0, InsightKind.OVERHEATED_ROOM),
        (18.0, InsightKind.COLD_ROOM),
        (23.5, None),
        (19.5, None),
    ],
)
def test_too_warm_and_too_cold(make_data: Make, temperature_c: float, kind: InsightKind | None) -> None:
    data = make_data()
    found = of_rooms(with_rooms(data, {"a1": level_ppm(data, 8.0)}, temperature_c))
    assert [one.kind for one in found] == ([] if kind is None else [kind])
    assert all(one.params["share"] == 1.0 for one in found)


def test_a_warm_september_is_not_the_heating(make_data: Make) -> None:
    data = make_data()
    warm = pd.Series(np.where(data.hours["day"] < "2025-10-01", 27.0, 21.0), index=data.hours.index)
    assert of_rooms(with_rooms(data, {"a1": level_ppm(data, 8.0)}, warm.to_numpy())) == []

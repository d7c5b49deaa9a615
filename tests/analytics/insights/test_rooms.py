"""Rooms by hand: an even CO2 level in lessons, and what the metrics tell of the air a person gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.insights import rooms
from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from classroom.places import Room
from classroom.site import Site

Make = Callable[..., SchoolData]

OUTDOOR_PPM = 430.0
EXCESS_PPM_L_S = 4_400.0  # L/s a person times ppm above outdoors of a class of 6-10 with its teacher, about


def with_rooms(
    data: SchoolData, flow_l_s: dict[str, pd.Series], temperature_c: float | pd.Series = 21.0
) -> SchoolData:
    """``flow_l_s`` is by hour of the school; while it is open CO2 stands where such a flow keeps it."""
    hours = data.hours
    school = (hours["day_type"] == "school_day") & hours["hour"].between(8, 14)
    co2_ppm, days = {}, []
    for room, flow in flow_l_s.items():
        co2_ppm[room] = np.where(school, OUTDOOR_PPM + EXCESS_PPM_L_S / flow, OUTDOOR_PPM)
        by_day = flow[school].groupby(hours["day"][school]).first()
        days.append(
            pd.DataFrame({"room": room, "day": by_day.index, "airflow_l_s_person": by_day.to_numpy()})
        )
    object.__setattr__(data, "room_co2_ppm", pd.DataFrame(co2_ppm, index=hours.index))
    warm = pd.DataFrame(dict.fromkeys(flow_l_s, temperature_c), index=hours.index)
    object.__setattr__(data, "room_temperature_c", warm)
    object.__setattr__(data, "room_days", pd.concat(days, ignore_index=True))
    return data


def always(data: SchoolData, l_s_person: float) -> pd.Series:
    return pd.Series(l_s_person, index=data.hours.index)


def of_rooms(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.room is not None]


def test_a_room_that_lacks_air_since_a_damper_failed(make_data: Make) -> None:
    data = make_data()
    good, bad = always(data, 8.0), always(data, 3.0)
    flow = good.where(data.hours["day"] < "2025-10-06", bad)
    (found,) = of_rooms(with_rooms(data, {"a1": flow, "a2": good}))
    assert (found.kind, found.room) == (InsightKind.UNDERVENTILATED_ROOM, "a1")
    assert (found.first, found.ongoing) == (date(2025, 10, 6), True)
    assert found.params == {"flow_l_s": 3.0, "co2_ppm": round(OUTDOOR_PPM + EXCESS_PPM_L_S / 3)}
    assert (found.year_kwh, found.no_sek) == (None, "no_energy")


@pytest.mark.parametrize(("ppm", "speaks"), [(1150.0, True), (1050.0, False)])
def test_little_air_that_shows_in_no_hour_is_silent(make_data: Make, ppm: float, speaks: bool) -> None:
    """4.5 L/s a person: told from 1100 ppm on."""
    data = with_rooms(make_data(), {"a1": always(make_data(), 4.5)})
    object.__setattr__(data, "room_co2_ppm", data.room_co2_ppm.clip(upper=ppm))
    assert len(of_rooms(data)) == speaks


@pytest.mark.parametrize("l_s", [5.5, 7.0, 12.0])
def test_enough_air_is_silent(make_data: Make, l_s: float) -> None:
    data = make_data()
    assert of_rooms(with_rooms(data, {"a1": always(data, l_s)})) == []


def test_a_room_that_was_mended_is_silent(make_data: Make) -> None:
    data = make_data()
    flow = always(data, 3.0).where(data.hours["day"] < "2025-10-06", 8.0)
    assert of_rooms(with_rooms(data, {"a1": flow})) == []


def test_a_dining_hall_is_judged_by_its_co2(make_data: Make, site: Site) -> None:
    """120 at a sitting: 4.5 L/s a person and 1200 ppm are no lack where nobody stays."""
    lessons = [lesson.model_copy(update={"group_size": 120}) for lesson in site.lessons]
    data = make_data(site=replace(site, lessons=lessons))
    with_rooms(data, {"a1": always(data, 4.5)})
    object.__setattr__(data, "room_co2_ppm", data.room_co2_ppm.clip(upper=1_200.0))
    assert of_rooms(data) == []


@pytest.mark.parametrize("seed", range(12))
def test_what_is_passed_over_would_not_have_spoken(
    make_data: Make, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Rooms about the limits, with gaps and stretches of which no air is told, over a year and a half."""
    random = np.random.default_rng(seed)
    data = make_data(days=500)
    steps = random.choice([3.8, 4.5, 4.9, 5.5, 8.0], size=10, p=[0.2, 0.2, 0.1, 0.2, 0.3])
    flow = pd.Series(
        np.repeat(steps, 50).take(np.arange(len(data.hours)) // 24, mode="clip"), data.hours.index
    )
    with_rooms(data, {"a1": flow * random.uniform(0.9, 1.1, len(flow)), "a2": flow})
    data.room_co2_ppm[random.random(data.room_co2_ppm.shape) < 0.02] = np.nan
    silent = random.random(len(data.room_days)) < random.choice([0.1, 0.6, 0.97])
    data.room_days.loc[silent, "airflow_l_s_person"] = np.nan
    found = of_rooms(data)
    monkeypatch.setattr(rooms, "_has_air_lately", lambda *_: False)
    assert of_rooms(data) == found


def unknown(data: SchoolData) -> SchoolData:
    data.room_days["airflow_l_s_person"] = np.nan
    return data


def test_who_is_there_is_not_told(make_data: Make) -> None:
    """Then only what is bad whoever is there is told: 1500 ppm, and not 1300."""
    data = make_data()
    rooms = [Room(school="berga", key="a1", name="A1")]
    site = data.site
    object.__setattr__(site, "rooms", rooms)
    object.__setattr__(site, "lessons", ())
    for ppm, kinds in ((1500.0, [InsightKind.UNDERVENTILATED_ROOM]), (1300.0, [])):
        found = of_rooms(
            unknown(with_rooms(data, {"a1": always(data, EXCESS_PPM_L_S / (ppm - OUTDOOR_PPM))}))
        )
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
    found = of_rooms(with_rooms(data, {"a1": always(data, 8.0)}, temperature_c))
    assert [one.kind for one in found] == ([] if kind is None else [kind])
    assert all(one.params["share"] == 1.0 for one in found)


def test_a_warm_september_is_not_the_heating(make_data: Make) -> None:
    data = make_data()
    warm = pd.Series(np.where(data.hours["day"] < "2025-10-01", 27.0, 21.0), index=data.hours.index)
    assert of_rooms(with_rooms(data, {"a1": always(data, 8.0)}, warm.to_numpy())) == []

"""A school by hand: 10 kW by night, fans of 5 kW from six to six on open days, 8 kW more while it is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from analytics.insights.data import (
    HOURS_COLUMNS,
    ROOM_DAY_COLUMNS,
    SchoolData,
    Sense,
    calendar_hours,
)
from classroom.places import CalendarRow, Lesson, Room, School, SchoolAttributes
from classroom.quantity import Carrier
from classroom.settings import Settings
from classroom.site import Site
from classroom.tariffs import TariffRow

FIRST = date(2025, 9, 1)

BASE_KW, FANS_KW, LESSONS_KW = 10.0, 5.0, 8.0


def make_site(tariffs: tuple[TariffRow, ...] = (), factors: tuple[str, ...] = ("se-el-eea-2024",)) -> Site:
    """Bergaskolan with two rooms, a höstlov and a Christmas break."""
    return Site(
        settings=Settings(factors={"chosen": factors}),
        schools=[School(key="berga", name="Bergaskolan", latitude=56.0, longitude=12.7)],
        attributes=[
            SchoolAttributes(
                school="berga", valid_from=date(2025, 1, 1), atemp_m2=2000, ventilation_hours="06:00-18:00"
            )
        ],
        rooms=[
            Room(
                school="berga",
                key=key,
                name=f"Sal {key}",
                area_m2=60,
                volume_m3=180,
                persons=24,
                age_group="6-10",
            )
            for key in ("a1", "a2")
        ],
        calendar=[
            CalendarRow(first=date(2025, 8, 18), last=date(2025, 12, 19), day_type="term"),
            CalendarRow(first=date(2026, 1, 8), last=date(2026, 6, 12), day_type="term"),
            CalendarRow(first=date(2026, 8, 17), last=date(2026, 12, 18), day_type="term"),
            CalendarRow(first=date(2025, 10, 27), last=date(2025, 10, 31), day_type="lov"),
            CalendarRow(first=date(2026, 2, 16), last=date(2026, 2, 20), day_type="lov"),
        ],
        lessons=[
            Lesson(school="berga", room=room, weekday=weekday, start=start, end=end, group_size=24)
            for room in ("a1", "a2")
            for weekday in range(1, 6)
            for start, end in (("08:00", "10:00"), ("10:20", "12:00"), ("13:00", "15:00"))
        ],
        tariffs=tariffs,
    )


@pytest.fixture
def site() -> Site:
    return make_site()


@pytest.fixture
def make_data() -> Callable[..., SchoolData]:
    """``make_data(days=…, outdoor_c=5.0, site=…)``: the usual electricity, no heat, no rooms."""

    def make(
        days: int = 120,
        outdoor_c: float | Callable[[pd.DataFrame], pd.Series] = 5.0,
        site: Site | None = None,
        senses: tuple[Sense, ...] = (),
    ) -> SchoolData:
        site = site or make_site()
        last = FIRST + timedelta(days=days - 1)
        hours = calendar_hours(site, "berga", FIRST, last)
        for column in HOURS_COLUMNS:
            if column not in hours:
                hours[column] = np.nan
        hours["outdoor_c"] = outdoor_c(hours) if callable(outdoor_c) else outdoor_c
        school = (hours["day_type"] == "school_day") & (hours["open_h"] > 0)
        hours["electricity_kwh"] = BASE_KW + FANS_KW * hours["fans_h"] + LESSONS_KW * school
        rooms = pd.DataFrame(index=hours.index)
        room_days = pd.DataFrame({name: [] for name in ROOM_DAY_COLUMNS})
        heat = Carrier.DISTRICT_HEAT
        return SchoolData(site, "berga", FIRST, last, hours, rooms, rooms, room_days, heat, senses)

    return make


def between(data: SchoolData, first: str, last: str) -> pd.Series:
    """Hours of the local days ``first`` to ``last``."""
    return (data.hours["day"] >= first) & (data.hours["day"] <= last)

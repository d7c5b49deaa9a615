"""Days of a school: energy, weather of one station, calendar."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from heated import days_between, energy_metric, write_energy, write_weather

from classroom.quantity import Carrier
from classroom.site import Site
from reports.daily import DayMetrics, StationDays, last_full_month, load_days
from reports.dates import Dates
from store.base import Store

HEAT, EL = Carrier.DISTRICT_HEAT, Carrier.ELECTRICITY
MARCH = Dates(date(2025, 3, 28), date(2025, 4, 2))
NOW = datetime.fromisoformat("2025-05-01T09:00:00Z")


def test_a_day_is_local_and_knows_its_hours(store: Store, site: Site) -> None:
    # 30 March has 23 hours, from 23:00 UTC to 22:00 UTC.
    write_weather(store, site, "smhi", days_between(*MARCH), lambda day: float(day.day))
    write_weather(store, site, "far", days_between(*MARCH), lambda _: 1.0, hours=12)
    weather = StationDays(store, site.zone)
    near, half = weather.of("smhi", MARCH), weather.of("far", MARCH)
    assert near["temperature_c"].tolist() == [28, 29, 30, 31, 1, 2]
    assert near["temperature_coverage"].tolist() == [1.0] * 6
    assert half["temperature_coverage"].tolist() == [0.5, 0.5, 12 / 23, 0.5, 0.5, 0.5]
    empty = weather.of("smhi", Dates(date(2020, 1, 1), date(2020, 1, 2)))
    assert empty["temperature_c"].isna().all()
    assert empty["temperature_coverage"].tolist() == [0.0, 0.0]


def test_a_part_of_what_was_read_is_what_reading_the_part_gives(store: Store, site: Site) -> None:
    write_weather(store, site, "smhi", days_between(*MARCH), lambda day: float(day.day))
    store.write_metrics([energy_metric(site, "tagaborg", HEAT, date(2025, 3, 29), 900.0)])
    part = Dates(date(2025, 3, 29), date(2025, 3, 31))
    shared = DayMetrics(store), StationDays(store, site.zone)
    wide = load_days(site, "tagaborg", MARCH, NOW, *shared)
    again = load_days(site, "tagaborg", part, NOW, *shared)
    alone = load_days(site, "tagaborg", part, NOW, DayMetrics(store), StationDays(store, site.zone))
    assert len(wide.weather) == 6
    pd.testing.assert_frame_equal(again.frames[HEAT], alone.frames[HEAT])
    assert again.station == alone.station


def test_a_frame_holds_what_a_fit_needs(store: Store, site: Site) -> None:
    write_weather(store, site, "smhi", days_between(*MARCH))
    store.write_metrics(
        [
            energy_metric(site, "tagaborg", HEAT, date(2025, 3, 28), 900.0, coverage=0.97),
            energy_metric(site, "tagaborg", HEAT, date(2025, 3, 30), None),
        ]
    )
    days = load_days(site, "tagaborg", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone))
    frame = days.frames[HEAT]
    assert list(days.frames) == [EL, HEAT]
    assert [*frame.columns] == [
        "energy_kwh",
        "energy_coverage",
        "temperature_c",
        "temperature_coverage",
        "day_type",
        "sun_kwh_m2",
    ]
    np.testing.assert_array_equal(frame["energy_kwh"], [900.0, *[np.nan] * 5])
    assert frame["energy_coverage"].tolist() == [0.97, 0, 0, 0, 0, 0]
    assert frame["day_type"].tolist() == ["school_day", "closed", "closed", *["school_day"] * 3]
    assert days.frames[EL]["energy_kwh"].isna().all()
    assert days.station is not None
    assert (days.station.key, round(days.station.distance_km, 1)) == ("smhi", 5.4)
    assert days.billed == frozenset()
    assert pd.DatetimeIndex(frame.index)[0] == pd.Timestamp("2025-03-28")


def test_a_running_day_is_not_known(store: Store, site: Site) -> None:
    write_energy(store, site, "garda", HEAT, days_between(*MARCH), lambda _: 10.0)
    now = datetime.fromisoformat("2025-04-01T12:00:00Z")
    days = load_days(site, "garda", MARCH, now, DayMetrics(store), StationDays(store, site.zone))
    assert days.frames[HEAT]["energy_kwh"].notna().sum() == 4


def test_one_station_for_all_days_the_nearest_that_has_them(store: Store, site: Site) -> None:
    days = days_between(*MARCH)
    write_energy(store, site, "garda", HEAT, days, lambda _: 10.0)
    write_weather(store, site, "smhi", days[3:], lambda _: 5.0)
    write_weather(store, site, "far", days, lambda _: 1.0)
    found = load_days(site, "garda", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone))
    assert found.station is not None
    assert found.station.key == "far"
    assert found.frames[HEAT]["temperature_c"].tolist() == [1.0] * 6
    nowhere = load_days(site, "empty", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone))
    assert nowhere.station is None


def test_bills_alone_are_told(store: Store, site: Site) -> None:
    billed = [energy_metric(site, "garda", HEAT, day, None, reason="billed") for day in days_between(*MARCH)]
    store.write_metrics(billed)
    days = load_days(site, "garda", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone))
    assert days.billed == {HEAT}
    store.write_metrics([energy_metric(site, "garda", HEAT, MARCH.first, 5.0)])
    assert (
        load_days(site, "garda", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone)).billed
        == frozenset()
    )


def test_the_last_full_month_waits_for_a_carrier_that_is_late_but_not_for_one_that_ended(
    store: Store, site: Site
) -> None:
    def last(heat_until: date, el_until: date, weather_until: date) -> date | None:
        first = date(2024, 10, 1)
        write_weather(store, site, "smhi", days_between(first, weather_until))
        write_energy(store, site, "tagaborg", HEAT, days_between(first, heat_until), lambda _: 1.0)
        write_energy(store, site, "tagaborg", EL, days_between(first, el_until), lambda _: 1.0)
        dates = Dates(first, date(2025, 4, 30))
        return last_full_month(
            load_days(site, "tagaborg", dates, NOW, DayMetrics(store), StationDays(store, site.zone))
        )

    assert last(date(2024, 10, 31), date(2024, 10, 15), date(2024, 10, 15)) == date(2024, 10, 31)
    assert last(date(2025, 1, 31), date(2024, 12, 31), date(2025, 1, 31)) == date(2024, 12, 31)
    assert last(date(2025, 4, 29), date(2024, 12, 31), date(2025, 4, 30)) == date(2025, 4, 30)


def test_nothing_known_has_no_last_month(store: Store, site: Site) -> None:
    days = load_days(site, "garda", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone))
    assert last_full_month(days) is None
    with pytest.raises(KeyError):
        load_days(site, "nobody", MARCH, NOW, DayMetrics(store), StationDays(store, site.zone))

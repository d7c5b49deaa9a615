"""Bridges between two periods of a school, from what is stored."""

from __future__ import annotations

from datetime import date

import pytest
from heated import (
    FIRST,
    LAST,
    NOW,
    TEXTS,
    days_between,
    energy_metric,
    heat_kwh,
    temperature_c,
    write_energy,
    write_two_years,
    write_weather,
)

from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from reports.bridges import CarrierBridge, effects, school_bridge
from reports.dates import Dates
from reports.fits import Fits
from reports.sources import Lack, Sources
from store.base import Store

HEAT = Carrier.DISTRICT_HEAT
YEARS = Dates(date(2024, 1, 1), date(2024, 12, 31)), Dates(date(2025, 1, 1), date(2025, 12, 31))


def parts(bridge: CarrierBridge) -> dict[str, float]:
    assert bridge.energy is not None, bridge.lacks
    values = [effect.value for effect in effects(bridge.energy)]
    assert sum(values) == pytest.approx(bridge.energy.change)
    return dict(zip(("weather", "calendar", "area", "own_use", "factor"), values, strict=True))


def test_a_saving_is_own_use_and_a_leap_day_is_calendar(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda", saved=0.12)
    found = school_bridge(sources, "garda")
    assert (found.before, found.after) == YEARS
    (heat,) = found.carriers
    assert heat.before_kwh == pytest.approx(sum(heat_kwh(d) for d in days_between(*YEARS[0])))
    told = parts(heat)
    used = sum(heat_kwh(day) for day in days_between(*YEARS[1]))
    assert told["own_use"] == pytest.approx(-0.12 * used, rel=1e-2)
    assert told["calendar"] == pytest.approx(-heat_kwh(date(2024, 12, 31)), rel=0.1)
    assert told["area"] == 0
    assert (found.before_m2, found.after_m2) == (None, None)
    assert parts(found.total) == pytest.approx(told)


def test_a_colder_year_is_weather_and_a_bigger_school_area(store: Store) -> None:
    site = parse_site(
        {
            **TEXTS,
            "school_attributes.csv": "school,valid_from,atemp_m2\n"
            "garda,2020-01-01,4000\ngarda,2025-01-01,5000\n",
        }
    )
    one, two = (days_between(*dates) for dates in YEARS)
    write_weather(store, site, "smhi", one)
    write_weather(store, site, "smhi", two, lambda day: temperature_c(day) - 1)

    def heat(day: date) -> float:
        colder = 1 if day.year == 2025 else 0
        return (1_000 + 50 * max(0.0, 15 - temperature_c(day) + colder)) * (1.25 if colder else 1)

    write_energy(store, site, "garda", HEAT, one + two, heat)
    found = school_bridge(Sources.of(store, site, Fits(), NOW), "garda", *YEARS)
    (line,) = found.carriers
    told = parts(line)
    colder = sum(50 * (max(0.0, 16 - temperature_c(d)) - max(0.0, 15 - temperature_c(d))) for d in two)
    assert told["weather"] == pytest.approx(colder * 1.125, rel=0.05)
    assert told["area"] == pytest.approx(0.25 * sum(heat_kwh(d) for d in one), rel=0.05)
    assert told["own_use"] == pytest.approx(0, abs=0.02 * sum(heat_kwh(d) for d in one))
    (location,) = line.emissions
    assert (location.basis, location.line, location.before.id) == (
        "location",
        "lifecycle",
        "helsingborg-heat-vmk-2020",
    )
    assert location.bridge.change == pytest.approx(
        0.071 * (found.carriers[0].energy or location.bridge).change
    )


def test_a_few_days_without_weather_lie_between_their_neighbours(
    store: Store, site: Site, sources: Sources
) -> None:
    days = days_between(FIRST, LAST)
    write_weather(store, site, "smhi", [day for day in days if (day.month, day.day) != (2, 10)])
    write_energy(store, site, "garda", HEAT, days, heat_kwh)
    assert parts(school_bridge(sources, "garda").carriers[0])["own_use"] == pytest.approx(0, abs=500)


def test_what_is_not_known_whole_has_no_bridge(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda")
    gap = [date(2025, 6, day) for day in range(1, 8)]
    none = [energy_metric(site, "garda", HEAT, day, None) for day in gap]
    store.write_metrics([*none, *(m._replace(metric="energy_unresolved_kwh") for m in none)])
    (heat,) = school_bridge(sources, "garda").carriers
    assert heat.energy is None
    assert heat.after_kwh is None
    assert heat.before_kwh is not None
    assert heat.lacks == (
        Lack("reporting", "energy_incomplete", "known for 98.1% of 2025-01-01..2025-12-31"),
    )
    assert school_bridge(sources, "garda").total.lacks == (Lack(None, "carrier_missing", "district_heat"),)
    assert school_bridge(sources, "empty").total.lacks[0].code == "no_meters"


def test_a_month_is_weighed_with_the_signature_of_its_year(
    store: Store, site: Site, sources: Sources
) -> None:
    write_two_years(store, site, "garda", saved=0.12)
    months = Dates(date(2024, 12, 1), date(2024, 12, 31)), Dates(date(2025, 12, 1), date(2025, 12, 31))
    found = school_bridge(sources, "garda", *months)
    assert found.learned == Dates(date(2024, 1, 2), date(2024, 12, 31))
    used = sum(heat_kwh(day) for day in days_between(*months[1]))
    assert parts(found.carriers[0])["own_use"] == pytest.approx(-0.12 * used, rel=0.05)

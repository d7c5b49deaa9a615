"""Savings of a school from what is stored."""

from __future__ import annotations

import threading
from concurrent.futures import BrokenExecutor, Future
from datetime import date
from typing import Any

import pytest
from heated import (
    FIRST,
    LAST,
    NOW,
    TEXTS,
    days_between,
    energy_metric,
    heat_kwh,
    write_energy,
    write_two_years,
    write_weather,
)

from analytics.savings import Claim
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from reports.bridges import school_bridge
from reports.comparison import CarrierSavings, SchoolSavings, school_savings
from reports.dates import Dates
from reports.expectation import expected_energy
from reports.fits import Fits, here
from reports.signatures import school_signature
from reports.sources import Asked, Lack, OverlapError, Sources, mean_area_m2
from store.base import Store

HEAT, EL = Carrier.DISTRICT_HEAT, Carrier.ELECTRICITY
YEAR_2025 = days_between(date(2025, 1, 1), LAST)


def of(found: SchoolSavings, carrier: Carrier) -> CarrierSavings:
    return next(one for one in found.carriers if one.carrier is carrier)


def test_the_last_twelve_months_against_the_twelve_before(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, saved=0.12)
    found = school_savings(sources, "tagaborg")
    assert found.baseline == Dates(date(2024, 1, 1), date(2024, 12, 31))
    assert found.reporting == Dates(date(2025, 1, 1), date(2025, 12, 31))
    heat = of(found, HEAT)
    would = sum(heat_kwh(day) for day in YEAR_2025)
    assert heat.result.claim is Claim.SAVING
    assert heat.result.counterfactual_kwh == pytest.approx(would, rel=1e-3)
    assert heat.result.saved_kwh == pytest.approx(0.12 * would, rel=1e-2)
    assert heat.lacks == ()
    el = of(found, EL)
    assert (el.result.claim, el.result.reason) == (Claim.NONE, "not_told_from_zero")
    assert el.result.saved_kwh == pytest.approx(0, abs=400)
    assert el.lacks == (Lack(None, "not_told_from_zero", "an interval of 95 % holds 0"),)


def test_the_sum_is_of_all_carriers_and_in_kgco2e_of_the_accounts(
    store: Store, site: Site, sources: Sources
) -> None:
    write_two_years(store, site, saved=0.12)
    found = school_savings(sources, "tagaborg")
    heat, el = of(found, HEAT), of(found, EL)
    assert heat.result.saved_kwh is not None
    assert el.result.saved_kwh is not None
    assert found.total.result.saved_kwh == pytest.approx(heat.result.saved_kwh + el.result.saved_kwh)
    (location, market) = heat.emissions
    assert (location.basis, location.line, location.reason) == ("location", "lifecycle", "factor_of_2020")
    assert location.saved_kgco2e == pytest.approx(heat.result.saved_kwh * 0.071)
    assert location.factors[0].id == "helsingborg-heat-vmk-2020"
    assert (market.saved_kgco2e, market.reason) == (None, "no_factor")
    # Electricity has a direct factor, heat one that cannot be parted: their kgCO2e are not added.
    assert {(one.line, one.saved_kgco2e, one.reason) for one in found.total.emissions} == {
        ("lifecycle", None, "not_of_every_part"),
        ("direct", None, "not_of_every_part"),
    }


def test_a_carrier_without_a_comparison_leaves_no_sum(store: Store, site: Site, sources: Sources) -> None:
    write_weather(store, site, "smhi", days_between(FIRST, LAST))
    write_energy(store, site, "tagaborg", HEAT, days_between(FIRST, LAST), heat_kwh)
    write_energy(store, site, "tagaborg", EL, YEAR_2025, lambda _: 300.0)
    found = school_savings(sources, "tagaborg")
    assert of(found, HEAT).result.saved_kwh is not None
    el = of(found, EL)
    assert el.result.reason == "no_energy"
    assert el.lacks == (Lack("baseline", "no_energy", "no day of 2024-01-01..2024-12-31 has energy"),)
    assert found.total.result.reason == "carrier_missing:electricity"
    assert found.total.result.saved_kwh is None


def test_a_thin_baseline_says_how_thin(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda")
    gap = days_between(date(2024, 3, 1), date(2024, 5, 31))
    store.write_metrics([energy_metric(site, "garda", HEAT, day, None) for day in gap])
    heat = of(school_savings(sources, "garda"), HEAT)
    assert heat.result.claim is Claim.NONE
    assert heat.result.saved_kwh is None
    assert heat.lacks == (
        Lack("baseline", "energy_days_missing", "274 of 366 days"),
        Lack("baseline", "days_without_energy_and_temperature", "274 of 366 days"),
    )
    assert {one.reason for one in heat.emissions} == {"no_saving", "no_factor"}


def test_single_days_that_spoil_a_baseline_are_named(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda")
    wrong = [date(2024, 2, 1), date(2024, 7, 9)]
    store.write_metrics([energy_metric(site, "garda", HEAT, day, 60_000.0) for day in wrong])
    heat = of(school_savings(sources, "garda"), HEAT)
    lack = Lack("baseline", "baseline_spoilt_by_single_days", "2024-02-01, 2024-07-09: unlike all other days")
    assert (heat.result.reason, heat.result.saved_kwh, heat.lacks) == (lack.code, None, (lack,))
    bridge = school_bridge(sources, "garda")
    assert lack in next(one for one in bridge.carriers if one.carrier is HEAT).lacks
    (week,) = expected_energy(sources, "garda", Dates(date(2025, 1, 6), date(2025, 1, 12)))
    assert week.lacks == (lack,)


def test_weather_station_and_bills_that_are_missing_are_named(store: Store, site: Site) -> None:
    days = days_between(FIRST, LAST)
    write_energy(store, site, "garda", HEAT, days, heat_kwh)
    assert (
        of(school_savings(Sources.of(store, site, Fits(), NOW), "garda"), HEAT).result.reason == "no_weather"
    )
    alone = parse_site({**TEXTS, "stations.csv": "", "normal_years.csv": ""})
    sources = Sources.of(store, alone, Fits(), NOW)
    assert of(school_savings(sources, "garda"), HEAT).result.reason == "no_weather_station"
    bills = [energy_metric(site, "tagaborg", HEAT, day, None, reason="billed") for day in days]
    store.write_metrics(bills)
    assert of(school_savings(sources, "tagaborg"), HEAT).result.reason == "bills_only"
    empty = school_savings(sources, "empty")
    assert empty.carriers == ()
    assert empty.total.result.reason == "no_meters"


def test_a_building_of_another_size_is_no_comparison(store: Store) -> None:
    attributes = "school,valid_from,atemp_m2\ngarda,2020-01-01,4000\ngarda,2025-07-02,5000\n"
    site = parse_site({**TEXTS, "school_attributes.csv": attributes})
    write_two_years(store, site, "garda", saved=0.12)
    sources = Sources.of(store, site, Fits(), NOW)
    heat = of(school_savings(sources, "garda"), HEAT)
    assert (heat.result.claim, heat.result.reason) == (Claim.NONE, "area_changed")
    assert heat.result.saved_kwh is None
    # 182 days of 4000 m² and 183 of 5000 m²
    assert heat.lacks == (Lack(None, "area_changed", "from 4000 to 4501 m²"),)
    assert mean_area_m2(site, "garda", Dates(date(2019, 12, 31), LAST)) is None
    assert mean_area_m2(site, "empty", Dates(FIRST, LAST)) is None


def test_a_measure_parts_the_periods(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda", saved=0.12)
    found = school_savings(sources, "garda", Asked(measure=date(2024, 12, 31)))
    assert found.baseline == Dates(date(2024, 1, 1), date(2024, 12, 30))
    assert found.reporting == Dates(date(2025, 1, 1), date(2025, 12, 31))
    assert of(found, HEAT).result.claim is Claim.SAVING
    given = school_savings(sources, "garda", Asked(reporting=Dates(date(2025, 7, 1), LAST)))
    assert given.baseline == Dates(date(2024, 7, 1), date(2025, 6, 30))
    with pytest.raises(OverlapError):
        school_savings(sources, "garda", Asked(Dates(FIRST, LAST), Dates(date(2025, 1, 1), LAST)))


def test_history_that_ended_long_ago_is_compared_too(store: Store, site: Site) -> None:
    write_two_years(store, site, "garda")
    later = Sources.of(store, site, Fits(), NOW.replace(year=2032))
    found = school_savings(later, "garda")
    assert found.reporting == Dates(date(2025, 1, 1), date(2025, 12, 31))
    assert of(found, HEAT).result.claim is Claim.SAVING


class Counting:
    """An executor that counts what it is given, and may be broken."""

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False

    def __call__(self, function: Any, argument: Any, /) -> Future[Any]:
        self.calls += 1
        if self.broken:
            raise BrokenExecutor
        return here(function, argument)


def test_a_fit_is_made_once_and_again_when_a_day_changes(store: Store, site: Site) -> None:
    write_two_years(store, site, "garda")
    counting = Counting()
    fits = Fits(counting)

    def ask() -> None:
        school_savings(Sources.of(store, site, fits, NOW), "garda")

    ask()
    assert counting.calls == 1
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.calls == 1
    store.write_metrics([energy_metric(site, "garda", HEAT, date(2025, 3, 3), 5_000.0)])
    counting.broken = True  # a child that was killed: computed here all the same
    ask()
    assert counting.calls == 2


# Signature


def test_the_signature_is_the_planted_one(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda", saved=0.0)
    found = school_signature(sources, "garda", Dates(date(2025, 1, 1), LAST))
    (heat,) = found.carriers
    assert heat.balance_c == 15.0
    assert heat.slope_w_k == pytest.approx(50 * 1_000 / 24)
    assert heat.base_kwh_d == pytest.approx(1_000, abs=1e-6)
    assert heat.lacks == ()
    assert heat.modelled_kwh.to_list() == pytest.approx([heat_kwh(day) for day in YEAR_2025])
    assert school_signature(sources, "garda").dates == found.dates


def test_a_signature_of_few_days_says_what_a_claim_would_miss(
    store: Store, site: Site, sources: Sources
) -> None:
    write_two_years(store, site, "garda")
    few = school_signature(sources, "garda", Dates(date(2025, 1, 1), date(2025, 1, 10))).carriers[0]
    assert few.signature is None
    assert few.balance_c is None
    assert few.lacks == (Lack(None, "baseline_too_short", "10 days, 329 are needed"),)
    assert school_signature(sources, "empty").carriers == ()


# What a week should have used


def test_a_week_against_its_weather(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "garda", saved=0.12)
    week = Dates(date(2025, 1, 13), date(2025, 1, 19))
    (heat,) = expected_energy(sources, "garda", week)
    assert heat.learned == Dates(date(2024, 1, 1), date(2024, 12, 31))
    expected = sum(heat_kwh(day) for day in days_between(*week))
    assert heat.expected_kwh == pytest.approx(expected, rel=1e-3)
    assert heat.observed_kwh == pytest.approx(0.88 * expected)
    assert heat.days == 7
    assert heat.unusual
    (too_early,) = expected_energy(sources, "garda", Dates(date(2024, 6, 3), date(2024, 6, 9)))
    assert too_early.expected_kwh is None
    assert too_early.lacks[0].code == "energy_days_missing"

"""Degree days and normal-year energy, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

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
    write_weather,
)

from analytics.periods import aggregate
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from reports.fits import Fits
from reports.sources import Sources
from reports.weather_metrics import degree_day_metrics, normal_year_metrics
from store.base import Store

HEAT = Carrier.DISTRICT_HEAT
NAMES = frozenset({"energy_normal_year_kwh", "energy_normal_year_per_m2_kwh"})
ALWAYS = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def local(site: Site, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=site.zone).astimezone(UTC)


def named(metrics: list[Metric], name: str) -> list[Metric]:
    return [metric for metric in metrics if metric.metric == name]


def year_2025(metrics: list[Metric], name: str) -> Metric:
    """The figure of the whole year, which begins on New Year's Eve in UTC."""
    return next(m for m in named(metrics, name) if m.interval is Interval.YEAR and m.time.year == 2024)


def test_degree_days_of_a_week_and_month(store: Store, site: Site, sources: Sources) -> None:
    april = days_between(date(2025, 4, 1), date(2025, 4, 30))
    write_weather(store, site, "smhi", april, lambda day: {1: 5.0, 2: 17.0, 3: 12.0}.get(day.day, 13.0))
    within = local(site, "2025-04-01"), local(site, "2025-04-04")
    found = degree_day_metrics(sources, "tagaborg", Interval.DAY, within)
    now = named(found, "heating_degree_days")
    assert [metric.value for metric in now] == [12.0, 0.0, 5.0]
    assert {(m.unit, m.status, m.coverage, m.method) for m in now} == {
        ("K·d", Status.OK, 1.0, "weather.degree_days/1")
    }
    # April had the limit 12 °C: a mean of 12 counted no more.
    assert [m.value for m in named(found, "heating_degree_days_before_2015")] == [12.0, 0.0, 0.0]
    (month,) = named(degree_day_metrics(sources, "tagaborg", Interval.MONTH, within), "heating_degree_days")
    assert month.value == 12 + 0 + 5 + 27 * 4
    assert degree_day_metrics(sources, "tagaborg", Interval.HOUR, within) == []


def test_missing_days_are_told_and_half_a_month_is_nothing(
    store: Store, site: Site, sources: Sources
) -> None:
    write_weather(store, site, "smhi", days_between(date(2025, 4, 1), date(2025, 4, 20)), lambda _: 7.0)
    write_weather(store, site, "smhi", [date(2025, 4, 21)], lambda _: 7.0, hours=12)
    within = local(site, "2025-04-01"), local(site, "2025-06-01")
    april, may = named(degree_day_metrics(sources, "garda", Interval.MONTH, within), "heating_degree_days")
    assert (april.value, april.status, april.reason) == (200.0, Status.PARTIAL, "days_missing:10")
    assert april.coverage == pytest.approx(20 / 30)
    assert (may.value, may.status) == (None, Status.NO_DATA)


def heated_year(store: Store, site: Site) -> list[Metric]:
    """Two years of heat as the API would ask for them: months and years."""
    days = days_between(FIRST, LAST)
    write_weather(store, site, "smhi", days)
    write_energy(store, site, "tagaborg", HEAT, days, heat_kwh)
    stored = store.read_metrics("tagaborg", Scope.SCHOOL, "tagaborg", Interval.DAY, *ALWAYS)
    return [
        metric
        for interval in (Interval.MONTH, Interval.YEAR)
        for metric in aggregate(stored, interval, site.zone, until=NOW)
    ]


def test_only_what_follows_the_weather_is_corrected(store: Store, site: Site, sources: Sources) -> None:
    found = normal_year_metrics(sources, "tagaborg", heated_year(store, site), NAMES)
    year = next(
        m
        for m in named(found, "energy_normal_year_kwh")
        if m.interval is Interval.YEAR and m.time.year == 2024
    )
    days = days_between(date(2025, 1, 1), LAST)
    energy, base = sum(heat_kwh(day) for day in days), 1_000.0 * 365
    degree_days = sum(max(0.0, 17 - temperature_c(day)) for day in days)
    assert year.value == pytest.approx(base + (energy - base) * 12 * 300 / degree_days, rel=1e-6)
    assert (year.unit, year.method, year.status) == ("kWh", "energy.normal_year/1", Status.OK)
    per_m2 = year_2025(found, "energy_normal_year_per_m2_kwh")
    assert per_m2.value == pytest.approx(year.value / 4_000)
    july = next(m for m in named(found, "energy_normal_year_kwh") if m.time == local(site, "2025-07-01"))
    plain = sum(heat_kwh(day) for day in days_between(date(2025, 7, 1), date(2025, 7, 31)))
    assert (july.value, july.reason) == (pytest.approx(plain), "too_warm_to_correct")


@pytest.mark.parametrize(
    ("file", "text", "value_known", "reason"),
    [
        ("normal_years.csv", "", False, "no_normal_year"),
        (
            "normal_years.csv",
            "station,month,temperature_c\n" + "".join(f"smhi,{month},7\n" for month in range(1, 13)),
            True,
            "normal_from_mean_temperature",
        ),
        ("stations.csv", "", False, "no_normal_year"),
    ],
)
def test_without_a_table_of_normal_degree_days(
    store: Store, site: Site, file: str, text: str, value_known: bool, reason: str
) -> None:
    energy = heated_year(store, site)
    texts = {**TEXTS, file: text}
    if file == "stations.csv":
        texts["normal_years.csv"] = ""
    other = Sources.of(store, parse_site(texts), Fits(), NOW)
    found = normal_year_metrics(other, "tagaborg", energy, NAMES)
    year = next(m for m in found if m.interval is Interval.YEAR)
    assert ((year.value is not None), year.reason) == (value_known, reason)


def test_a_thin_year_has_no_base_load(store: Store, site: Site, sources: Sources) -> None:
    energy = heated_year(store, site)
    gap = days_between(date(2025, 3, 1), date(2025, 5, 31))
    store.write_metrics([energy_metric(site, "tagaborg", HEAT, day, None) for day in gap])
    found = normal_year_metrics(sources, "tagaborg", energy, NAMES)
    year = year_2025(found, "energy_normal_year_kwh")
    assert (year.value, year.reason, year.status) == (None, "no_signature", Status.INSUFFICIENT)

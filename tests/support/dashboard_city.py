"""The city that reports are proven on, on a Wednesday at 11:00, with everything a dashboard shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from analytics.insights.job import replace as replace_insights
from analytics.insights.model import Concern, EnergyPart, Insight, InsightKind, Range
from api.context import ApiContext, PartHealth
from api.live import LiveHub
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from classroom.timetable import Span, day_span
from ingest.letter import NewLetter
from ingest.letters import Letters, Sighting
from ingest.message import Message
from reported_city import GAPPY, WHOLE, made_city
from store.duckdb_store import DuckDBStore

NOW = datetime(2025, 12, 3, 8, 30, tzinfo=UTC)  # a Wednesday, 9:30 in Stockholm, in a lesson
SCHOOL, ROOM = WHOLE, "k01"

_TARGETS = """
[targets]
saving_pct = 5
[reports]
base_year = 2024
target_year = 2030
target_reduction_share = 0.3
"""


def dashboard_context(folder: Path) -> tuple[ApiContext, DuckDBStore]:
    """What the application is handed over that city, at NOW; the store is to be closed."""
    city = made_city(folder)
    site = parse_site({**city.texts, "classroom.toml": city.texts["classroom.toml"] + _TARGETS})
    store = DuckDBStore(folder / "classroom.duckdb", memory_limit_mb=300)
    store.write_readings(list(_today()))
    store.write_metrics(list(_hourly_meter(site)))
    replace_insights(store, SCHOOL, [_heating_in_holidays()])
    registry = CollectorRegistry()
    _count(registry)
    live = LiveHub(lambda: site, registry)
    live.seed(store, NOW)
    letters = _letters(folder / "letters.sqlite")
    context = ApiContext(
        site=lambda: site,
        store=store,
        clock=lambda: NOW,
        live=live,
        letters=letters,
        sightings=letters,
        health=lambda: [PartHealth("broker", True, "connected"), PartHealth("spool", False, "full")],
        registry=registry,
    )
    return context, store


def _today() -> Iterator[Reading]:
    """The last day of the room's sensor up to NOW, stuffy in the running lesson; the other school is "
    "silent."""
    for minutes in range(0, 26 * 60, 10):
        at = NOW - timedelta(minutes=minutes)
        ripple = math.sin(minutes)
        yield Reading(f"{SCHOOL}/air", "co2_ppm", at, (1_520 if minutes < 30 else 600) + 10 * ripple)
        yield Reading(f"{SCHOOL}/air", "temperature_c", at, 21 + 0.2 * ripple)
        yield Reading(f"{SCHOOL}/air", "humidity_pct", at, 34 + ripple)
        yield Reading(f"{SCHOOL}/air", "battery_pct", at, 15)


def _hourly_meter(site: Site) -> Iterator[Metric]:
    """What a meter read by the hour would add in November: hours, base load, peak, energy while closed; and
    upstream emissions, whose factors the city has not chosen."""

    def metric(
        interval: Interval, span: Span, name: str, value: float, unit: str, basis: str | None
    ) -> Metric:
        return Metric(
            *(*span, interval, SCHOOL, Scope.SCHOOL, SCHOOL, name, Carrier.ELECTRICITY, basis, value),
            *(None, None, unit, 1.0, Status.OK, None, "energy.profile/1", (), "hand"),
        )

    for number in range(1, 31):
        start, end = day_span(date(2025, 11, number), site.zone)
        for hour in range(24):
            at = start + timedelta(hours=hour)
            kwh = 20.0 if 7 <= hour < 16 else 6.0
            yield metric(Interval.HOUR, (at, at + timedelta(hours=1)), "energy_kwh", kwh, "kWh", None)
        for name, value, unit, basis in (
            ("out_of_hours_kwh", 90.0, "kWh", None),
            ("base_load_kw", 6.0, "kW", None),
            ("peak_kw", 20.0, "kW", None),
            ("emissions_upstream_kgco2e", 1.5, "kgCO2e", "location"),
            ("emissions_upstream_unresolved_kgco2e", 0.0, "kgCO2e", "location"),
        ):
            yield metric(Interval.DAY, (start, end), name, value, unit, basis)


def _heating_in_holidays() -> Insight:
    energy = Range(value=3_200, low=2_500, high=4_000)
    part = EnergyPart(carrier=Carrier.DISTRICT_HEAT, seen_kwh=energy, year_kwh=energy)
    return Insight(
        key="heating_in_holidays.2025-10-27",
        kind=InsightKind.HEATING_IN_HOLIDAYS,
        concern=Concern.ENERGY,
        school=SCHOOL,
        meter="fjarrvarme",
        first=date(2025, 10, 27),
        last=date(2025, 10, 31),
        ongoing=True,
        energy=(part,),
        year_kwh=energy,
        year_kgco2e=energy * 0.071,
        params={"breaks": 2.0, "warmer_k": 1.4},
        method="insights.nights/1",
        until=date(2025, 12, 2),
    )


def _letters(path: Path) -> Letters:
    letters = Letters(path)
    heard = NOW - timedelta(minutes=2)
    sightings = [
        Sighting(f"{SCHOOL}/air", "elsys", NOW - timedelta(days=30), heard, "application/1/a", 900),
        Sighting("a81758fffe0312ab", "elsys", NOW - timedelta(days=1), heard, "application/1/b", 12),
    ]
    message = Message("zigbee2mqtt/sal7", b"{", NOW - timedelta(minutes=20))
    letters.write("spool", 1, [NewLetter(1, message, 1, "not_json")], sightings)
    return letters


def _count(registry: CollectorRegistry) -> None:
    """Counters as the ingester has them."""
    for name in ("messages_received", "readings_stored", "readings_duplicate"):
        Counter(f"classroom_{name}", name, registry=registry).inc(7)
    for name in ("spool_depth", "spool_bytes"):
        Gauge(f"classroom_{name}", name, registry=registry).set(3)


__all__ = ["GAPPY", "NOW", "ROOM", "SCHOOL", "dashboard_context"]

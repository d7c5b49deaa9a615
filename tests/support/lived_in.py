"""What a made-up school has besides its day and week: nights, hours of electricity, noise, particles, solar
electricity, and findings of every kind with what shows them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

from analytics.insights.evidence import line
from analytics.insights.job import replace
from analytics.insights.model import CONCERNS, Evidence, EvidenceLine, Insight, InsightKind, Range
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import DayType
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.site import Site
from classroom.timetable import day_span
from store.base import HOUR_COLUMNS
from store.duckdb_store import DuckDBStore

THURSDAY = date(2026, 11, 19)
_HOUR = timedelta(hours=1)


def live_in(store: DuckDBStore, site: Site) -> None:
    """Fill Tågaborgsskolan with all of it."""
    quiet_nights(store, ("a101", "a102", "a103", "slojd"))
    store.write_metrics(
        [*electricity_hours(site, days_before(THURSDAY, 30)), *solar_days(site, days_before(THURSDAY, 30))]
    )
    for day in days_before(THURSDAY, 5):
        store.write_readings([*noise(site, "a101", day), *particles(site, "musik", day)])
    for device in ("a101", "musik"):
        roll_up(store, site, device)
    replace(store, "tagaborg", findings())


def days_before(day: date, count: int) -> list[date]:
    """The ``count`` days before ``day``, the first one first."""
    return [day - timedelta(days=back) for back in range(count, 0, -1)]


def quiet_nights(store: DuckDBStore, devices: Iterable[str]) -> None:
    """A fortnight of empty nights at 420 ppm, so that each sensor shows what it reads in outdoor air."""
    hours = [
        datetime(2026, 11, 5, tzinfo=UTC) + timedelta(days=day, hours=hour)
        for day in range(15)
        for hour in (0, 1, 2, 3, 22, 23)
    ]
    frame = pd.DataFrame({"hour": pd.DatetimeIndex(hours)})
    for device in devices:
        rows = frame.assign(device=device, quantity="co2_ppm", count=12, coverage=1.0, flagged=0)
        for name in ("mean", "min", "max", "first", "last"):
            rows[name] = 420.0
        rows = rows.assign(first_time=rows["hour"], last_time=rows["hour"], inputs_hash=1)
        store.write_hours(rows[list(HOUR_COLUMNS)])


def power_kw(hour: int, day_type: DayType) -> float:
    """Mean electric power [kW] of a local hour: a base of 14 kW, a day that peaks at 11, a kitchen."""
    if day_type is not DayType.SCHOOL_DAY:
        return 14.0 + 2 * math.sin(hour)
    day = 38 * max(0.0, math.sin((hour - 5) / 13 * math.pi)) if 5 <= hour < 18 else 0.0
    return 14.0 + day + (12 if 9 <= hour <= 11 else 0)


def electricity_hours(site: Site, days: Iterable[date]) -> list[Metric]:
    """Electricity of each hour, and the day of those before the week that others have written."""
    found = []
    for day in days:
        start, end = day_span(day, site.zone)
        kind = site.timetable("tagaborg").day_type(day)
        hours = [
            _energy(
                start + n * _HOUR,
                start + (n + 1) * _HOUR,
                Interval.HOUR,
                power_kw((start + n * _HOUR).astimezone(site.zone).hour, kind),
            )
            for n in range(round((end - start) / _HOUR))
        ]
        found += hours
        if day < date(2026, 11, 16) and day > date(2026, 10, 31):
            found.append(_energy(start, end, Interval.DAY, sum(one.value or 0.0 for one in hours)))
    return found


def solar_days(site: Site, days: Iterable[date]) -> list[Metric]:
    """What the roof made each day [kWh]: a grey November."""
    found = []
    for day in days:
        start, end = day_span(day, site.zone)
        made = _energy(start, end, Interval.DAY, 18.0 + 3.5 * (day.day % 5), Carrier.SOLAR)
        found.append(made._replace(metric="produced_kwh"))
    return found


def _energy(
    start: datetime,
    end: datetime,
    interval: Interval,
    kwh: float,
    carrier: Carrier = Carrier.ELECTRICITY,
) -> Metric:
    return Metric(
        time=start,
        period_end=end,
        interval=interval,
        school="tagaborg",
        scope=Scope.SCHOOL,
        id="tagaborg",
        metric="energy_kwh",
        carrier=carrier,
        basis=None,
        value=kwh,
        low=None,
        high=None,
        unit="kWh",
        coverage=1.0,
        status=Status.OK,
        reason=None,
        method="energy.registers/2",
        factors=(),
        fingerprint="lived",
    )


def noise(site: Site, device: str, day: date) -> list[Reading]:
    """Sound level [dB(A)] every five minutes from 7 to 17: loudest at lunch."""
    return [
        Reading(device, "noise_db", at, 42.0 + 14 * math.exp(-(((minute - 285) / 90) ** 2)) + minute % 7)
        for minute, at in _minutes(site, day)
    ]


def particles(site: Site, device: str, day: date) -> list[Reading]:
    """PM2.5 [µg/m³] every five minutes from 7 to 17: cars at a quarter to eight."""
    return [
        Reading(device, "pm25_ug_m3", at, 4.0 + 15 * math.exp(-(((minute - 45) / 25) ** 2)))
        for minute, at in _minutes(site, day)
    ]


def _minutes(site: Site, day: date) -> list[tuple[int, datetime]]:
    start = datetime.combine(day, time(7), site.zone).astimezone(UTC)
    return [(minute, start + timedelta(minutes=minute)) for minute in range(0, 600, 5)]


def roll_up(store: DuckDBStore, site: Site, device: str) -> None:
    """Hourly rollups of a device's days before Thursday."""
    days = days_before(THURSDAY, 5)
    start, end = day_span(days[0], site.zone)[0], day_span(days[-1], site.zone)[1]
    readings = store.read_readings([device], ["noise_db", "pm25_ug_m3"], start, end)
    changed = readings.assign(hour=readings["time"].dt.floor("h"))[["device", "hour"]].drop_duplicates()
    hours = store.compute_hours(changed, {device: 300})
    store.write_hours(hours[hours["quantity"].isin(["noise_db", "pm25_ug_m3"])])


def findings() -> list[Insight]:
    """One finding of every kind, the first with everything that evidence can hold."""
    return [_finding(kind, rank) for rank, kind in enumerate(InsightKind, start=1)]


PARAMS: dict[str, float | str] = {
    "band_high_c": 24.0, "base_kw": 4.5, "closed_kwh_d": 300, "co2_ppm": 1_450, "cold_c": 8.0, "day_c": 21.5,
    "days": 41.0, "detail": "", "device": "a101", "excess_k": 1.2, "fans_kw": 9.5, "flow_l_s": 3.9,
    "good_r2": 0.7, "good_share": 0.5, "heat_kwh": 4_000, "holidays": 3.0, "indoor_c": 22.9, "kwh": 5_200,
    "kwh_per_k": 9_000, "limit_c": 24.0, "more_share": 0.14, "night_c": 21.4, "night_kw": 23.5,
    "opens": "08:00",
    "peak_kw": 96.0, "r2": 0.41, "reference_c": 21.0, "school_kwh_d": 340, "share": 0.68, "spare_h": 3.0,
    "starts": "02:00", "usual_kw": 71.0, "warmer_k": 1.4, "when_most": "weekends", "last": "2026-11-15",
    "since": "2026-11-15", "quantity": "co2_ppm", "verdict": "drift", "room_c": 22.8, "excess_c": 1.4,
}  # fmt: skip
"""Every figure that any text of a finding may ask for."""


def _finding(kind: InsightKind, rank: int) -> Insight:
    first, last = date(2026, 1, 12), date(2026, 11, 18)
    concern = CONCERNS[kind]
    energy = Range(value=9_800.0 / rank, low=8_100.0 / rank, high=11_900.0 / rank)
    return Insight(
        key=f"{kind}.{first}",
        kind=kind,
        concern=concern,
        school="tagaborg",
        room="a103" if concern in ("air", "comfort") or kind is InsightKind.SENSOR_SILENT else None,
        device="a103" if kind in (InsightKind.SENSOR_SILENT, InsightKind.SENSOR_UNTRUSTED) else None,
        meter="el" if kind is InsightKind.METER_SILENT else None,
        rank=rank,
        first=first,
        last=last,
        ongoing=rank % 3 > 0,
        year_kwh=energy if concern == "energy" else None,
        year_sek=energy if concern == "energy" else None,
        params=PARAMS,
        evidence=_evidence(kind),
        method="insights.test/1",
        until=last,
    )


def _evidence(kind: InsightKind) -> Evidence:
    days = pd.date_range("2025-10-20", "2026-11-18")
    night = pd.Series([14.0 if day < pd.Timestamp(2026, 1, 12) else 23.5 for day in days], days)
    night.iloc[100:112] = float("nan")
    if CONCERNS[kind] == "measuring":
        return Evidence(
            columns=("device", "last_good", "verdict"), rows=(("a103", "2026-11-15T10:02:00Z", ""),)
        )
    if kind in (InsightKind.OUT_OF_HOURS, InsightKind.SOLAR_UNUSED, InsightKind.HEATING_STARTS_EARLY):
        names = {
            InsightKind.OUT_OF_HOURS: ("school_days", "closed_days"),
            InsightKind.SOLAR_UNUSED: ("fed_out", "made"),
        }
        return Evidence(
            lines=tuple(
                EvidenceLine(
                    name=name,
                    unit="kWh" if len(name) > 0 and kind is not InsightKind.HEATING_STARTS_EARLY else "kW",
                    points=tuple(
                        (f"{hour:02d}:00", power_kw(hour, DayType.CLOSED if at else DayType.SCHOOL_DAY))
                        for hour in range(24)
                    ),
                )
                for at, name in enumerate(names.get(kind, ("heat_power",)))
            )
        )
    warmth = pd.Series([20.5 + 1.5 * math.sin(n / 9) for n in range(len(days))], days)
    return Evidence(
        lines=(line("night_power", "kW", night),)
        if kind is InsightKind.VENTILATION_AT_NIGHT
        else (line("indoor_temperature", "°C", warmth, 1), line("outdoor_temperature", "°C", warmth - 14, 1))
        if CONCERNS[kind] == "comfort"
        else (line("highest_co2", "ppm", warmth * 60, 0), line("air_per_person", "L/s", warmth / 4, 1))
        if CONCERNS[kind] == "air"
        else (
            line("heat", "kWh", 4_000 - warmth * 100, 0),
            line("outdoor_temperature", "°C", warmth - 14, 1),
        ),
        marked=((date(2026, 1, 12), date(2026, 11, 18)),),
        columns=("from", "to", "night_kw", "fans_kw", "base_kw"),
        rows=(("2026-01-12", "2026-11-18", 23.5, 9.5, None),),
    )

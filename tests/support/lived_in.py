"""What a made-up school has besides its day and week: nights, hours of electricity, noise, particles, solar
electricity, and findings of every kind with what shows them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
from made_up_findings import findings

from analytics.insights.job import replace
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
    store.write_metrics(occupied_days(site))
    replace(store, "tagaborg", findings())


def days_before(day: date, count: int) -> list[date]:
    """The ``count`` days before ``day``, the first one first."""
    return [day - timedelta(days=back) for back in range(count, 0, -1)]


def occupied_days(site: Site) -> list[Metric]:
    """Occupied hours and the share of them above 1000 ppm, Monday to Wednesday."""
    shares = {"a101": 0.0, "a102": 0.31, "a103": 0.74, "slojd": 0.62, "bibliotek": 0.04}
    found = []
    for day in days_before(THURSDAY, 3):
        start, end = day_span(day, site.zone)
        model = _energy(start, end, Interval.DAY, 4.75)._replace(
            scope=Scope.ROOM, metric="occupied_h", carrier=None, unit="h", method="indoor.room_day/1"
        )
        for room, share in shares.items():
            found += [
                model._replace(id=room, coverage=0.97),
                model._replace(id=room, metric="co2_above_limit_share", value=share, unit="1", coverage=0.97),
            ]
    return found


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

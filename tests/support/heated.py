"""Years of a heated school with the weather of a station, in a real store, so plain that sums can be done by
hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.timetable import day_span
from store.base import HOUR_COLUMNS, Store

TEXTS = {
    "classroom.toml": '[site]\nkey = "city"\n[factors]\n'
    'chosen = ["se-el-eea-2024", "se-el-ei-residual-2023", "helsingborg-heat-vmk-2020"]\n',
    "schools.csv": "key,name,municipality,latitude,longitude\n"
    "tagaborg,Tågaborgsskolan,Helsingborg,56.05,12.69\n"
    "garda,Gårdaskolan,Helsingborg,56.06,12.70\n"
    "empty,Tomma skolan,,,\n",
    "school_attributes.csv": "school,valid_from,atemp_m2\ntagaborg,2020-01-01,4000\n",
    "meters.csv": "school,key,name,carrier\n"
    "tagaborg,heat,Värme,district_heat\ntagaborg,el,El,electricity\ngarda,heat,Värme,district_heat\n",
    "stations.csv": "key,name,latitude,longitude\nsmhi,Helsingborg A,56.03,12.77\nfar,Lund,55.69,13.23\n",
    "normal_years.csv": "station,month,temperature_c,degree_days\n"
    + "".join(f"smhi,{month},{8 - 8 * (month in (1, 2, 12))},{300}\n" for month in range(1, 13)),
}
"""A site with two schools that have meters; the nearest station to both is ``smhi``, 5 km away."""

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
_HOUR = timedelta(hours=1)
NOW = datetime.fromisoformat("2026-01-10T09:00:00Z")


def days_between(first: date, last: date) -> list[date]:
    """Every day, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def temperature_c(day: date) -> float:
    """A plain year: 8 °C on average, 10 K up and down, and a wiggle of 3 K; the same every year."""
    number = min(day.timetuple().tm_yday, 365)
    return 8 - 10 * float(np.cos(2 * np.pi * (number - 20) / 365)) + 3 * float(np.sin(number * 1.7))


def heat_kwh(day: date, saved: float = 0.0) -> float:
    """1000 kWh and 50 kWh for each kelvin below 15 °C; less by ``saved`` from 2025 on."""
    return (1_000 + 50 * max(0.0, 15 - temperature_c(day))) * (1 - saved * (day.year >= 2025))


def write_weather(
    store: Store,
    site: Site,
    station: str,
    days: list[date],
    of_day: Callable[[date], float] = temperature_c,
    hours: int = 25,
) -> None:
    """Hourly rollups of a station, the same temperature all day; of the first ``hours`` of each day."""
    spans = [day_span(day, site.zone) for day in days]
    counts = [min(hours, (end - start) // _HOUR) for start, end in spans]
    starts = np.repeat(np.array([start.replace(tzinfo=None) for start, _ in spans], "datetime64[us]"), counts)
    steps = np.concatenate([np.arange(count) for count in counts])
    hour = pd.DatetimeIndex(starts + steps * np.timedelta64(1, "h")).tz_localize("UTC")
    value = np.repeat([of_day(day) for day in days], counts)
    frame = pd.DataFrame(
        {
            "device": station,
            "quantity": "outdoor_temperature_c",
            "hour": hour,
            "mean": value,
            "min": value,
            "max": value,
            "count": 1,
            "first": value,
            "first_time": hour,
            "last": value,
            "last_time": hour,
            "coverage": 1 / 6,
            "flagged": 0,
            "inputs_hash": 1,
        }
    )
    store.write_hours(frame[list(HOUR_COLUMNS)])


def energy_metric(
    site: Site,
    school: str,
    carrier: Carrier,
    day: date,
    kwh: float | None,
    *,
    coverage: float = 1.0,
    reason: str | None = None,
    metric: str = "energy_kwh",
) -> Metric:
    """A school's energy of a local day."""
    start, end = day_span(day, site.zone)
    return Metric(
        time=start,
        period_end=end,
        interval=Interval.DAY,
        school=school,
        scope=Scope.SCHOOL,
        id=school,
        metric=metric,
        carrier=carrier,
        basis=None,
        value=kwh,
        low=None,
        high=None,
        unit="kWh",
        coverage=0.0 if kwh is None else coverage,
        status=Status.NO_DATA if kwh is None else Status.OK,
        reason=reason,
        method="energy.registers/1",
        factors=(),
        fingerprint="f",
    )


def write_energy(
    store: Store, site: Site, school: str, carrier: Carrier, days: list[date], of_day: Callable[[date], float]
) -> None:
    """Energy of each day, and that all of it is known."""
    of_days = [energy_metric(site, school, carrier, day, of_day(day)) for day in days]
    known = [one._replace(metric="energy_unresolved_kwh", value=0.0) for one in of_days]
    store.write_metrics([*of_days, *known])


def write_two_years(store: Store, site: Site, school: str = "tagaborg", saved: float = 0.12) -> None:
    """Heat that saves in 2025 and electricity that does not change, with weather."""
    days = days_between(FIRST, LAST)
    write_weather(store, site, "smhi", days)
    write_energy(store, site, school, Carrier.DISTRICT_HEAT, days, lambda day: heat_kwh(day, saved))
    if school == "tagaborg":
        write_energy(store, site, school, Carrier.ELECTRICITY, days, lambda day: 300.0 + 10 * (day.day % 2))

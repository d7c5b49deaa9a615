"""What energy costs by a tariff, and what a saving is worth: SEK without VAT, never without a tariff.

SEK = Σ kWh · (energy + tax) + Σ months · peak kW · power price + Σ m³ · flow price. Rows that hold in an
hour are added (:mod:`classroom.tariffs`). What does not follow use (fixed) is no part of a saving.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from classroom.tariffs import PER_KWH, Component, TariffRow, in_force
from classroom.timetable import parse_hours

Floats = npt.NDArray[np.float64]


def price_sek_kwh(
    rows: Sequence[TariffRow],
    hours: pd.DatetimeIndex,
    zone: ZoneInfo,
    components: Iterable[Component] = PER_KWH,
) -> Floats:
    """Price of a kWh in each UTC hour [SEK/kWh], ``(n,)``; NaN where no row of ``components`` is in force.

    An hour that begins inside a row's hours pays it whole.
    """
    wanted = [row for row in rows if row.component in set(components)]
    local = hours.tz_convert(zone)
    day_number, days = pd.factorize(local.date)
    minute = local.hour.to_numpy() * 60 + local.minute.to_numpy()
    price = np.full(len(hours), np.nan)
    for number, day in enumerate(days):
        valid = in_force(wanted, day)
        if not valid:
            continue
        at = day_number == number
        price[at] = sum((_at_minutes(row, day, minute[at]) for row in valid), np.zeros(int(at.sum())))
    return price


def power_sek(rows: Sequence[TariffRow], kwh: pd.Series, zone: ZoneInfo) -> dict[str, float]:
    """Power charge of each local month [SEK], from hourly energy (UTC); months as 2026-01.

    The rows in force on the month's last day that has energy; months without readings are absent.
    """
    known = kwh.dropna()
    local = pd.DatetimeIndex(known.index).tz_convert(zone)
    found = {}
    for month, within in known.groupby(local.strftime("%Y-%m")):
        of_month = pd.DatetimeIndex(within.index).tz_convert(zone)
        last = of_month[-1].date()
        valid = [row for row in in_force(rows, last) if row.component is Component.POWER]
        found[str(month)] = sum(row.price_sek * peak_kw(row, within, zone) for row in valid)
    return found


def peak_kw(row: TariffRow, kwh: pd.Series, zone: ZoneInfo) -> float:
    """The power that ``row`` charges for a month's hourly energy: mean of its highest, a day each [kW]."""
    local = pd.DatetimeIndex(kwh.index).tz_convert(zone)
    day = pd.Index(local.date)
    minute = local.hour.to_numpy() * 60 + local.minute.to_numpy()
    counted = np.zeros(len(kwh), dtype=bool)
    for one in day.unique():
        at = np.asarray(day == one)
        counted[at] = _at_minutes(row, one, minute[at]) != 0 if row.price_sek else False
    inside = kwh[counted]
    if inside.empty:
        return 0.0
    by_day = inside.groupby(day[counted])
    powers = by_day.max() if row.peak_of == "hour" else by_day.mean()
    return float(powers.nlargest(row.peaks).mean())


def saving_sek(
    rows: Sequence[TariffRow],
    used_kwh: pd.Series,
    saved_kwh: pd.Series,
    zone: ZoneInfo,
    flow_m3: pd.Series | None = None,
) -> float | None:
    """What using ``saved_kwh`` less would have cost less [SEK]; None without a price for all of it.

    All by UTC hour. The power charge falls by what the months' peaks fall; of the water of district heating
    (``flow_m3``; not known: not priced) the part that the saved heat was of the hour's.
    """
    saved = saved_kwh[saved_kwh != 0].dropna()
    if saved.empty:
        return 0.0 if rows else None
    price = price_sek_kwh(rows, pd.DatetimeIndex(saved.index), zone)
    if np.isnan(price).any():
        return None
    energy = float((saved.to_numpy(np.float64) * price).sum())
    if flow_m3 is not None:
        energy += _flow_sek(rows, used_kwh, saved, flow_m3, zone)
    if all(row.component is not Component.POWER for row in rows):
        return energy
    before = power_sek(rows, used_kwh, zone)
    after = power_sek(rows, used_kwh - saved_kwh.reindex(used_kwh.index).fillna(0.0), zone)
    return energy + sum(before[month] - after[month] for month in before)


def _flow_sek(
    rows: Sequence[TariffRow], used_kwh: pd.Series, saved: pd.Series, flow_m3: pd.Series, zone: ZoneInfo
) -> float:
    used = used_kwh.reindex(saved.index)
    part = (saved / used.where(used > 0)).clip(lower=0, upper=1)
    price = price_sek_kwh(rows, pd.DatetimeIndex(saved.index), zone, (Component.FLOW,))
    return float(np.nansum((part * flow_m3.reindex(saved.index)).to_numpy(np.float64) * price))


def _at_minutes(row: TariffRow, day: date, minute: npt.NDArray[np.int64]) -> Floats:
    """The row's price at these minutes of local ``day``; 0 outside its season, weekdays and hours."""
    if not row.holds_on(day):
        return np.zeros(len(minute))
    if row.hours is None:
        return np.full(len(minute), row.price_sek)
    begin, end = (at.hour * 60 + at.minute for at in parse_hours(row.hours))
    return np.where((minute >= begin) & (minute < end), row.price_sek, 0.0)

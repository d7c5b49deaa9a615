"""What energy costs by a tariff, and what a saving is worth: SEK without VAT, never without a tariff.

SEK = Σ kWh · (energy + tax) + Σ months · peak kW · power price + Σ m³ · flow price. Rows that hold in an
hour are added (:mod:`classroom.tariffs`). What does not follow use (fixed) is no part of a saving.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
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
    times = _Local.of(hours, zone)
    price, told = np.zeros(len(hours)), np.zeros(len(hours), dtype=bool)
    valid = [{id(row) for row in in_force(wanted, day)} for day in times.days]
    for row in wanted:
        mine = np.array([id(row) in of_day for of_day in valid], dtype=bool)[times.number]
        price += np.where(mine, times.price_of(row), 0.0)
        told |= mine
    return np.where(told, price, np.nan)


def power_sek(rows: Sequence[TariffRow], kwh: pd.Series, zone: ZoneInfo) -> dict[str, float]:
    """Power charge of each local month [SEK], from hourly energy (UTC); months as 2026-01.

    The rows in force on the month's last day that has energy; months without readings are absent.
    """
    known = kwh.dropna()
    times = _Local.of(pd.DatetimeIndex(known.index), zone)
    charged = [row for row in rows if row.component is Component.POWER]
    highest = {id(row): _peaks_kw(row, known.to_numpy(np.float64), times) for row in charged}
    last = {f"{day:%Y-%m}": day for day in sorted(times.days)}
    return {
        month: sum(row.price_sek * highest[id(row)].get(month, 0.0) for row in in_force(charged, day))
        for month, day in last.items()
    }


def peak_kw(row: TariffRow, kwh: pd.Series, zone: ZoneInfo) -> float:
    """The power that ``row`` charges for a month's hourly energy: mean of its highest, a day each [kW]."""
    times = _Local.of(pd.DatetimeIndex(kwh.index), zone)
    return next(iter(_peaks_kw(row, kwh.to_numpy(np.float64), times).values()), 0.0)


def _peaks_kw(row: TariffRow, kwh: Floats, times: _Local) -> dict[str, float]:
    """The power that ``row`` charges for in each local month in which it charges for any hour [kW]."""
    counted = times.price_of(row) != 0
    number, known = times.number[counted], kwh[counted]
    highest = np.full(len(times.days), -np.inf)
    np.maximum.at(highest, number, known)
    count = np.bincount(number, minlength=len(times.days))
    if row.peak_of == "day":
        highest = np.bincount(number, known, len(times.days)) / np.maximum(count, 1)
    of_month: dict[str, list[float]] = {}
    for at in np.flatnonzero(count).tolist():
        of_month.setdefault(f"{times.days[at]:%Y-%m}", []).append(float(highest[at]))
    return {
        month: float(np.mean(sorted(of_days, reverse=True)[: row.peaks]))
        for month, of_days in of_month.items()
    }


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


class _Local(NamedTuple):
    """Hours in local time: the ``number`` of each one's day among the ``days``, and its minute there."""

    number: npt.NDArray[np.int64]
    days: list[date]
    minute: npt.NDArray[np.int64]

    @classmethod
    def of(cls, hours: pd.DatetimeIndex, zone: ZoneInfo) -> _Local:
        """The hours by ``zone``."""
        local = hours.tz_convert(zone)
        number, days = pd.factorize(local.tz_localize(None).normalize())
        minute = local.hour.to_numpy() * 60 + local.minute.to_numpy()
        return cls(np.asarray(number, dtype=np.int64), [day.date() for day in days], minute.astype(np.int64))

    def price_of(self, row: TariffRow) -> Floats:
        """The row's price in each hour; 0 outside its season, weekdays and hours."""
        inside = np.array([row.holds_on(day) for day in self.days], dtype=bool)[self.number]
        if row.hours is not None:
            begin, end = (at.hour * 60 + at.minute for at in parse_hours(row.hours))
            inside &= (self.minute >= begin) & (self.minute < end)
        return np.where(inside, row.price_sek, 0.0)

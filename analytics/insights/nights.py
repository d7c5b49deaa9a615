"""Findings about what runs at night: ventilation that does not stop, and a base load that rose."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.insights.added_heat import added_heat
from analytics.insights.data import SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found, Waste, waste_of
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.night_levels import LEAST_SHARE, Split
from classroom.quantity import Carrier

METHOD = "insights.nights/2"

_REFERENCE_DAYS = 14  # a level that lasted so long may be what is usual
_COMES, _GOES = (10, 11, 12), (2, 3, 4)  # months in which what follows the cold begins and ends
_STILL_NOW = pd.Timedelta(days=7)


def night_findings(
    data: SchoolData,
    parts: list[Split],
    power_kw: pd.Series,
    left_out: pd.DatetimeIndex,
) -> list[Found]:
    """Ventilation at night and a risen base load; ``left_out`` are the days of other findings about heat."""
    return [
        *(_ventilation(data, stretch, power_kw, left_out) for stretch in fan_stretches(parts)),
        *(_base_load(data, stretch, low, power_kw) for stretch, low in risen_stretches(parts)),
    ]


def fan_stretches(parts: list[Split]) -> list[list[Split]]:
    """Stretches of days whose nights have fans in them."""
    return _stretches(parts, [one.fans_kw > LEAST_SHARE * one.level.night_kw for one in parts])


def days_of(stretch: list[Split]) -> pd.DatetimeIndex:
    """Local days of a stretch, from its first to its last."""
    return pd.date_range(stretch[0].level.first, stretch[-1].level.last)


def _ventilation(
    data: SchoolData,
    stretch: list[Split],
    power_kw: pd.Series,
    left_out: pd.DatetimeIndex,
) -> Found:
    kw = _weighted([one.fans_kw for one in stretch], stretch)
    at = data.hours[data.hours["day"].isin(days_of(stretch))]
    saved = at["electricity_kwh"].clip(upper=kw * (1 - at["fans_h"])).dropna()
    goes_on = _goes_on(data, stretch)
    year_kwh = kw * float((1 - data.hours.loc[data.last_year, "fans_h"]).sum()) if goes_on else None
    waste = {Carrier.ELECTRICITY: waste_of(saved, year_kwh, _spread(power_kw, stretch, kw))}
    if data.heat is not None:
        more = added_heat(data, days_of(stretch), 1 - data.hours["fans_h"], left_out)
        if more is not None:
            waste[data.heat] = more if goes_on else more._replace(year_kwh=more.seen_kwh)
    return _found(
        data, InsightKind.VENTILATION_AT_NIGHT, power_kw, stretch, waste, {"night_kw": round(kw, 1)}
    )


def risen_stretches(parts: list[Split]) -> list[tuple[list[Split], float]]:
    """Stretches whose base load lies above the lowest before them that lasted, with that [kW]."""
    before: list[float | None] = []
    low: float | None = None
    for one in parts:
        before.append(low)
        if one.level.days >= _REFERENCE_DAYS and (low is None or one.base_kw < low):
            low = one.base_kw
    higher = [
        least is not None and one.base_kw - least > LEAST_SHARE * least
        for one, least in zip(parts, before, strict=True)
    ]
    return [(stretch, before[parts.index(stretch[0])] or 0.0) for stretch in _stretches(parts, higher)]


def _base_load(data: SchoolData, stretch: list[Split], low: float, power_kw: pd.Series) -> Found:
    kw = _weighted([one.base_kw - low for one in stretch], stretch)
    at = data.hours[data.hours["day"].isin(days_of(stretch))]
    saved = at["electricity_kwh"].clip(upper=kw).dropna()
    params: dict[str, float | str] = {
        "night_kw": round(low + kw, 1),
        "before_kw": round(low, 1),
        "added_kw": round(kw, 1),
    }
    share = float(saved.mean()) / kw if len(saved) else 1.0  # the sun's part is not bought
    year_kwh = kw * 8_760 * share if _goes_on(data, stretch) else None
    waste = {Carrier.ELECTRICITY: waste_of(saved, year_kwh, _spread(power_kw, stretch, kw))}
    if year_kwh is None and _of_winter(stretch):
        params = {"winter_kw": round(low + kw, 1), "summer_kw": round(low, 1)}
        return _found(data, InsightKind.BASE_LOAD_SEASONAL, power_kw, stretch, waste, params)
    return _found(data, InsightKind.BASE_LOAD_UP, power_kw, stretch, waste, params)


def _of_winter(stretch: list[Split]) -> bool:
    """Whether what came with the cold went with it."""
    return stretch[0].level.first.month in _COMES and stretch[-1].level.last.month in _GOES


def _stretches(parts: list[Split], wanted: list[bool]) -> list[list[Split]]:
    """Runs of neighbouring levels that are wanted."""
    found: list[list[Split]] = []
    for index, (one, is_wanted) in enumerate(zip(parts, wanted, strict=True)):
        if is_wanted and index and wanted[index - 1]:
            found[-1].append(one)
        elif is_wanted:
            found.append([one])
    return found


def _weighted(values: list[float], stretch: list[Split]) -> float:
    days = sum(one.level.days for one in stretch)
    return sum(value * one.level.days for value, one in zip(values, stretch, strict=True)) / days


def _spread(power_kw: pd.Series, stretch: list[Split], kw: float) -> float:
    """Half the width of the span around ``kw`` as a share of it: what nights differ by, a week counted as
    one night, and 8 % for what nights do not tell of days."""
    scatter = 0.0
    for one in stretch:
        inside = power_kw[one.level.first : one.level.last]
        scatter = max(scatter, 1.4826 * float((inside - one.level.night_kw).abs().median()))
    weeks = max(1.0, sum(one.level.days for one in stretch) / 7)
    return float(np.hypot(1.645 * scatter / np.sqrt(weeks) / kw, 0.08))


def _goes_on(data: SchoolData, stretch: list[Split]) -> bool:
    return bool(stretch[-1].level.last >= pd.Timestamp(data.last) - _STILL_NOW)


def _found(
    data: SchoolData,
    kind: InsightKind,
    power_kw: pd.Series,
    stretch: list[Split],
    waste: dict[Carrier, Waste],
    params: dict[str, float | str],
) -> Found:
    first, last = stretch[0].level.first.date(), stretch[-1].level.last.date()
    return Found(
        kind=kind,
        first=first,
        last=last,
        ongoing=_goes_on(data, stretch),
        method=METHOD,
        waste=waste,
        params=params,
        evidence=Evidence(
            lines=(line("night_power", "kW", power_kw),),
            marked=((first, last),),
            columns=("from", "to", "night_kw", "fans_kw", "base_kw"),
            rows=tuple(
                (
                    one.level.first.date().isoformat(),
                    one.level.last.date().isoformat(),
                    round(one.level.night_kw, 2),
                    round(one.fans_kw, 2),
                    round(one.base_kw, 2),
                )
                for one in stretch
            ),
        ),
    )

"""A finding of every kind with what shows it, as the analysis would write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import pandas as pd

from analytics.insights.evidence import by_hour, line
from analytics.insights.model import CONCERNS, Concern, Evidence, EvidenceLine, Insight, InsightKind, Range

SEEN = (date(2026, 1, 12), date(2026, 11, 18))
DAYS = pd.date_range("2025-10-20", "2026-11-18")

Figures = Mapping[str, float | str]

PARAMS: Mapping[InsightKind, Figures] = {
    InsightKind.VENTILATION_AT_NIGHT: {"night_kw": 23.5},
    InsightKind.VENTILATION_ON_CLOSED_DAYS: {"days": 31.0, "fans_kw": 8.25},
    InsightKind.BASE_LOAD_UP: {"night_kw": 16.0, "before_kw": 14.0, "added_kw": 2.0},
    InsightKind.BASE_LOAD_SEASONAL: {"winter_kw": 15.0, "summer_kw": 10.0},
    InsightKind.OUT_OF_HOURS: {"share": 0.71, "good_share": 0.5},
    InsightKind.SETPOINT_HIGH: {"indoor_c": 22.5, "reference_c": 21.0, "kwh_per_k": 12_345.0},
    InsightKind.HEATING_IN_HOLIDAYS: {"breaks": 3.0, "warmer_k": 1.5},
    InsightKind.HEATING_AT_NIGHT: {"night_c": 20.8, "day_c": 21.0, "weekend_c": 20.9},
    InsightKind.HEATING_ON_WEEKENDS: {"night_c": 19.6, "day_c": 21.0, "weekend_c": 21.0},
    InsightKind.HEATING_STARTS_EARLY: {"starts": "03:00", "opens": "08:00", "spare_h": 2.0},
    InsightKind.HEATING_IN_WARM_WEATHER: {"kwh": 5_000.0, "days": 44.0, "limit_c": 15.0},
    InsightKind.HEAT_CONTROL_POOR: {"r2": 0.31, "good_r2": 0.75},
    InsightKind.HOT_WATER_ON_CLOSED_DAYS: {"closed_kwh_d": 210.0, "school_kwh_d": 240.0},
    InsightKind.USE_RISING: {"more_share": 0.12},
    InsightKind.PEAK_POWER: {"peak_kw": 95.0, "usual_kw": 70.0},
    InsightKind.SOLAR_UNUSED: {"share": 0.5, "kwh": 8_000.0, "when_most": "weekends"},
    InsightKind.UNDERVENTILATED_ROOM: {"co2_ppm": 1_840.0, "flow_l_s": 2.5},
    InsightKind.OVERHEATED_ROOM: {"limit_c": 24.0, "share": 0.4},
    InsightKind.COLD_ROOM: {"limit_c": 19.0, "share": 0.3},
    InsightKind.SENSOR_SILENT: {"days": 3.0},
    InsightKind.SENSOR_UNTRUSTED: {"days": 12.0, "what": "drift"},
    InsightKind.METER_SILENT: {"days": 4.0},
}
"""The figures of each kind's text."""


def findings() -> list[Insight]:
    """One finding of every kind."""
    order = sorted(InsightKind, key=lambda kind: CONCERNS[kind] is not Concern.AIR)
    return [_finding(kind, rank) for rank, kind in enumerate(order, start=1)]


def _finding(kind: InsightKind, rank: int) -> Insight:
    concern = CONCERNS[kind]
    year = Range(value=39_800.0 / rank, low=31_100.0 / rank, high=47_900.0 / rank)
    of_energy = concern is Concern.ENERGY
    return Insight(
        key=f"{kind}.{SEEN[0]}",
        kind=kind,
        concern=concern,
        school="tagaborg",
        room="a103" if not of_energy and kind is not InsightKind.METER_SILENT else None,
        meter="el" if kind is InsightKind.METER_SILENT else None,
        device=None if concern is not Concern.MEASURING else "a103",
        rank=rank,
        first=SEEN[0],
        last=SEEN[1],
        ongoing=rank % 4 > 0,
        year_kwh=year if of_energy else None,
        year_sek=year if of_energy and rank % 2 else None,
        no_sek="no_tariff" if of_energy and rank % 2 == 0 else None,
        params=dict(PARAMS[kind]),
        evidence=evidence_of(kind),
        method="insights.made_up/1",
        until=SEEN[1],
    )


def evidence_of(kind: InsightKind) -> Evidence:
    """What shows a finding of ``kind``: the lines, marks and rows that :mod:`analytics.insights` gives it."""
    return Evidence(
        lines=tuple(_LINES.get(kind, ())),
        marked=(SEEN,) if kind in _MARKED else (),
        columns=_COLUMNS.get(kind, ()),
        rows=_ROWS.get(kind, ()),
    )


def _days(low: float, high: float, *, wave: float = 365.0) -> pd.Series:
    """Days from coldest in January on, with a wiggle, and a fortnight without readings."""
    number = [day.day_of_year for day in DAYS]
    values = [
        low + (high - low) * (0.5 - 0.45 * math.cos(2 * math.pi * (n - 20) / wave) + 0.05 * math.sin(n * 1.7))
        for n in number
    ]
    found = pd.Series(values, DAYS)
    found.iloc[100:114] = float("nan")
    return found


def _step(before: float, after: float) -> pd.Series:
    return pd.Series(
        [
            (before if day < pd.Timestamp(SEEN[0]) else after) + 0.4 * math.sin(day.day_of_year * 1.3)
            for day in DAYS
        ],
        DAYS,
    )


def _hours(name: str, unit: str, base: float, peak: float, at: float) -> EvidenceLine:
    values = {hour: base + peak * math.exp(-(((hour - at) / 3.5) ** 2)) for hour in range(24)}
    return by_hour(name, unit, pd.Series(values))


_HEAT = line("heat", "kWh", _days(4_200, 300), 0)
_OUT = line("outdoor_temperature", "°C", _days(-6, 21), 1)
_NIGHT = line("night_power", "kW", _step(14, 23.5))

_LINES: Mapping[InsightKind, tuple[EvidenceLine, ...]] = {
    InsightKind.VENTILATION_AT_NIGHT: (_NIGHT,),
    InsightKind.VENTILATION_ON_CLOSED_DAYS: (
        _hours("closed_days", "kW", 5, 8, 12),
        line("morning_jump", "kW", _days(7.5, 9), 1),
    ),
    InsightKind.BASE_LOAD_UP: (line("night_power", "kW", _step(14, 16)),),
    InsightKind.BASE_LOAD_SEASONAL: (line("night_power", "kW", _days(15, 10)),),
    InsightKind.OUT_OF_HOURS: (
        _hours("school_days", "kWh", 14, 40, 11),
        _hours("closed_days", "kWh", 13, 3, 12),
    ),
    InsightKind.SETPOINT_HIGH: (line("morning_temperature", "°C", _step(21, 22.5), 1),),
    InsightKind.HEATING_IN_HOLIDAYS: (line("indoor_temperature", "°C", _days(20.4, 23.5), 1), _OUT),
    InsightKind.HEATING_AT_NIGHT: (_hours("indoor_temperature", "°C", 20.8, 0.7, 13),),
    InsightKind.HEATING_ON_WEEKENDS: (_hours("indoor_temperature", "°C", 19.6, 1.4, 13),),
    InsightKind.HEATING_STARTS_EARLY: (_hours("heat_power", "kW", 60, 110, 5),),
    InsightKind.HEATING_IN_WARM_WEATHER: (_HEAT, _OUT),
    InsightKind.HEAT_CONTROL_POOR: (_HEAT, _OUT),
    InsightKind.HOT_WATER_ON_CLOSED_DAYS: (_HEAT,),
    InsightKind.USE_RISING: (line("electricity", "kWh", _step(640, 720), 0),),
    InsightKind.PEAK_POWER: (line("highest_hour", "kW", _days(92, 61), 1),),
    InsightKind.SOLAR_UNUSED: (_hours("fed_out", "kWh", 0, 6, 12), _hours("made", "kWh", 0, 11, 12)),
    InsightKind.UNDERVENTILATED_ROOM: (
        line("highest_co2", "ppm", _days(1_900, 1_500), 0),
        line("air_per_person", "L/s", _days(2.2, 3.1), 1),
    ),
    InsightKind.OVERHEATED_ROOM: (line("lesson_temperature", "°C", _days(23.2, 25.6), 1),),
    InsightKind.COLD_ROOM: (line("lesson_temperature", "°C", _days(17.9, 20.2), 1),),
}
_MARKED = (
    InsightKind.VENTILATION_AT_NIGHT,
    InsightKind.BASE_LOAD_UP,
    InsightKind.SETPOINT_HIGH,
    InsightKind.UNDERVENTILATED_ROOM,
)
_COLUMNS: Mapping[InsightKind, tuple[str, ...]] = {
    InsightKind.VENTILATION_AT_NIGHT: ("from", "to", "night_kw", "fans_kw", "base_kw"),
    InsightKind.HEATING_IN_HOLIDAYS: ("from", "to", "warmer_k"),
    InsightKind.PEAK_POWER: ("day", "hour", "power_kw"),
    InsightKind.SENSOR_SILENT: ("device", "last_good", "verdict"),
    InsightKind.SENSOR_UNTRUSTED: ("device", "last_good", "verdict"),
    InsightKind.METER_SILENT: ("device", "last_good", "verdict"),
}
_ROWS: Mapping[InsightKind, tuple[tuple[str | float | None, ...], ...]] = {
    InsightKind.VENTILATION_AT_NIGHT: (("2026-01-12", "2026-11-18", 23.5, 9.1, 0.4),),
    InsightKind.HEATING_IN_HOLIDAYS: (("2026-02-14", "2026-02-22", 1.6),),
    InsightKind.PEAK_POWER: (("2026-01-20", "10:00", 95.0), ("2026-02-03", "09:00", 93.5)),
    InsightKind.SENSOR_SILENT: (("a103", "2026-11-15T10:02:00+00:00", ""),),
    InsightKind.SENSOR_UNTRUSTED: (("a103", None, "drift"),),
    InsightKind.METER_SILENT: (("a103", None, None),),
}

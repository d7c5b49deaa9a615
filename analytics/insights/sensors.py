"""Sensors and meters that a caretaker must look after: silent, stuck or drifted."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.insights.data import SchoolData, Sense
from analytics.insights.finish import Found
from analytics.insights.model import Evidence, InsightKind
from classroom.timetable import day_span

METHOD = "insights.sensors/1"

SILENT_DAYS = 2.0
"""A device is told as silent after so many days: a weekend's radio gap passes by itself."""

_METER_DAYS = 3.0  # files of grid and heat companies come once a day, and on Monday for the weekend


def sensor_findings(data: SchoolData) -> list[Found]:
    """One finding a device at most: silent, else distrusted."""
    end = day_span(data.last, data.site.zone)[1]
    found = []
    for sense in data.senses:
        one = _silent(data, sense, end) or _untrusted(data, sense, end)
        if one is not None:
            found.append(one)
    return found


def _silent(data: SchoolData, sense: Sense, end: datetime) -> Found | None:
    heard = sense.last_good or (None if sense.verdict else sense.since)
    if heard is None:
        return None
    days = (end - heard) / timedelta(days=1)
    patience = max(_METER_DAYS if sense.meter else SILENT_DAYS, 3 * sense.interval_s / 86_400)
    if days < patience:
        return None
    kind = InsightKind.METER_SILENT if sense.meter else InsightKind.SENSOR_SILENT
    return _found(data, sense, kind, heard, {"days": float(int(days))}, days)


def _untrusted(data: SchoolData, sense: Sense, end: datetime) -> Found | None:
    if sense.verdict is None or sense.since is None or sense.room is None:
        return None
    days = max(1.0, (end - sense.since) / timedelta(days=1))
    params: dict[str, float | str] = {"days": float(int(days)), "what": sense.verdict}
    return _found(data, sense, InsightKind.SENSOR_UNTRUSTED, sense.since, params, days)


def _found(
    data: SchoolData,
    sense: Sense,
    kind: InsightKind,
    since: datetime,
    params: dict[str, float | str],
    severity: float,
) -> Found:
    first = max(since.astimezone(data.site.zone).date(), data.first)
    return Found(
        kind=kind,
        first=first,
        last=data.last,
        ongoing=True,
        method=METHOD,
        params=params,
        evidence=Evidence(
            columns=("device", "last_good", "verdict"),
            rows=((sense.device, sense.last_good.isoformat() if sense.last_good else None, sense.detail),),
        ),
        room=sense.room,
        meter=sense.meter,
        device=sense.device,
        severity=severity,
    )

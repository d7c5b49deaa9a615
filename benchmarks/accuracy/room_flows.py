"""A simulated room's metric ``airflow_l_s_person`` over a year, as read every 5 minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from analytics.energy import to_us
from analytics.insights.data import ROOM_DAY_COLUMNS
from analytics.nights import baseline_on
from analytics.room_air import USUAL_TEMPERATURE_C
from analytics.ventilation import Co2, flow_of_day, night_hours
from classroom.places import Room
from classroom.site import Site
from classroom.timetable import day_span
from simulators.physics import Floats

INTERVAL_S = 300
_HOUR = 3_600 // INTERVAL_S


def person_flows(
    site: Site, room: Room, start: datetime, co2_ppm: Floats, days: Sequence[date]
) -> pd.DataFrame:
    """ROOM_DAY_COLUMNS of the local ``days`` with lessons; ``co2_ppm`` is a reading every INTERVAL_S from
    ``start``, a full hour, on."""
    time_us = to_us(start) + INTERVAL_S * 1_000_000 * np.arange(len(co2_ppm), dtype=np.int64)
    hours = pd.Series(pd.DatetimeIndex(time_us[::_HOUR].view("M8[us]")).tz_localize("UTC"))
    asked = night_hours(hours, site.zone)
    nights = {room.key: (time_us[::_HOUR][asked], co2_ppm.reshape(-1, _HOUR).mean(axis=1)[asked])}
    timetable, rows = site.timetable(room.school), []
    for day in days:
        lessons = [((begin, end), told) for begin, end, told in timetable.lessons(room.key, day)]
        span = day_span(day, site.zone)
        baseline = baseline_on(nights, room.key, span) if lessons else None
        if baseline is None:
            continue
        first, last = np.searchsorted(time_us, [to_us(span[0]), to_us(span[1])])
        co2 = Co2(INTERVAL_S, time_us[first:last], co2_ppm[first:last], baseline)
        flow, _ = flow_of_day(room, lessons, co2, USUAL_TEMPERATURE_C)
        rows.append((room.key, pd.Timestamp(day), np.nan if flow is None else flow.person_l_s))
    return pd.DataFrame(rows, columns=list(ROOM_DAY_COLUMNS))

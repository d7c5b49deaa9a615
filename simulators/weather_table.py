"""Weather measured or modelled elsewhere: a CSV with a row an hour instead of the synthetic year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from classroom.faults import ConfigurationError, Fault
from classroom.places import Number, Row
from classroom.tables import read_table

_HOUR = timedelta(hours=1)


class WeatherHour(Row):
    """Means of the hour from ``time``; ``irradiance_w_m2`` is global, on the horizontal."""

    time: AwareDatetime
    outdoor_temperature_c: Annotated[Number, Field(ge=-60, le=60)]
    humidity_pct: Annotated[Number, Field(ge=0, le=100)]
    irradiance_w_m2: Annotated[Number, Field(ge=0, le=1500)]
    wind_m_s: Annotated[Number, Field(ge=0, le=75)]


def parse_weather(text: str, file: str, first_day: date) -> tuple[WeatherHour, ...]:
    """Every row of ``text``, one an hour without a gap, from ``first_day`` (UTC) or earlier.

    Raises:
        ConfigurationError: with every fault: line, column, value and cure.
    """
    table = read_table(text, file, WeatherHour, ZoneInfo("UTC"))
    if table.faults:
        raise ConfigurationError(table.faults)
    hours = tuple(row.model_copy(update={"time": row.time.astimezone(UTC)}) for row in table.rows)
    faults = _faults_of_time(hours, file, datetime.combine(first_day, datetime.min.time(), UTC))
    if faults:
        raise ConfigurationError(faults)
    return hours


def _faults_of_time(hours: tuple[WeatherHour, ...], file: str, start: datetime) -> list[Fault]:
    if not hours:
        return [Fault(file, "(rows)", "none", f"add a row an hour from {start.isoformat()} on")]
    found = [
        Fault(
            file,
            "time",
            later.time.isoformat(),
            f"the row before is {earlier.time.isoformat()}; give a row an hour, in order and without a gap",
        )
        for earlier, later in pairwise(hours)
        if later.time - earlier.time != _HOUR
    ]
    first, last = hours[0].time, hours[-1].time + _HOUR
    if first > start or last < start + timedelta(days=1):
        covered = f"{first.isoformat()} to {last.isoformat()}"
        cure = f"the simulation begins on {start.date()} (UTC); cover that day, or move first_day"
        found.append(Fault(file, "time", covered, cure))
    return found

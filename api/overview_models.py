"""The shapes of overviews: flat rows, one for each room, device or period, as dashboards read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.models import Answer, Coverage, Part, Utc
from api.trouble import Trouble
from classroom.air import Air
from classroom.metric import Status

_Share = Annotated[float | None, Field(description="Share of occupied time, 0-1")]


class RoomLine(Answer):
    """A room now, in a line. Values are null where they are old, flagged or not to be trusted."""

    school: str = Field(examples=["tagaborg"])
    school_name: str
    room: str = Field(examples=["a101"])
    name: str
    in_lesson: bool = Field(description="Occupied by timetable now; without one in the school's hours")
    level: Air | None
    reason: Literal["no_reading", "stale", "flagged", "stuck", "drift"] | None
    co2_ppm: float | None
    temperature_c: float | None
    humidity_pct: float | None
    time: datetime | None = Field(description="Newest reading of the room, also where it is old")
    age_s: float | None = Field(description="Its age when answered [s]")


class DeviceLine(Answer):
    """A placed device and what is wrong with it; ``trouble`` null: it is well."""

    device: str
    family: str | None
    school: str
    room: str | None
    meter: str | None
    trouble: Trouble | None
    last_seen: datetime | None = Field(description="Newest reading since it hangs there")
    age_s: float | None = Field(description="Its age when answered [s]")
    interval_s: int = Field(description="Reporting interval [s]")
    battery_pct: float | None
    battery_v: float | None


class RoomPeriod(Answer):
    """A room in a period, occupied time only. Null where there is nothing to say, never 0."""

    time: Utc
    period_end: Utc
    room: str = Field(examples=["a101"])
    name: str
    occupied_h: float | None = Field(description="Occupied time by timetable [h]")
    co2_mean_ppm: float | None
    co2_p95_ppm: float | None
    co2_above_limit_share: _Share
    co2_above_high_share: _Share
    comfort_share: _Share
    overheating_k_h: float | None = Field(description="Above the comfort band [K·h]")
    underheating_k_h: float | None = Field(description="Below the comfort band [K·h]")
    airflow_l_s_person: float | None = Field(description="Outdoor air for each person [L/s]")
    coverage: Coverage = Field(description="Of the room's CO2 in its occupied time, 0-1")
    status: Status


class Targets(Answer):
    """What the site wants to reach; null: no such target."""

    saving_pct: float | None = Field(
        description="Per cent below the energy that weather and kinds of day would give (`targets`)"
    )
    base_year: int | None
    target_year: int | None
    target_reduction_share: float | None = Field(
        description="Less energy in target_year than in base_year, 0-1 (`reports`)"
    )


class ReasonCount(Answer):
    """Kept dead letters of one reason."""

    reason: str = Field(examples=["no_decoder"])
    letters: int


class PendingLine(Answer):
    """A device that is heard but hangs nowhere; what it says of itself is for technicians."""

    device: str
    family: str | None
    last_seen: datetime
    messages: int


class Operations(Answer):
    """The service in figures. Counters are those of this process since its start; null: it does not count
    that (an API process beside an ingester)."""

    time: Utc
    parts: list[Part]
    devices: int = Field(description="Placed now")
    devices_in_trouble: int
    devices_pending: int = Field(description="Heard, but without a place")
    pending: list[PendingLine]
    newest_message: datetime | None = Field(description="Receive time of the newest message of any device")
    newest_message_age_s: float | None = Field(description="Its age when answered [s]")
    messages_received: float | None
    readings_stored: float | None
    readings_duplicate: float | None
    spool_messages: float | None = Field(description="Messages that wait for the store")
    spool_bytes: float | None
    live_readers: float | None = Field(description="Open screens and pages")
    dead_letters: int
    dead_letters_by_reason: list[ReasonCount]

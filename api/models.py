"""The shapes in which the API answers, with units and examples; they are the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from classroom.air import Air
from classroom.metric import Scope, Status
from classroom.places import AgeGroup, DayType, MeterRole, Tenure, Ventilation
from classroom.quantity import Carrier

Coverage = Annotated[
    float, Field(ge=0, le=1, description="Share of the interval in which readings stood, 0-1")
]
Utc = Annotated[datetime, Field(description="RFC 3339, UTC", examples=["2026-11-16T07:00:00Z"])]


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class MetricPoint(Answer):
    """A figure with all that is needed to trust it.

    ``value`` is null where there is nothing to say, never 0.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "time": "2026-11-15T23:00:00Z",
                    "period_end": "2026-11-16T23:00:00Z",
                    "scope": "room",
                    "id": "a101",
                    "metric": "co2_mean_ppm",
                    "carrier": None,
                    "basis": None,
                    "value": 812.5,
                    "low": None,
                    "high": None,
                    "unit": "ppm",
                    "coverage": 0.97,
                    "status": "ok",
                    "reason": None,
                    "method": "co2_mean/1",
                    "factors": [],
                }
            ]
        },
    )

    time: Utc
    period_end: Utc
    scope: Scope
    id: str
    metric: str
    carrier: Carrier | None
    basis: str | None
    value: float | None
    low: float | None
    high: float | None
    unit: str
    coverage: Coverage
    status: Status
    reason: str | None
    method: str
    factors: tuple[str, ...]


class ProfileHour(Answer):
    """Mean energy of an hour of the week, on days of one kind. Hours without a value are not in it."""

    day_type: DayType
    weekday: int = Field(ge=1, le=7, description="1 is Monday")
    hour: int = Field(ge=0, le=23, description="Local hour of the day")
    mean_kwh: float = Field(description="Mean energy of the hour [kWh]", examples=[14.2])
    hours: int = Field(ge=1, description="How many hours it is the mean of")


class SchoolOut(Answer):
    """A school. Attributes are those of today; null is not known."""

    key: str = Field(examples=["tagaborg"])
    name: str = Field(examples=["Tågaborgsskolan"])
    municipality: str | None
    latitude: float | None = Field(description="Degrees north, WGS 84")
    longitude: float | None = Field(description="Degrees east, WGS 84")
    school_hours: str = Field(description="Local time", examples=["08:00-15:00"])
    atemp_m2: float | None = Field(description="Heated area Atemp [m²]")
    pupils: int | None
    tenure: Tenure | None
    ventilation_hours: str | None
    rooms: int = Field(description="Number of rooms")
    time_zone: str = Field(description="IANA zone of days, weeks and months", examples=["Europe/Stockholm"])


class RoomOut(Answer):
    """A room; ``key`` is unique within its school only."""

    school: str
    key: str = Field(examples=["a101"])
    name: str
    building: str | None
    area_m2: float | None
    volume_m3: float | None
    persons: int | None
    age_group: AgeGroup | None
    ventilation: Ventilation | None
    openable_windows: bool | None
    design_flow_l_s: float | None
    ovk_flow_l_s: float | None


class MeterOut(Answer):
    """A meter while valid; a swapped meter has one row for each validity. Only ``main`` is summed."""

    school: str
    key: str
    name: str
    carrier: Carrier
    role: MeterRole
    parent: str | None
    building: str | None
    share: float = Field(description="Share of the reading that is the school's, 0-1")
    valid_from: datetime | None
    valid_to: datetime | None


class BuildingOut(Answer):
    """A building of a school."""

    school: str
    key: str
    name: str
    atemp_m2: float | None


class SchoolDetail(SchoolOut):
    """A school with its places."""

    buildings: list[BuildingOut]
    room_list: list[RoomOut]
    meters: list[MeterOut]


class ValueNow(Answer):
    """The newest reading of a quantity. ``stale``: older than 3 reporting intervals and than 15 minutes."""

    quantity: str = Field(examples=["co2_ppm"])
    value: float = Field(examples=[845.0])
    unit: str = Field(examples=["ppm"])
    time: Utc
    age_s: float = Field(ge=0, description="Age when answered [s]")
    stale: bool
    flag: int = Field(description="0 good; sum of 1 outside limits, 2 clock not right, 4 sentinel")
    device: str
    interval_s: int = Field(description="Reporting interval of the device [s]")
    verdict: Literal["stale", "drift", "spike"] | None = Field(
        None, description="Why the reading is not to be trusted: stuck at a value, drifted, a single spike"
    )


class AirNow(Answer):
    """The CO2 light: good below 1000 ppm, soon to 1400, now above.

    It changes once readings have been past a limit for 10 minutes, or at once 50 ppm past it. No verdict on
    old or flagged readings, nor on those of a stuck or drifted sensor.
    """

    level: Air | None
    since: datetime | None = Field(description="First reading of the unbroken run at this level")
    shown_ppm: int | None = Field(description="CO2 rounded to 50 ppm, for people", examples=[850])
    reason: Literal["no_reading", "stale", "flagged", "stuck", "drift"] | None = Field(
        description="Why there is no level; stale: the newest reading is old"
    )


class RoomNow(Answer):
    """A room now."""

    time: Utc
    school: str
    room: str
    name: str
    air: AirNow
    values: list[ValueNow]


class LiveReading(Answer):
    """A reading as it arrived, in the ``readings`` event of a stream."""

    device: str
    quantity: str
    time: Utc
    value: float
    unit: str
    flag: int


class SeriesPoint(Answer):
    """A point of a curve. A null value is a gap: the curve is broken there, not drawn through."""

    time: Utc
    device: str
    value: float | None = Field(description="The reading, or the mean of an hour")
    low: float | None = Field(description="Least value of the hour; null for raw readings")
    high: float | None = Field(description="Greatest value of the hour; null for raw readings")
    coverage: Coverage | None = Field(description="Of the hour, 0-1; null for raw readings")
    flag: int = Field(description="Why a raw reading is left out of the curve; 0 is good")


class Series(Answer):
    """A curve: by device, then by time."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    school: str
    room: str
    quantity: str
    unit: str
    from_: Annotated[datetime, Field(alias="from", description="First instant, UTC")]
    to: Annotated[datetime, Field(description="End, UTC, not included")]
    interval: Literal["raw", "hour"]
    readings: int = Field(description="How many readings (or hours) the curve was drawn from")
    downsampled: bool = Field(description="Whether only least and greatest of each stretch were kept")
    points: list[SeriesPoint]


class PlacementOut(Answer):
    """Where a device hung from when to when (null is open)."""

    school: str
    room: str | None
    meter: str | None
    interval_s: int
    valid_from: datetime | None
    valid_to: datetime | None


class VerdictOut(Answer):
    """What is wrong with a series for a while.

    Metrics leave out what stands under `stale` (stuck), `spike` and `drift`. `gap`, `clock`, `reset`,
    `rollover` and `swap` are for people.
    """

    device: str
    quantity: str = Field(examples=["co2_ppm"])
    start: Utc
    end: Annotated[datetime, Field(description="End, UTC, not included")]
    verdict: str = Field(examples=["stale"])
    detail: str = Field(examples=["stuck at 640"])


class VerdictPage(Answer):
    """Verdicts by device, quantity, start; ``next`` is the ``after`` of the next page, null on the last."""

    items: list[VerdictOut]
    next: str | None


class DeviceOut(Answer):
    """A device that is placed or has been heard."""

    key: str = Field(examples=["a81758fffe0312ab"])
    placement: PlacementOut | None = Field(description="Where it hangs now; null while pending or taken down")
    placements: list[PlacementOut]
    family: str | None = Field(description="Decoder that understands it", examples=["elsys"])
    first_seen: datetime | None
    last_seen: datetime | None
    messages: int
    topic: str | None
    latest: list[LiveReading]
    verdicts: list[VerdictOut] = Field(description="Those on its newest readings, as last analysed")


class DevicePage(Answer):
    """Devices by key; ``next`` is the ``after`` of the next page, null on the last."""

    items: list[DeviceOut]
    next: str | None


class Suggestion(Answer):
    """A place of this site that the device's messages name; someone must confirm it."""

    school: str
    room: str | None


class PendingDevice(Answer):
    """A device that is heard but hangs nowhere: its readings are stored and wait for a row in devices.csv."""

    key: str
    family: str | None
    first_seen: datetime
    last_seen: datetime
    messages: int
    topic: str
    hints: dict[str, str] = Field(description="What its messages say of themselves; not to be trusted")
    suggestion: Suggestion | None
    cure: str


class PendingPage(Answer):
    """Pending devices by key; ``next`` is the ``after`` of the next page, null on the last."""

    items: list[PendingDevice]
    next: str | None


class Part(Answer):
    """State of one part of the process."""

    name: str
    ok: bool
    message: str


class Readiness(Answer):
    """Whether everything works, and what does not."""

    site: str = Field(description="Key of the site that answers", examples=["demo"])
    ready: bool
    parts: list[Part]


class Alive(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Wrong(Answer):
    """One thing that is wrong with a request and what would cure it."""

    key: str = Field(examples=["from"])
    value: str = Field(examples=["yesterday"])
    cure: str


class ProblemOut(Answer):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Wrong] = []


REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemOut, "description": text}
    for code, text in (
        (400, "Host not served here, or a header doubled"),
        (401, "Nobody, or a token that does not stand"),
        (403, "Not yours to see or do"),
        (429, "Too often; Retry-After says when again"),
    )
}
"""Answers of the door, for the OpenAPI document."""

PROBLEMS: dict[int | str, dict[str, Any]] = REFUSALS | {
    code: {"model": ProblemOut, "description": text}
    for code, text in (
        (404, "No such place"),
        (422, "A parameter is wrong"),
        (503, "The store cannot serve now"),
    )
}
"""Problem answers of a data route, for the OpenAPI document."""

NOT_NOW: dict[int | str, dict[str, Any]] = {409: {"model": ProblemOut, "description": "Not possible now"}}
TOO_LARGE: dict[int | str, dict[str, Any]] = {413: {"model": ProblemOut, "description": "Too large"}}
"""Answers of the routes that may give them."""

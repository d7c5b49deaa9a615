"""Egenkontroll: each room's measured air flow against what is required at full class, and against the OVK.

An indication, for the head teacher, the safety officer and the environment office: a flow found from CO2 in
use is no inspection, and stands with its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from analytics.ventilation import REQUIRED_AREA_L_S_M2, REQUIRED_PERSON_L_S, required_l_s, volume_of
from api.pages.visit import Visit
from classroom.metric import Interval, Metric, Scope
from classroom.places import Room, School, Ventilation
from classroom.timetable import day_span

WEEKS = 8
LEAST_DAYS = 5
"""Fewer days with a flow say too little: one with open windows would decide."""

_RATE, _LOAD = "air_change_rate_per_h", "airflow_of_requirement"
_L_S_OF_M3_H = 1_000 / 3_600


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A room: flows [L/s], None where not known. ``level`` is ``good`` (the whole interval reaches what is
    required), ``now`` (none of it does), ``soon`` (the interval holds it) or ``none``; ``top`` bounds the
    drawing.
    """

    room: Room
    level: str
    verdict: str
    why: str
    days: int
    measured: float | None
    low: float | None
    high: float | None
    required: float | None
    ovk: float | None
    top: float
    remark: str


@dataclass(frozen=True, slots=True)
class SelfMonitoringView:
    """The page of a school; ``first`` to ``last`` are the local days looked at."""

    school: School
    first: date
    last: date
    rows: list[FlowRow]
    person_l_s: float
    area_l_s_m2: float


def self_monitoring_view(visit: Visit, school: School) -> SelfMonitoringView:
    """The rooms of ``school`` over the last :data:`WEEKS` weeks, those that fall short first.

    Raises:
        StoreError: the store cannot serve now.
    """
    last = visit.today - timedelta(days=1)
    first = last - timedelta(days=7 * WEEKS - 1)
    span = day_span(first, visit.site.zone)[0], day_span(last, visit.site.zone)[1]
    store = visit.context.store
    of_day = {
        name: store.read_metrics(school.key, Scope.ROOM, None, Interval.DAY, *span, name)
        for name in (_RATE, _LOAD)
    }
    rows = [_row(visit, room, of_day[_RATE], of_day[_LOAD]) for room in visit.site.rooms_of(school.key)]
    order = ("now", "soon", "good", "none")
    rows.sort(key=lambda row: (order.index(row.level), row.room.name.casefold()))
    return SelfMonitoringView(school, first, last, rows, REQUIRED_PERSON_L_S, REQUIRED_AREA_L_S_M2)


def _row(visit: Visit, room: Room, rates: Sequence[Metric], loads: Sequence[Metric]) -> FlowRow:
    say = visit.say
    required = required_l_s(room.persons, room.area_m2) if room.persons is not None and room.area_m2 else None
    volume = volume_of(room)
    days = _full_days(room, rates, loads)
    known = volume is not None and len(days) >= LEAST_DAYS
    scale = volume[0] * _L_S_OF_M3_H if volume is not None else 0.0
    measured = low = high = None
    if known:
        measured, low, high = (median(day[at] for day in days) * scale for at in range(3))
    level = _level(low, high, required)
    names = {
        "good": say.text("reaches what is required"),
        "soon": say.text("cannot be told apart from what is required"),
        "now": say.text("falls short of what is required"),
        "none": say.text("cannot be told yet"),
    }
    amounts = [amount for amount in (high, required, room.ovk_flow_l_s) if amount is not None]
    return FlowRow(
        room=room,
        level=level,
        verdict=names[level],
        why=_why(visit, room, len(days)) if level == "none" else "",
        days=len(days),
        measured=measured,
        low=low,
        high=high,
        required=required,
        ovk=room.ovk_flow_l_s,
        top=max(amounts, default=1.0) * 1.08,
        remark=_remark(visit, measured, low, high, room.ovk_flow_l_s),
    )


def _full_days(
    room: Room, rates: Sequence[Metric], loads: Sequence[Metric]
) -> list[tuple[float, float, float]]:
    """Air change rates with their intervals; of a demand-controlled room only the days at full load."""
    full = {one.time for one in loads if one.id == room.key and one.value is not None}
    return [
        (one.value, one.low, one.high)
        for one in rates
        if one.id == room.key
        and one.value is not None
        and one.low is not None
        and one.high is not None
        and (room.ventilation is not Ventilation.VAV or one.time in full)
    ]


def _level(low: float | None, high: float | None, required: float | None) -> str:
    if low is None or high is None or required is None:
        return "none"
    if low >= required:
        return "good"
    return "now" if high < required else "soon"


def _why(visit: Visit, room: Room, days: int) -> str:
    say = visit.say
    if room.area_m2 is None or room.persons is None:
        return say.text("Give the room its area and its persons in rooms.csv.")
    if room.ventilation is Ventilation.VAV and days < LEAST_DAYS:
        return say.text("Demand-controlled: it has not been full often enough to show what it can give.")
    return say.text("%(days)s days with a flow, at least %(least)s are needed.") % {
        "days": days,
        "least": LEAST_DAYS,
    }


def _remark(
    visit: Visit, measured: float | None, low: float | None, high: float | None, ovk: float | None
) -> str:
    """The measured flow beside the inspection's."""
    say = visit.say
    if ovk is None:
        return say.text("No flow of an OVK protocol is known: rooms.csv, ovk_flow_l_s.")
    if measured is None or low is None or high is None:
        return ""
    if low <= ovk <= high:
        return say.text("As in the OVK protocol, within the uncertainty.")
    share = say.share(abs(measured - ovk) / ovk)
    if measured < ovk:
        return say.text("%(share)s below the OVK protocol.") % {"share": share}
    return say.text("%(share)s above the OVK protocol: perhaps by opened windows.") % {"share": share}

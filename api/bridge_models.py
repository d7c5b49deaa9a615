"""The shape of a bridge between two periods, and its rows of CSV."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from analytics.bridge import Bridge
from analytics.catalog import BRIDGE
from api.comparison_models import (
    Kwh,
    LackOut,
    PeriodOut,
    StationOut,
    lacks_out,
    period_out,
    station_out,
)
from api.models import Answer
from api.tables import Row
from classroom.factors import Basis, Cover
from classroom.quantity import Carrier
from reports.bridges import CAUSES, CarrierBridge, EmissionBridge, SchoolBridge, effects

Cause = Literal["weather", "calendar", "area", "own_use", "factor"]


class EffectOut(Answer):
    """A part of a change. The parts of a bridge add up to the change."""

    cause: Cause
    value: float = Field(examples=[-4_120.0])
    low: float
    high: float


class BridgePart(Answer):
    """A change of energy, or of emissions on one basis and line, and its parts."""

    unit: Literal["kWh", "kgCO2e"]
    basis: Basis | None
    line: Cover | None
    factors: list[str] = Field(description="Of the period before and of the one after")
    change: float
    effects: list[EffectOut]


class BridgeLine(Answer):
    """The bridge of a carrier; ``energy`` is null where ``lacks`` say why."""

    carrier: Carrier | None = Field(description="null: all carriers together")
    before_kwh: Kwh
    after_kwh: Kwh
    energy: BridgePart | None
    emissions: list[BridgePart]
    lacks: list[LackOut]


class BridgeOut(Answer):
    """Why a school used another amount than before: weather + calendar + area + own use + factor = change."""

    school: str = Field(examples=["tagaborg"])
    before: PeriodOut
    after: PeriodOut
    learned: PeriodOut = Field(description="The time whose signature weighs weather and calendar")
    confidence: float = Field(examples=[0.9])
    station: StationOut | None
    before_m2: float | None = Field(description="Atemp [m²]; null: no part is charged to area")
    after_m2: float | None
    carriers: list[BridgeLine]
    total: BridgeLine
    method: str = Field(examples=[BRIDGE])


BRIDGE_COLUMNS = (
    "school",
    "before_first",
    "before_last",
    "after_first",
    "after_last",
    "carrier",
    "unit",
    "basis",
    "line",
    "cause",
    "value",
    "low",
    "high",
    "reason",
)
"""A row a carrier, unit, basis and cause, and one for the whole ``change``; where there is none one with the
reason."""


def bridge_out(found: SchoolBridge, confidence: float) -> BridgeOut:
    """A school's bridge."""
    return BridgeOut(
        school=found.school,
        before=period_out(found.before),
        after=period_out(found.after),
        learned=period_out(found.learned),
        confidence=confidence,
        station=station_out(found.station),
        before_m2=found.before_m2,
        after_m2=found.after_m2,
        carriers=[_line(one) for one in found.carriers],
        total=_line(found.total),
        method=BRIDGE,
    )


def _line(one: CarrierBridge) -> BridgeLine:
    return BridgeLine(
        carrier=one.carrier,
        before_kwh=one.before_kwh,
        after_kwh=one.after_kwh,
        energy=None if one.energy is None else _part(one.energy, None),
        emissions=[_part(emission.bridge, emission) for emission in one.emissions],
        lacks=lacks_out(one.lacks),
    )


def _part(bridge: Bridge, emission: EmissionBridge | None) -> BridgePart:
    parts = zip(CAUSES, effects(bridge), strict=True)
    return BridgePart(
        unit="kWh" if emission is None else "kgCO2e",
        basis=None if emission is None else emission.basis,
        line=None if emission is None else emission.line,
        factors=[] if emission is None else [emission.before.id, emission.after.id],
        change=bridge.change,
        effects=[EffectOut.model_validate({"cause": cause, **part._asdict()}) for cause, part in parts],
    )


def bridge_rows(found: BridgeOut) -> list[Row]:
    """The rows of :data:`BRIDGE_COLUMNS`."""
    rows: list[Row] = []
    for line in (*found.carriers, found.total):
        common: Row = {
            "school": found.school,
            "before_first": found.before.first,
            "before_last": found.before.last,
            "after_first": found.after.first,
            "after_last": found.after.last,
            "carrier": line.carrier or "all",
        }
        for part in [] if line.energy is None else [line.energy, *line.emissions]:
            of_part = {**common, "unit": part.unit, "basis": part.basis, "line": part.line}
            rows += [{**of_part, **dict(effect)} for effect in part.effects]
            rows.append({**of_part, "cause": "change", "value": part.change})
        if line.energy is None:
            rows.append({**common, "reason": "; ".join(one.code for one in line.lacks)})
    return rows

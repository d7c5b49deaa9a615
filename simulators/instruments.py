"""Which devices a town has: those of ``devices.csv``, moved and swapped as planted, each in its format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from classroom.places import Device, MeterRole
from classroom.quantity import Carrier
from simulators.chance import stream
from simulators.devices import Instrument, Measure, Post, Spoil, Write, ms
from simulators.fault_log import FaultLog
from simulators.faults import MeterSwap, Moved, Outage, PlantedFault
from simulators.keys import LORAWAN, Speaks, spoken
from simulators.meter_devices import measure_meter, native_meter
from simulators.meter_formats import p1_telegram, shelly_pro_3em, wmbus_heat
from simulators.outdoor import outdoor_sensors
from simulators.room_devices import lorawan_room, measure_room, native_room, zigbee_room
from simulators.school import Town
from simulators.wrong_values import spoil_of
from simulators.zigbee2mqtt import announced, power_plug, topic_of

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def instruments(town: Town, log: FaultLog | None = None) -> tuple[list[Instrument], list[tuple[str, str]]]:
    """Instruments for every placement the simulator can play, and (device, reason) for those it cannot.

    Outdoor sensors come last.

    ``log`` counts what planted faults do.
    """
    log = log or FaultLog(town.scenario.faults, 0, None)
    played: list[Instrument] = []
    silent: list[tuple[str, str]] = []
    spoilt: dict[str, tuple[Spoil, ...]] = {}
    # In time order: what a fault remembers of a device goes with it when it is hung elsewhere.
    for listed in sorted(town.site.devices, key=lambda device: device.valid_from or _LONG_AGO):
        for placed, hangs in _placements(listed, town.scenario.faults):
            made = _instrument(town, placed, hangs, log, spoilt)
            if isinstance(made, Instrument):
                played.append(made)
            else:
                silent.append((placed.key, made))
    return [*played, *outdoor_sensors(town)], silent


def device_seed(seed: int, device: str) -> int:
    """The seed of a device's own error, noise and phase in a town of ``seed``."""
    return int(stream(seed, "device", device).integers(2**32))


def _placements(listed: Device, faults: Sequence[PlantedFault]) -> list[tuple[Device, Device]]:
    """Where ``listed`` really hangs: (as its key and topic say, as it measures), piece by piece in time.

    A device that was moved without a word keeps its topic and measures another room; a new meter with a key
    of its own takes the place of the old one.
    """
    pieces = [(listed, listed)]
    for fault in faults:
        if isinstance(fault, Moved) and fault.device == listed.key:
            pieces = [
                part for piece in pieces for part in _cut(piece, fault.start, fault.end, {"room": fault.room})
            ]
        elif isinstance(fault, MeterSwap) and fault.successor and fault.device == listed.key:
            pieces = [part for piece in pieces for part in _swapped(piece, fault.start, fault.successor)]
    return pieces


def _cut(
    piece: tuple[Device, Device], start: datetime, end: datetime, instead: dict[str, object]
) -> list[tuple[Device, Device]]:
    """``piece`` before ``start``, within (hanging elsewhere) and after ``end``; what is empty is left out."""
    placed, hangs = piece
    parts: tuple[tuple[datetime | None, datetime | None, dict[str, object]], ...] = (
        (placed.valid_from, _earlier(placed.valid_to, start), {}),
        (_later(placed.valid_from, start), _earlier(placed.valid_to, end), instead),
        (_later(placed.valid_from, end), placed.valid_to, {}),
    )
    found = []
    for begin, until, changed in parts:
        if begin is None or until is None or begin < until:
            when = {"valid_from": begin, "valid_to": until}
            found.append((placed.model_copy(update=when), hangs.model_copy(update={**when, **changed})))
    return found


def _swapped(piece: tuple[Device, Device], start: datetime, successor: str) -> list[tuple[Device, Device]]:
    found = []
    for number, (placed, hangs) in enumerate(
        _cut(piece, start, datetime.max.replace(tzinfo=start.tzinfo), {})
    ):
        key = successor if number and placed.valid_from == start else placed.key
        found.append((placed.model_copy(update={"key": key}), hangs.model_copy(update={"key": key})))
    return found


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _instrument(
    town: Town, placed: Device, hangs: Device, log: FaultLog, spoilt: dict[str, tuple[Spoil, ...]]
) -> Instrument | str:
    """The instrument of a placement, or why it stays silent; ``spoilt`` keeps each device's faults."""
    speaks = spoken(placed)
    seed = device_seed(town.scenario.seed, placed.key)
    if speaks is None:
        return f"its key is neither {placed.school}/name nor a devEUI, z2m/, shelly/, wmbus/ or p1/ key"
    if placed.room is not None and hangs.room is not None:
        write = _room_writer(town, placed, speaks, seed, log)
        zone = town.zone_index(hangs.school, hangs.room)
        measure: Measure | None = measure_room(zone, placed.interval_s, seed)
    else:
        meter = next(m for m in town.site.meters_of(placed.school) if m.key == placed.meter)
        write = _meter_writer(town, placed, speaks, meter.carrier, meter.role, seed)
        measure = measure_meter(town, placed, meter, seed)
    if measure is None:
        return "nothing in the town that it could count"
    if write is None:
        return f"{speaks} devices do not hang there"
    if placed.key not in spoilt:
        spoilt[placed.key] = _spoilt(town.scenario.faults, placed.key, seed, log)
    said = _announced(town, placed) if speaks is Speaks.ZIGBEE2MQTT else ()
    return Instrument(placed, seed, measure, write, spoilt[placed.key], said)


def _announced(town: Town, placed: Device) -> tuple[Post, ...]:
    """What Zigbee2MQTT says of the device, but where nobody hears it."""
    begin = max(town.start, placed.valid_from or town.start)
    outages = [f for f in town.scenario.faults if isinstance(f, Outage) and f.concerns(placed)]
    silences = [(ms(outage.start), ms(outage.end)) for outage in outages if outage.device is not None]
    deaf = [(ms(outage.start), ms(outage.end)) for outage in outages if outage.device is None]
    said = announced(
        topic_of(placed.key), battery=placed.room is not None, begin_ms=ms(begin), silences_ms=silences
    )
    return tuple(post for post in said if not any(start <= post[0] < end for start, end in deaf))


def _spoilt(faults: Sequence[PlantedFault], device: str, seed: int, log: FaultLog) -> tuple[Spoil, ...]:
    found = []
    for index, fault in enumerate(faults):
        struck = getattr(fault, "successor", None) or fault.device
        spoil = spoil_of(fault, index, seed + index, log) if struck == device else None
        if spoil is not None:
            found.append(spoil)
    return tuple(found)


def _room_writer(town: Town, placed: Device, speaks: Speaks, seed: int, log: FaultLog) -> Write | None:
    if speaks in LORAWAN:
        return lorawan_room(town, placed, seed, log)
    if speaks is Speaks.ZIGBEE2MQTT:
        return zigbee_room(topic_of(placed.key), town.site.zone, seed)
    return native_room(_native_topic(placed)) if speaks is Speaks.NATIVE else None


def _meter_writer(
    town: Town, placed: Device, speaks: Speaks, carrier: Carrier, role: MeterRole, seed: int
) -> Write | None:
    electricity = carrier is Carrier.ELECTRICITY and role in (MeterRole.MAIN, MeterRole.SUB)
    if speaks is Speaks.NATIVE:
        exports = any(plant.school == placed.school for plant in town.scenario.solar)
        return native_meter(_native_topic(placed), role, exports=exports)
    if speaks is Speaks.WMBUSMETERS and carrier is Carrier.DISTRICT_HEAT:
        return wmbus_heat(placed.key.removeprefix("wmbus/"), f"{placed.school}-{placed.meter}")
    if not electricity:
        return None
    if speaks is Speaks.SHELLY:
        return shelly_pro_3em(placed.key.removeprefix("shelly/"))
    if speaks is Speaks.P1 and role is MeterRole.MAIN:
        return p1_telegram(placed.key.removeprefix("p1/"), town.site.zone, seed)
    if speaks is Speaks.ZIGBEE2MQTT:
        return power_plug(topic_of(placed.key), town.site.zone)
    return None


def _native_topic(placed: Device) -> str:
    name = placed.key.removeprefix(f"{placed.school}/")
    return f"classroom/{placed.school}/{placed.room or placed.meter}/{name}"

"""Shelly of the second generation and later (https://shelly-api-docs.shelly.cloud/gen2/).

``<prefix>/events/rpc`` (NotifyStatus, NotifyFullStatus), recognised by ``src`` and ``params``, and
``<prefix>/status/<component>:<id>`` ("Generic status update over MQTT", off by default). Energies are Wh,
powers W. ``em`` has powers and ``emdata`` registers. ``temperature:0`` is the chip's, but the room's on an
H&T and a Wall Display.

Device key: ``shelly/<device id>`` (``shellypro3em-<MAC>``) or the topic's prefix where somebody set one;
channel 1 and up, and sensors of an add-on (ids from 100), follow as ``…-1``. A message that holds several
channels yields the first and names the others: with status topics on, each has a message of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import UnusableError, number
from ingest.decoders.mappings.table import Field, Mapping, Object, Outcome
from ingest.decoders.times import epoch_or_none
from ingest.message import Decoded, Message, Undecodable, Value

_COMPONENT = re.compile(r"([a-z]+[a-z0-9]*):(\d{1,3})", re.ASCII)
_WH = 0.001

_SWITCH = (
    Field("power_w", ("apower",)),
    Field("energy_kwh", ("aenergy", "total"), factor=_WH),
    Field("energy_export_kwh", ("ret_aenergy", "total"), factor=_WH),
    Field("voltage_v", ("voltage",)),
    Field("current_a", ("current",)),
)
_EM = (
    Field("power_w", ("total_act_power",)),
    Field("power_l1_w", ("a_act_power",)),
    Field("power_l2_w", ("b_act_power",)),
    Field("power_l3_w", ("c_act_power",)),
    Field("voltage_v", ("a_voltage",)),
    Field("current_a", ("total_current",)),
)
_EMDATA = (
    Field("energy_kwh", ("total_act",), factor=_WH),
    Field("energy_export_kwh", ("total_act_ret",), factor=_WH),
    Field("energy_l1_kwh", ("a_total_act_energy",), factor=_WH),
    Field("energy_l2_kwh", ("b_total_act_energy",), factor=_WH),
    Field("energy_l3_kwh", ("c_total_act_energy",), factor=_WH),
)
_EM1 = (Field("power_w", ("act_power",)), Field("voltage_v", ("voltage",)), Field("current_a", ("current",)))
_EM1DATA = (
    Field("energy_kwh", ("total_act_energy",), factor=_WH),
    Field("energy_export_kwh", ("total_act_ret_energy",), factor=_WH),
)

_COMPONENTS = {
    name: Mapping("shelly-gen2", fields)
    for name, fields in {
        "switch": _SWITCH,
        "cover": _SWITCH,
        "light": _SWITCH,
        "pm1": _SWITCH,
        "rgb": _SWITCH,
        "rgbw": _SWITCH,
        "cct": _SWITCH,
        "em": _EM,
        "emdata": _EMDATA,
        "em1": _EM1,
        "em1data": _EM1DATA,
        "temperature": (Field("temperature_c", ("tC",)),),
        "humidity": (Field("humidity_pct", ("rh",)),),
        "illuminance": (Field("illuminance_lux", ("lux",)),),
        "devicepower": (),
    }.items()
}
_ROOM_MODELS = ("shellyplusht", "shellyht", "shellywalldisplay")
_ADD_ON = 100


def recognises(message: Message, document: object) -> bool:
    """By shape, or by a component at the end of the topic."""
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("src"), str):
        return isinstance(document.get("params"), dict) or isinstance(document.get("result"), dict)
    levels = message.topic.rsplit("/", 2)
    return len(levels) == 3 and levels[1] == "status" and _COMPONENT.fullmatch(levels[2]) is not None


def decode(message: Message, document: object) -> Decoded:
    """What the components of one channel measure.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    if isinstance(document.get("src"), str):
        name = document["src"].lower()
        status: Any = document.get("params", document.get("result"))
        if not isinstance(status, dict):
            raise Undecodable("wrong_type", "params is not an object")
    else:
        prefix, _, component = message.topic.rsplit("/", 2)
        name, status = prefix.lower(), {component: document}
    device = device_key("shelly", name)
    channel, outcome = _outcome(status, name)
    suffix = f"-{channel}" if channel else ""
    return concluded(outcome, device + suffix, _time(status), {"name": name})


def _time(status: Object) -> datetime | None:
    system = status.get("sys")
    moment = epoch_or_none(status.get("ts"))
    if moment is None and isinstance(system, dict):
        return epoch_or_none(system.get("unixtime"))
    return moment


def _components(status: Object) -> Iterator[tuple[int, str, Object]]:
    for key, component in status.items():
        found = _COMPONENT.fullmatch(key)
        if found and found[1] in _COMPONENTS and isinstance(component, dict):
            yield int(found[2]), found[1], component


def _outcome(status: Object, name: str) -> tuple[int, Outcome]:
    """The first channel that says something, and its values; other channels go to ``rejected``."""
    channels: dict[int, tuple[list[Value], list[str]]] = {}
    room = name.rpartition("/")[2].startswith(_ROOM_MODELS) or "humidity:0" in status
    for channel, kind, component in _components(status):
        values, rejected = channels.setdefault(channel, ([], []))
        if kind == "temperature" and channel < _ADD_ON and not room:
            continue
        try:
            if kind == "devicepower":
                values += _battery(component)
        except UnusableError as fault:
            rejected.append(f"battery: {fault}")
        outcome = _COMPONENTS[kind].read(component)
        taken = {value.quantity for value in values}
        values += [value for value in outcome.values if value.quantity not in taken]
        rejected += outcome.rejected
    speaking = sorted(channel for channel, (values, _) in channels.items() if values)
    if not speaking:
        return 0, Outcome("shelly-gen2", (), tuple(text for _, texts in channels.values() for text in texts))
    first = speaking[0]
    values, rejected = channels[first]
    rejected += [f"channel {other}: one message yields one channel" for other in speaking[1:4]]
    return first, Outcome("shelly-gen2", tuple(values), tuple(rejected))


def _battery(component: Object) -> list[Value]:
    """Battery level; none while the device hangs on a cable."""
    external, battery = component.get("external"), component.get("battery")
    if not isinstance(battery, dict) or (isinstance(external, dict) and external.get("present")):
        return []
    pairs = (("battery_pct", number(battery.get("percent"))), ("battery_v", number(battery.get("V"))))
    return [Value(quantity, amount) for quantity, amount in pairs if amount is not None]

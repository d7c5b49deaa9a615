"""Shelly of the first generation (https://shelly-api-docs.shelly.cloud/gen1/): one bare value a topic.

``shellies/<id>/relay/0/energy`` counts watt-minutes, ``emeter/0/total`` watt-hours. The three ``emeter`` of
a 3EM are phases of one meter; those of an EM, and the channels of a two-channel relay, are circuits of
their own. A plain ``temperature`` is the chip's; ``sensor/temperature`` is the room's (H&T). Registers
restart at 0 when the device does.

Device key: ``shelly/<id>``, for a second channel ``shelly/<id>-1``; sensors at an add-on
``shelly/<id>-ext0``.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import Reader, flag, text_number
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import epoch_or_none
from ingest.message import Decoded, Message, Undecodable

_ROOT = "shellies/"
_WATT_MINUTES_KWH = 1 / 60_000
_WH_KWH = 0.001

_CHANNEL = {
    "power": ("power_w", 1.0),
    "energy": ("energy_kwh", _WATT_MINUTES_KWH),
}
_EMETER = {
    "power": ("power_w", 1.0),
    "total": ("energy_kwh", _WH_KWH),
    "total_returned": ("energy_export_kwh", _WH_KWH),
    "voltage": ("voltage_v", 1.0),
    "current": ("current_a", 1.0),
}
_PHASE = {
    "power": ("power_l{}_w", 1.0),
    "total": ("energy_l{}_kwh", _WH_KWH),
}
_SENSOR = {
    "temperature": "temperature_c",
    "humidity": "humidity_pct",
    "lux": "illuminance_lux",
    "battery": "battery_pct",
    "motion": "motion",
}
_ADD_ON = {"ext_temperature": "temperature_c", "ext_humidity": "humidity_pct"}
_SWITCHES = frozenset({"relay", "light", "roller", "white", "color", "meter"})
# A flood or door sensor's temperature is its chip's, or the floor's.
_NOT_CLIMATE = ("shellyflood", "shellydw", "shellysmoke", "shellygas")

_MOTION = Mapping(
    "shelly-gen1",
    (
        Field("motion", ("motion",), flag),
        Field("illuminance_lux", ("lux", "value")),
        Field("battery_pct", ("bat", "value")),
    ),
)


def recognises(message: Message, document: object) -> bool:
    """By topic: a bare value has no shape. Newer devices may use the same root with JSON of their own."""
    if not message.topic.startswith(_ROOT):
        return False
    levels = message.topic.split("/")
    return not isinstance(document, dict) or levels[2:] in (["status"], ["info"], ["announce"])


def decode(message: Message, document: object) -> Decoded:
    """The value a topic stands for.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    name, _, rest = message.topic.removeprefix(_ROOT).partition("/")
    device = device_key("shelly", name.lower())
    if isinstance(document, dict):
        if name.lower().startswith("shellymotion") and rest == "status":
            time = epoch_or_none(document.get("timestamp"))
            return concluded(_MOTION.read(document), device, time, {"name": name})
        raise Undecodable("no_reading", f"{rest[:40]} holds no reading", device)
    found = _meaning(name.lower(), tuple(rest.split("/")))
    if found is None:
        raise Undecodable("no_reading", f"{rest[:60]} holds no reading", device)
    suffix, quantity, factor = found
    read: Reader = _truth if quantity == "motion" else text_number
    outcome = Mapping("shelly-gen1", (Field(quantity, (rest,), read, factor),)).read(
        {rest: message.payload.decode(errors="replace")}
    )
    if quantity == "temperature_c":  # the maker's "not available"
        outcome = outcome._replace(
            values=tuple(value._replace(sentinel=value.value in (999.0, -127.0)) for value in outcome.values)
        )
    return concluded(outcome, device + suffix, None, {"name": name})


def _meaning(name: str, levels: tuple[str, ...]) -> tuple[str, str, float] | None:
    """Suffix of the device key, quantity and factor of a topic's last levels."""
    if len(levels) == 3 and levels[1] in ("0", "1", "2", "3"):
        kind, channel, what = levels
        suffix = "" if channel == "0" else f"-{channel}"
        if kind in _SWITCHES and what in _CHANNEL:
            return suffix, *_CHANNEL[what]
        if kind == "emeter" and name.startswith("shellyem3"):
            quantity, factor = _PHASE.get(what, ("", 1.0))
            if what == "voltage" and channel == "0":
                quantity = "voltage_v"
            return ("", quantity.format(int(channel) + 1), factor) if quantity and channel != "3" else None
        if kind == "emeter" and what in _EMETER:
            return suffix, *_EMETER[what]
    if len(levels) == 2:
        kind, what = levels
        if kind == "sensor" and what in _SENSOR:
            if what == "temperature" and name.startswith(_NOT_CLIMATE):
                return None
            return "", _SENSOR[what], 1.0
        if kind in _ADD_ON and what in ("0", "1", "2"):
            return f"-ext{what}", _ADD_ON[kind], 1.0
    return None


def _truth(value: object) -> float | None:
    words = {"true": True, "false": False, "1": 1, "0": 0}
    return flag(words.get(value, value) if isinstance(value, str) else value)

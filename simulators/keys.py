"""Keys of simulated devices: the key says what a device speaks."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal

from classroom.places import Device


class Speaks(StrEnum):
    """Formats that simulated devices speak."""

    NATIVE = "native"
    ELSYS = "elsys"
    MILESIGHT = "milesight"
    ZIGBEE2MQTT = "zigbee2mqtt"
    SHELLY = "shelly"
    WMBUSMETERS = "wmbusmeters"
    P1 = "p1"


RoomFormat = Literal["native", "chirpstack", "tts", "milesight", "zigbee2mqtt"]
MeterFormat = Literal["native", "shelly", "p1", "wmbusmeters", "zigbee2mqtt"]

LORAWAN = (Speaks.ELSYS, Speaks.MILESIGHT)
_MILESIGHT = "24e124"  # the block of addresses of Milesight (Xiamen)

_FORMATS = (
    (Speaks.MILESIGHT, re.compile(rf"{_MILESIGHT}[0-9a-f]{{10}}")),
    (Speaks.ELSYS, re.compile(r"[0-9a-f]{16}")),
    (Speaks.ZIGBEE2MQTT, re.compile(r"z2m/[^+#\x00]+")),
    (Speaks.SHELLY, re.compile(r"shelly/shellypro3em-[0-9a-f]{12}")),
    (Speaks.WMBUSMETERS, re.compile(r"wmbus/[0-9a-f]{8}")),
    (Speaks.P1, re.compile(r"p1/[^+#\x00]+")),
)
_NATIVE_NAME = re.compile(r"[^/+#\x00]+")


def spoken(device: Device) -> Speaks | None:
    """What ``device`` speaks; None where its key says nothing of it."""
    for speaks, pattern in _FORMATS:
        if pattern.fullmatch(device.key):
            return speaks
    name = device.key.removeprefix(f"{device.school}/")
    return Speaks.NATIVE if name != device.key and _NATIVE_NAME.fullmatch(name) else None


def room_device(speaks: RoomFormat, school: str, room: str, number: int) -> str:
    """Key of a room's device; ``number`` counts from 1 over the whole town.

    Elsys devices (``chirpstack`` and ``tts``, which the scenario's ``the_things_stack`` must name) and
    Milesight devices have invented devEUIs in their makers' blocks.
    """
    if speaks == "native":
        return f"{school}/co2-{room}"
    if speaks == "zigbee2mqtt":
        return f"z2m/{school}/{room}"
    if speaks == "milesight":
        return f"{_MILESIGHT}707c{number:06x}"
    return f"a81758fffe{0x0D0000 + number:06x}"


def meter_device(speaks: MeterFormat, school: str, meter: str, number: int) -> str:
    """Key of a meter's device; ``number`` counts from 1 over the whole town."""
    keys = {
        "native": f"{school}/{meter}-1",
        "zigbee2mqtt": f"z2m/{school}/{meter}",
        "shelly": f"shelly/shellypro3em-{0x08F9E0000000 + number:012x}",
        "wmbusmeters": f"wmbus/{70_000_000 + number:08d}",
        "p1": f"p1/dsmr/{school}",
    }
    return keys[speaks]

"""What 150 rooms say, in three formats: a topic and a payload for each room, step and time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime

ROOMS = 150


def native(room: int, step: int, at: datetime) -> tuple[str, bytes]:
    """Three quantities and a time, about 105 bytes."""
    values = {
        "co2_ppm": 420 + (room * 37 + step * 11) % 900,
        "temperature_c": 18 + (room + step) % 60 / 10,
        "humidity_pct": 25 + (room * 3 + step) % 400 / 10,
        "time": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    topic = f"classroom/school-{room // 30}/room-{room % 30}/air-{room % 30}"
    return topic, json.dumps(values, separators=(",", ":")).encode()


def chirpstack(room: int, step: int, at: datetime) -> tuple[str, bytes]:
    """An uplink of an Elsys ERS CO2 in ChirpStack's envelope: six quantities, about 800 bytes."""
    temperature, co2 = 180 + (room + step) % 60, 420 + (room * 37 + step * 11) % 900
    data = bytes.fromhex(f"01{temperature:04x}02{25 + step % 40:02x}04{room:04x}0500") + bytes.fromhex(
        f"06{co2:04x}070e{step % 100:02x}"
    )
    eui = f"a81758fffe{room:06x}"
    heard = f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00"
    uplink = {
        "deduplicationId": f"3ac7e3c4-4401-4b8d-9386-{step:012x}",
        "time": heard,
        "deviceInfo": {
            "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
            "tenantName": "Staden",
            "applicationId": "ca739e26-7b67-4f14-b69e-d568c22a5a75",
            "applicationName": "Inneklimat",
            "deviceProfileId": "605d08d4-65f5-4d2c-8a5a-3d2457662f79",
            "deviceProfileName": "ELSYS ERS CO2",
            "deviceName": f"Sal {room}",
            "devEui": eui,
            "tags": {"school": f"school-{room // 30}"},
        },
        "devAddr": "0189440f",
        "adr": True,
        "dr": 5,
        "fCnt": step,
        "fPort": 5,
        "confirmed": False,
        "data": base64.b64encode(data).decode(),
        "rxInfo": [
            {"gatewayId": "0016c001ff10a235", "uplinkId": step, "nsTime": heard, "rssi": -73, "snr": 9.2}
        ],
        "txInfo": {
            "frequency": 868300000,
            "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
        },
    }
    return f"application/ca739e26/device/{eui}/event/up", json.dumps(uplink, separators=(",", ":")).encode()


def zigbee2mqtt(room: int, step: int, at: datetime) -> tuple[str, bytes]:
    """A room sensor's state: four quantities, about 130 bytes."""
    state = {
        "battery": 60 + room % 40,
        "co2": 420 + (room * 37 + step * 11) % 900,
        "humidity": 25 + (room * 3 + step) % 400 / 10,
        "last_seen": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "linkquality": 30 + step % 200,
        "temperature": 18 + (room + step) % 60 / 10,
    }
    return f"zigbee2mqtt/school-{room // 30}/room {room % 30}", json.dumps(state).encode()


FORMATS: dict[str, tuple[Callable[[int, int, datetime], tuple[str, bytes]], int]] = {
    "native": (native, 3),
    "chirpstack-elsys": (chirpstack, 6),
    "zigbee2mqtt": (zigbee2mqtt, 4),
}
"""How a message is made, and how many readings it holds."""

"""LoRaWAN: payload bytes of Elsys and Milesight, events of ChirpStack v4 and The Things Stack v3.

Written from the public descriptions (elsys.se "Elsys payload", Milesight's "Payload Definition" of the AM300
series, ChirpStack's integration events, The Things Stack's data formats), not from this project's decoders:
that is what makes the simulator a test of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.template import Hole, template

Floats = NDArray[np.float64]

ELSYS_PORT = 5  # Elsys devices send measurements on port 5
MILESIGHT_PORT = 85
_APPLICATION_ID = "8a4f6d1e-52c3-4b7a-9c40-2f6e1d0b7a35"
_TENANT_ID = "3d2b7c90-6e15-4f0a-8b6d-5a9e4c1f2d08"
_PROFILE_ID = "c0b9a8f7-1e2d-4c3b-8a59-687f7e6d5c4b"
_GATEWAY = "24e124fffef0a1b2"

_ELSYS = np.dtype(
    [
        *(("t1", "u1"), ("temperature", ">i2"), ("t2", "u1"), ("humidity", "u1")),
        *(("t4", "u1"), ("light", ">u2"), ("t5", "u1"), ("motion", "u1")),
        *(("t6", "u1"), ("co2", ">u2"), ("t7", "u1"), ("battery", ">u2")),
    ]
)
_AM307 = np.dtype(
    [
        *(("c1", ">u2"), ("battery", "u1"), ("c3", ">u2"), ("temperature", "<i2")),
        *(("c4", ">u2"), ("humidity", "u1"), ("c5", ">u2"), ("motion", "u1")),
        *(("c6", ">u2"), ("light", "u1"), ("c7", ">u2"), ("co2", "<u2")),
        *(("c8", ">u2"), ("tvoc", "<u2"), ("c9", ">u2"), ("pressure", "<u2")),
    ]
)
_AM307_TYPES = {
    "c1": 0x0175,
    "c3": 0x0367,
    "c4": 0x0468,
    "c5": 0x0500,
    "c6": 0x06CB,
    "c7": 0x077D,
    "c8": 0x087D,
    "c9": 0x0973,
}
_LIGHT_LEVELS_LUX = (5.5, 50.5, 100.5, 500.5, 2000.5)
"""Upper ends of Milesight's light levels 0 to 4; above is 5."""


def elsys_ers_co2(values: Mapping[str, Floats], battery_mv: int) -> list[bytes]:
    """Payloads of an Elsys ERS CO2: type byte and big-endian value, one after the other.

    0x01 temperature [0.1 °C, int16], 0x02 relative humidity [%, uint8], 0x04 light [lux, uint16], 0x05
    motions since the last uplink [uint8], 0x06 CO2 [ppm, uint16], 0x07 battery [mV, uint16]. Values are
    rounded to the resolution and held at the ends of their range.
    """
    rows = np.zeros(values["co2_ppm"].size, dtype=_ELSYS)
    for number in (1, 2, 4, 5, 6, 7):
        rows[f"t{number}"] = number
    rows["temperature"] = _held(values["temperature_c"] * 10, -0x8000, 0x7FFF)
    rows["humidity"] = _held(values["humidity_pct"], 0, 0xFF)
    rows["light"] = _held(values["illuminance_lux"], 0, 0xFFFF)
    rows["motion"] = _held(values["motion_count"], 0, 0xFF)
    rows["co2"] = _held(values["co2_ppm"], 0, 0xFFFF)
    rows["battery"] = battery_mv
    return _cut(rows)


def milesight_am307(values: Mapping[str, Floats], battery_pct: int) -> list[bytes]:
    """Payloads of a Milesight AM307: channel, type and little-endian value, one after the other.

    Battery [%], temperature [0.1 °C], humidity [0.5 %], PIR (0/1), light level (0-5), CO2 [ppm], tVOC (index
    x 100, as set from the factory), pressure [0.1 hPa].
    """
    rows = np.zeros(values["co2_ppm"].size, dtype=_AM307)
    for field, channel_and_type in _AM307_TYPES.items():
        rows[field] = channel_and_type
    rows["battery"] = battery_pct
    rows["temperature"] = _held(values["temperature_c"] * 10, -0x8000, 0x7FFF)
    rows["humidity"] = _held(values["humidity_pct"] * 2, 0, 0xFF)
    rows["motion"] = values["motion_count"] > 0
    rows["light"] = np.searchsorted(_LIGHT_LEVELS_LUX, values["illuminance_lux"])
    rows["co2"] = _held(values["co2_ppm"], 0, 0xFFFF)
    rows["tvoc"] = _held(50 + values["co2_ppm"] / 8, 0, 0xFFFF)  # people's breath and odours rise together
    rows["pressure"] = _held(values["pressure_hpa"] * 10, 0, 0xFFFF)
    return _cut(rows)


def _held(values: Floats, low: int, high: int) -> Floats:
    return np.clip(np.round(values), low, high)


def _cut(rows: NDArray[Any]) -> list[bytes]:
    whole, size = rows.tobytes(), rows.dtype.itemsize
    return [whole[first : first + size] for first in range(0, len(whole), size)]


def chirpstack_topic(dev_eui: str, event: str = "up") -> str:
    """Topic of events of ``dev_eui`` (lower case) with ChirpStack's default template."""
    return f"application/{_APPLICATION_ID}/device/{dev_eui}/event/{event}"


Uplink = Callable[[bytes, bytes, int, bytes, str], bytes]
"""An uplink from the gateway's and the server's time (UTC, ``YYYY-MM-DDTHH:MM:SS.mmm``), the frame counter
since the last join, the payload, and 32 hex digits that no other uplink has."""


def chirpstack_uplink(dev_eui: str, name: str, profile: str, f_port: int) -> Uplink:
    """Uplink events of ChirpStack v4 for a device without codec."""
    write = template(
        {
            "deduplicationId": Hole("%s-%s-4%s-8%s-%s"),
            "time": Hole("%s+00:00"),
            "deviceInfo": _device_info(dev_eui, name, profile),
            "devAddr": _dev_addr(dev_eui),
            "adr": True,
            "dr": 5,
            "fCnt": Hole("%d", bare=True),
            "fPort": f_port,
            "confirmed": False,
            "data": Hole("%s"),
            "rxInfo": [
                {
                    "gatewayId": _GATEWAY,
                    "uplinkId": Hole("%d", bare=True),
                    "gwTime": Hole("%s+00:00"),
                    "nsTime": Hole("%s512345+00:00"),
                    "rssi": Hole("%d", bare=True),
                    "snr": 9.5,
                    "channel": Hole("%d", bare=True),
                    "crcStatus": "CRC_OK",
                }
            ],
            "txInfo": {
                "frequency": 868_100_000,
                "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
            },
            "regionConfigId": "eu868",
        }
    )

    def uplink(heard: bytes, served: bytes, f_cnt: int, data: bytes, digits: str) -> bytes:
        known = digits.encode()
        return write % (
            *(known[:8], known[8:12], known[13:16], known[17:20], known[20:]),
            *(heard, f_cnt, binascii.b2a_base64(data, newline=False), int(digits[:4], 16), heard),
            *(served, _rssi(digits), f_cnt % 8),
        )

    return uplink


def chirpstack_join(dev_eui: str, name: str, profile: str, time: str, digits: str) -> bytes:
    """The event of a device that joined: nothing in it is a reading."""
    write = template(
        {
            "deduplicationId": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}",
            "time": f"{time}+00:00",
            "deviceInfo": _device_info(dev_eui, name, profile),
            "devAddr": _dev_addr(dev_eui),
        }
    )
    return write % ()


def _device_info(dev_eui: str, name: str, profile: str) -> dict[str, object]:
    return {
        "tenantId": _TENANT_ID,
        "tenantName": "Demokommunen",
        "applicationId": _APPLICATION_ID,
        "applicationName": "skolluft",
        "deviceProfileId": _PROFILE_ID,
        "deviceProfileName": profile,
        "deviceName": name,
        "devEui": dev_eui,
        "deviceClassEnabled": "CLASS_A",
        "tags": {},
    }


def tts_topic(dev_eui: str) -> str:
    """Topic of uplinks of ``dev_eui`` on The Things Stack."""
    return f"v3/skolluft@ttn/devices/eui-{dev_eui}/up"


def tts_uplink(dev_eui: str, f_port: int) -> Uplink:
    """Uplink messages of The Things Stack v3 for a device without payload formatter.

    As the server does, empty and zero fields of the envelope are left out.
    """
    write = template(
        {
            "end_device_ids": {
                "device_id": f"eui-{dev_eui}",
                "application_ids": {"application_id": "skolluft"},
                "dev_eui": dev_eui.upper(),
                "join_eui": "0000000000000000",
                "dev_addr": _dev_addr(dev_eui).upper(),
            },
            "correlation_ids": [Hole("gs:uplink:%s")],
            "received_at": Hole("%s398722Z"),
            "uplink_message": {
                "session_key_id": base64.b64encode(hashlib.md5(dev_eui.encode()).digest()).decode(),  # noqa: S324
                "f_port": f_port,
                "f_cnt": Hole("%d", bare=True),
                "frm_payload": Hole("%s"),
                "rx_metadata": [
                    {
                        "gateway_ids": {"gateway_id": "skolan-gw-1", "eui": _GATEWAY.upper()},
                        "time": Hole("%sZ"),
                        "timestamp": Hole("%d", bare=True),
                        "rssi": Hole("%d", bare=True),
                        "channel_rssi": Hole("%d", bare=True),
                        "snr": 9.5,
                        "received_at": Hole("%s118345Z"),
                    }
                ],
                "settings": {
                    "data_rate": {
                        "lora": {"bandwidth": 125_000, "spreading_factor": 7, "coding_rate": "4/5"},
                    },
                    "frequency": "868100000",
                },
                "received_at": Hole("%s204511Z"),
                "consumed_airtime": "0.066816s",
                "network_ids": {"net_id": "000013", "tenant_id": "ttn", "cluster_id": "eu1"},
            },
        }
    )

    def uplink(heard: bytes, served: bytes, f_cnt: int, data: bytes, digits: str) -> bytes:
        rssi = _rssi(digits)
        text = write % (
            *(digits[:26].upper().encode(), served, f_cnt, binascii.b2a_base64(data, newline=False)),
            *(heard, int(digits[:8], 16), rssi, rssi, served, served),
        )
        return text if f_cnt else text.replace(b'"f_cnt":0,', b"")

    return uplink


def _rssi(digits: str) -> int:
    return -70 - int(digits[4:6], 16) % 40


def _dev_addr(dev_eui: str) -> str:
    return f"01{dev_eui[-6:]}"

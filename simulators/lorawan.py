"""LoRaWAN uplinks: Elsys payload bytes and the envelopes of ChirpStack v4 and The Things Stack v3.

Written from the public descriptions (elsys.se "Elsys payload", ChirpStack's integration events, The Things
Stack's data formats), not from this project's decoders: that is what makes the simulator a test of them.
"""

from __future__ import annotations

import base64
import hashlib
import struct

_ELSYS_PORT = 5  # Elsys devices send measurements on port 5
_APPLICATION_ID = "8a4f6d1e-52c3-4b7a-9c40-2f6e1d0b7a35"
_TENANT_ID = "3d2b7c90-6e15-4f0a-8b6d-5a9e4c1f2d08"
_PROFILE_ID = "c0b9a8f7-1e2d-4c3b-8a59-687f7e6d5c4b"
_GATEWAY = "24e124fffef0a1b2"


def elsys_ers_co2(
    temperature_c: float,
    humidity_pct: float,
    illuminance_lux: float,
    motion_count: int,
    co2_ppm: float,
    battery_mv: int,
) -> bytes:
    """Payload of an Elsys ERS CO2: type byte and big-endian value, one after the other.

    0x01 temperature [0.1 °C, int16], 0x02 relative humidity [%, uint8], 0x04 light [lux, uint16], 0x05
    motions since the last uplink [uint8], 0x06 CO2 [ppm, uint16], 0x07 battery [mV, uint16]. Values are
    rounded to the resolution and held at the ends of their range.
    """
    return struct.pack(
        ">BhBBBHBBBHBH",
        0x01,
        _held(temperature_c * 10, -0x8000, 0x7FFF),
        0x02,
        _held(humidity_pct, 0, 100),
        0x04,
        _held(illuminance_lux, 0, 0xFFFF),
        0x05,
        _held(motion_count, 0, 0xFF),
        0x06,
        _held(co2_ppm, 0, 0xFFFF),
        0x07,
        _held(battery_mv, 0, 0xFFFF),
    )


def _held(value: float, low: int, high: int) -> int:
    return min(max(round(value), low), high)


def chirpstack_topic(dev_eui: str) -> str:
    """Topic of uplinks of ``dev_eui`` (lower case) with ChirpStack's default template."""
    return f"application/{_APPLICATION_ID}/device/{dev_eui}/event/up"


def chirpstack_up(dev_eui: str, name: str, time: str, f_cnt: int, data: bytes) -> dict[str, object]:
    """A ChirpStack v4 uplink event without codec; ``time`` is ``YYYY-MM-DDTHH:MM:SS.mmm`` (UTC)."""
    identity = _identity(dev_eui, f_cnt)
    return {
        "deduplicationId": _uuid(identity),
        "time": f"{time}+00:00",
        "deviceInfo": {
            "tenantId": _TENANT_ID,
            "tenantName": "Demokommunen",
            "applicationId": _APPLICATION_ID,
            "applicationName": "skolluft",
            "deviceProfileId": _PROFILE_ID,
            "deviceProfileName": "Elsys ERS CO2",
            "deviceName": name,
            "devEui": dev_eui,
            "deviceClassEnabled": "CLASS_A",
            "tags": {},
        },
        "devAddr": _dev_addr(dev_eui),
        "adr": True,
        "dr": 5,
        "fCnt": f_cnt,
        "fPort": _ELSYS_PORT,
        "confirmed": False,
        "data": base64.b64encode(data).decode(),
        "rxInfo": [
            {
                "gatewayId": _GATEWAY,
                "uplinkId": int(identity[:4], 16),
                "gwTime": f"{time}+00:00",
                "nsTime": f"{time}512345+00:00",
                "rssi": -70 - int(identity[4:6], 16) % 40,
                "snr": 9.5,
                "channel": f_cnt % 8,
                "crcStatus": "CRC_OK",
            }
        ],
        "txInfo": {
            "frequency": 868_100_000,
            "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
        },
        "regionConfigId": "eu868",
    }


def tts_topic(dev_eui: str) -> str:
    """Topic of uplinks of ``dev_eui`` on The Things Stack."""
    return f"v3/skolluft@ttn/devices/eui-{dev_eui}/up"


def tts_up(dev_eui: str, time: str, f_cnt: int, data: bytes) -> dict[str, object]:
    """A Things Stack v3 uplink without payload formatter; ``time`` is ``YYYY-MM-DDTHH:MM:SS.mmm`` (UTC).

    As the server does, empty and zero fields of the envelope are left out.
    """
    identity = _identity(dev_eui, f_cnt)
    uplink: dict[str, object] = {
        "session_key_id": base64.b64encode(bytes.fromhex(identity[:32])).decode(),
        "f_port": _ELSYS_PORT,
        "f_cnt": f_cnt,
        "frm_payload": base64.b64encode(data).decode(),
        "rx_metadata": [
            {
                "gateway_ids": {"gateway_id": "skolan-gw-1", "eui": _GATEWAY.upper()},
                "time": f"{time}Z",
                "timestamp": int(identity[:8], 16),
                "rssi": -70 - int(identity[4:6], 16) % 40,
                "channel_rssi": -70 - int(identity[4:6], 16) % 40,
                "snr": 9.5,
                "received_at": f"{time}118345Z",
            }
        ],
        "settings": {
            "data_rate": {
                "lora": {"bandwidth": 125_000, "spreading_factor": 7, "coding_rate": "4/5"},
            },
            "frequency": "868100000",
        },
        "received_at": f"{time}204511Z",
        "consumed_airtime": "0.066816s",
        "network_ids": {"net_id": "000013", "tenant_id": "ttn", "cluster_id": "eu1"},
    }
    if f_cnt == 0:
        del uplink["f_cnt"]
    return {
        "end_device_ids": {
            "device_id": f"eui-{dev_eui}",
            "application_ids": {"application_id": "skolluft"},
            "dev_eui": dev_eui.upper(),
            "join_eui": "0000000000000000",
            "dev_addr": _dev_addr(dev_eui).upper(),
        },
        "correlation_ids": [f"gs:uplink:{identity[:26].upper()}"],
        "received_at": f"{time}398722Z",
        "uplink_message": uplink,
    }


def _uuid(digits: str) -> str:
    """32 hex digits as a UUID of version 4."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _dev_addr(dev_eui: str) -> str:
    return f"01{dev_eui[-6:]}"


def _identity(dev_eui: str, f_cnt: int) -> str:
    """32 hex digits that differ for every uplink and are the same in every run."""
    return hashlib.blake2b(f"{dev_eui}/{f_cnt}".encode(), digest_size=16).hexdigest()

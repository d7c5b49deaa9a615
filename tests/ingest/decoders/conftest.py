from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings

from ingest.decoders import decode
from ingest.message import Decoded, Message

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of a decoder
settings.load_profile("untimed")

RECEIVED = datetime(2026, 3, 10, 12, tzinfo=UTC)

Say = Callable[..., Decoded]


@pytest.fixture(scope="session")
def say() -> Say:
    """Decode a payload given as bytes, text or anything JSON can hold."""

    def _say(topic: str, payload: object) -> Decoded:
        if isinstance(payload, str):
            payload = payload.encode()
        if not isinstance(payload, bytes):
            payload = json.dumps(payload).encode()
        return decode(Message(topic, payload, RECEIVED))

    return _say


@pytest.fixture(scope="session")
def chirpstack() -> Callable[..., dict[str, Any]]:
    """A ChirpStack v4 uplink; ``more`` replaces or adds fields."""

    def _chirpstack(data: bytes = b"", eui: str = "0102030405060708", **more: Any) -> dict[str, Any]:
        return {
            "time": "2026-03-10T11:59:58.118+00:00",
            "deviceInfo": {"devEui": eui, "deviceName": "sensor-1", "deviceProfileName": "EU868", "tags": {}},
            "fCnt": 7,
            "fPort": 5,
            "data": base64.b64encode(data).decode(),
            "rxInfo": [{"nsTime": "2026-03-10T11:59:58.171481193+00:00"}],
            **more,
        }

    return _chirpstack


@pytest.fixture(scope="session")
def ttn() -> Callable[..., dict[str, Any]]:
    """A Things Stack v3 uplink; ``more`` goes into ``uplink_message``."""

    def _ttn(data: bytes = b"", eui: str = "0102030405060708", **more: Any) -> dict[str, Any]:
        return {
            "end_device_ids": {
                "device_id": "room-12",
                "application_ids": {"application_id": "school-air"},
                "dev_eui": eui.upper(),
            },
            "received_at": "2026-03-10T11:59:58.358120412Z",
            "uplink_message": {
                "f_port": 5,
                "frm_payload": base64.b64encode(data).decode(),
                "received_at": "2026-03-10T11:59:58.152907871Z",
                **more,
            },
        }

    return _ttn

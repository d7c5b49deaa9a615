"""Whatever arrives: a message with values, or :class:`Undecodable` with one of the stable reasons."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.quantity import QUANTITIES
from ingest.decoders import REASONS, decode
from ingest.decoders.mappings import MAPPINGS
from ingest.message import Decoded, Message, Undecodable

TOPICS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "classroom/school/room/device",
            "classroom/school//device",
            "classroom",
            "application/1/device/0102030405060708/event/up",
            "v3/app@ttn/devices/room-12/up",
            "zigbee2mqtt/room",
            "zigbee2mqtt/room/temperature",
            "tele/t12/SENSOR",
            "shellies/shellyem3-AABBCC/emeter/0/total",
            "shellyplusht-aabbccddeeff/status/temperature:0",
            "node/sensor/co2/state",
            "node/binary_sensor/pir/state",
            "homie/device/node/temperature",
            "emon/emonth1",
            "emon/emontx4/P1",
            "dsmr/reading/electricity_delivered_1",
            "Aranet/1/sensors/2/json/measurements",
            "device/pro/history/1",
        ]
    ),
)
NAMES = sorted(
    {step for mapping in MAPPINGS for field in mapping.fields for step in field.path}
    | {key for mapping in MAPPINGS for key in mapping.all_of | mapping.any_of}
    | {"data", "bytes", "type", "status", "unit", "value", "values", "time", "air", "action", "Device"}
    | set(QUANTITIES)
)
PLAIN_NAMES = """
linkquality last_seen device ieeeAddr temperature humidity co2 energy power voltage state src params
result ts sys unixtime switch:0 switch:1 em:0 emdata:0 temperature:0 humidity:0 devicepower:0
battery external apower aenergy total tC rh StatusSNS SSerialReceived Time TempUnit PressureUnit
ENERGY Total Power TotalTariff ESP32 DS18B20 DS18B20-1 SCD40 ANALOG CTEnergy1 Temperature Humidity
Pressure CarbonDioxide media meter id timestamp total_kwh power_kw t up vcc rssi data lv P I1 tPI
rtc U1 gw_mac gwts electricity_delivered_1 rco2 atmp wifi serialno km103.rtemp iotnode event diff
value _id devEui bn bt bu bv n u v vb
"""
FAMILY_NAMES = st.sampled_from(PLAIN_NAMES.split())
WORDS = ["trigger", "occupied", "NoSensor", "100%", "Wh", "°C", "EM2101", "EM4301", "Consumption", "C", ""]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(WORDS),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
PORTS = st.sampled_from([0, 1, 2, 5, 85, 103, 127, True, None, "5"])
TIMES = st.one_of(
    VALUES, st.sampled_from(["2026-03-10T08:15:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"])
)
DEVICES = st.one_of(SCALARS, st.sampled_from(["0102030405060708", "A81758FFFE0302EA"]))
DATA = st.one_of(SCALARS, st.sampled_from(["AQDiAik=", "AQDi", "PgE=", "%%%", "====", "å"]))


def outcome(message: Message) -> Decoded | Undecodable:
    try:
        return decode(message)
    except Undecodable as refusal:
        return refusal


def check(message: Message) -> None:
    decoded = outcome(message)
    if isinstance(decoded, Undecodable):
        assert decoded.reason in REASONS
        assert len(decoded.detail) <= 400
        return
    assert decoded.values
    assert decoded.device
    for moment in [decoded.time, *(value.time for value in decoded.values)]:
        assert moment is None or moment.utcoffset() == datetime.now(UTC).utcoffset()
    for value in decoded.values:
        assert value.quantity in QUANTITIES
        assert type(value.value) is float
        assert math.isfinite(value.value)
    assert all(isinstance(text, str) for text in decoded.hints.values())


def written(document: object) -> bytes:
    return json.dumps(document).encode(errors="surrogatepass")


@given(TOPICS, st.binary(max_size=80))
def test_any_bytes(topic: str, payload: bytes) -> None:
    check(Message(topic, payload, datetime(2026, 3, 10, tzinfo=UTC)))


@given(TOPICS, VALUES)
def test_any_json(topic: str, document: object) -> None:
    check(Message(topic, written(document), datetime(2026, 3, 10, tzinfo=UTC)))


@given(DEVICES, TIMES, PORTS, DATA, st.one_of(OBJECTS, VALUES), VALUES, TIMES)
def test_any_chirpstack_event(
    eui: object, time: object, port: object, data: object, decoded: object, tags: object, heard: object
) -> None:
    document: dict[str, Any] = {"deviceInfo": {"devEui": eui, "tags": tags, "deviceName": tags}, "time": time}
    document |= {"fPort": port, "data": data, "object": decoded, "rxInfo": [{"nsTime": heard}, heard]}
    check(Message("t", written(document), datetime(2026, 3, 10, tzinfo=UTC)))


@given(DEVICES, TIMES, PORTS, DATA, st.one_of(OBJECTS, VALUES), VALUES)
def test_any_ttn_message(
    eui: object, time: object, port: object, data: object, decoded: object, more: object
) -> None:
    ids = {"dev_eui": eui, "device_id": more, "application_ids": more}
    uplink = {"f_port": port, "frm_payload": data, "decoded_payload": decoded, "normalized_payload": more}
    uplink |= {"received_at": time, "version_ids": more, "attributes": more}
    document = {"end_device_ids": ids, "received_at": time, "uplink_message": uplink}
    check(Message("t", written(document), datetime(2026, 3, 10, tzinfo=UTC)))


@given(DEVICES, TIMES, PORTS, DATA, st.one_of(OBJECTS, VALUES), VALUES)
def test_any_gateway_message(
    eui: object, time: object, port: object, data: object, decoded: object, more: object
) -> None:
    document = {"devEUI": eui, "fPort": port, "data": data, "object": decoded, "objectJSON": more}
    document |= {"time": time, "rxInfo": [{"time": time}, more], "deviceName": more, "tags": more, "x": more}
    check(Message("t", written(document), datetime(2026, 3, 10, tzinfo=UTC)))


@given(
    st.sampled_from(["24E124725C123456", "94193A0001020304", "A81758FFFE0302EA", "0102030405060708"]),
    st.sampled_from([2, 5, 85]),
    st.sampled_from(["AM307", "EM320-TH-V2", "VS121", "WS302", "CT305", "EM500-CO2", "sensor"]),
    st.binary(max_size=80),
    st.sampled_from([b"", b"\x20\xce", b"\x21\xce", b"\x04\xc9", b"\x15\x04", b"\x17{", b"\x05\x0d"]),
)
def test_any_bytes_of_a_known_maker(eui: str, port: int, name: str, data: bytes, start: bytes) -> None:
    text = base64.b64encode(start + data).decode()
    document = {"devEUI": eui, "fPort": port, "data": text, "deviceName": name}
    check(Message("t", written(document), datetime(2026, 3, 10, tzinfo=UTC)))


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda mapping: mapping.family)
@settings(max_examples=10)
@given(data=st.data())
def test_any_object_of_a_mapping(mapping: Any, data: st.DataObject) -> None:
    """Objects that carry the mapping's own signature, with anything in them."""
    keys = dict.fromkeys(sorted(mapping.all_of), VALUES)
    keys |= dict.fromkeys(sorted(mapping.any_of)[:1], VALUES)
    others = {field.path[0]: VALUES for field in mapping.fields if field.path[0] not in keys}
    document = data.draw(st.fixed_dictionaries(keys, optional=others))
    document |= dict(mapping.equals)
    for step in reversed(mapping.root):
        document = {step: document}
    envelope = {"deviceInfo": {"devEui": "0102030405060708"}, "fPort": min(mapping.f_ports, default=1)}
    check(Message("t", written(envelope | {"object": document}), datetime(2026, 3, 10, tzinfo=UTC)))


FAMILY_VALUES = st.recursive(
    st.one_of(
        SCALARS,
        st.sampled_from(["heat", "electricity", "-127", "nan", "1-0:1.8.0(1*kWh)", "Cel", "0201061B"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FAMILY_NAMES, inner, max_size=5)),
    max_leaves=8,
)


@given(TOPICS, st.one_of(st.dictionaries(FAMILY_NAMES, FAMILY_VALUES, max_size=8), FAMILY_VALUES))
def test_any_object_of_the_families_with_readable_keys(topic: str, document: object) -> None:
    check(Message(topic, written(document), datetime(2026, 3, 10, tzinfo=UTC)))


@given(TOPICS, st.lists(st.dictionaries(FAMILY_NAMES, SCALARS, max_size=6), min_size=1, max_size=4))
def test_any_pack(topic: str, pack: list[dict[str, object]]) -> None:
    check(Message(topic, written(pack), datetime(2026, 3, 10, tzinfo=UTC)))


@pytest.mark.parametrize("depth", [100, 900, 1010])
def test_deep_nesting(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for key in ("co2_ppm", "time", "deviceInfo"):
        payload = f'{{"{key}": {nested}}}'.encode()
        check(Message("classroom/school/room/device", payload, datetime(2026, 3, 10, tzinfo=UTC)))
    for decoded in (
        '"volume": 1, "flow_temperature": 1, "return_temperature": 1, "energy": %, "serial": %',
        '"co2": %',
    ):
        uplink = (
            '{"deviceInfo": {"devEui": "0102030405060708"}, "object": {' + decoded.replace("%", nested) + "}}"
        )
        check(Message("t", uplink.encode(), datetime(2026, 3, 10, tzinfo=UTC)))

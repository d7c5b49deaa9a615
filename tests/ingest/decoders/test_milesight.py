"""Milesight bytes: what a test encodes, the decoder gives back; damaged bytes never become a wrong unit."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.quantity import QUANTITIES
from ingest.decoders.milesight import decode_unnamed, model_named
from ingest.message import Decoded, Undecodable

EUI = "24e124725c123456"  # Milesight's, a product the table does not know
TOPIC = "anything"
Say = Callable[..., Decoded]
Uplink = Callable[..., dict[str, Any]]

# Written from the maker's documents, not from the decoder's tables: bytes in front, struct code, divisor,
# quantity, lowest and highest number that is a measurement.
RECORDS: tuple[tuple[str, str, int, str, int, int], ...] = (
    ("0175", "B", 1, "battery_pct", 0, 254),
    ("0367", "h", 10, "temperature_c", -32768, 32767),
    ("0468", "B", 2, "humidity_pct", 0, 254),
    ("077d", "H", 1, "co2_ppm", 0, 65532),
    ("0973", "H", 10, "pressure_hpa", 0, 65532),
    ("056a", "H", 1, "motion_count", 0, 65535),
    ("0b7d", "H", 1, "pm25_ug_m3", 0, 65532),
    ("0c7d", "H", 1, "pm10_ug_m3", 0, 65532),
    ("08e6", "H", 1, "tvoc_ug_m3", 0, 65532),
    ("0394", "I", 1, "illuminance_lux", 0, 2**32 - 1),
    ("05fd", "H", 1, "people_count", 0, 65532),
    ("05c8", "I", 1, "pulse_count", 0, 2**32 - 1),
    ("0499", "H", 10, "current_a", 0, 65532),
    ("0480", "I", 1, "power_w", 0, 2**32 - 1),
    ("0683", "I", 1000, "energy_kwh", 0, 2**32 - 1),
    ("1063", "I", 100, "energy_l1_kwh", 0, 2**32 - 1),
    ("038e", "B", 1, "occupancy", 0, 1),
)
SILENT = ("03970a000000", "06cb02", "ff0bff", "ff166746d38802580000", "0aef00000000", "040001", "0e0101")
"""Ampere-hours, a light level, versions, a clock, a tamper switch, a buzzer."""


def packed(record: tuple[str, str, int, str, int, int], number: int) -> bytes:
    return bytes.fromhex(record[0]) + struct.pack("<" + record[1], number)


@st.composite
def payloads(draw: st.DrawFn) -> tuple[bytes, dict[str, float]]:
    """Bytes of some records, each once and in any order, and the values they hold."""
    encoded, held = b"", {}
    for record in draw(st.lists(st.sampled_from([*RECORDS, *SILENT]), min_size=1, max_size=8, unique=True)):
        if isinstance(record, str):
            encoded += bytes.fromhex(record)
            continue
        number = draw(st.integers(record[4], record[5]))
        encoded += packed(record, number)
        held[record[3]] = number / record[2]
    return encoded, held


def outcome(say: Say, uplink: dict[str, Any]) -> Decoded | Undecodable:
    try:
        return say(TOPIC, uplink)
    except Undecodable as refusal:
        return refusal


@given(payloads())
def test_decoding_gives_back_what_was_encoded(
    say: Say, chirpstack: Uplink, made: tuple[bytes, dict[str, float]]
) -> None:
    encoded, held = made
    decoded = outcome(say, chirpstack(encoded, EUI, fPort=85))
    if not held:
        assert isinstance(decoded, Undecodable)
        assert decoded.reason == "no_reading"
        return
    assert isinstance(decoded, Decoded)
    assert {value.quantity: value.value for value in decoded.values} == held
    assert decoded.rejected == ()


@given(payloads(), st.data())
def test_damaged_bytes_give_values_or_a_refusal(
    say: Say, chirpstack: Uplink, made: tuple[bytes, dict[str, float]], data: st.DataObject
) -> None:
    encoded = bytearray(made[0])
    for _ in range(data.draw(st.integers(0, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    encoded = encoded[: data.draw(st.integers(0, len(encoded)))] + data.draw(st.binary(max_size=4))
    decoded = outcome(say, chirpstack(bytes(encoded), EUI, fPort=85))
    assert decoded.device == EUI
    if isinstance(decoded, Undecodable):
        assert decoded.reason in {"no_codec", "no_reading"}
    else:
        assert decoded.values


@given(st.binary(min_size=1, max_size=51))
def test_bytes_of_no_named_maker_are_possible_values_or_nothing(raw: bytes) -> None:
    read = decode_unnamed(raw, 85, {})
    assert read is None or (read.values and read.rejected == ())
    for value in read.values if read else ():
        assert QUANTITIES[value.quantity].within_limits(value.value)


@given(payloads(), st.integers(1, 3))
def test_what_is_cut_short_is_not_read_without_a_maker(
    made: tuple[bytes, dict[str, float]], missing: int
) -> None:
    """Cut within the last record: at a record's end nothing shows that more was sent."""
    encoded = made[0] + packed(RECORDS[3], 800)
    assert decode_unnamed(encoded[:-missing], 85, {}) is None


@given(st.integers(1_600_000_000, 1_800_000_000), st.integers(-300, 600), st.integers(1, 200))
def test_history_stands_at_its_own_time(
    say: Say, chirpstack: Uplink, seconds: int, temperature: int, humidity: int
) -> None:
    layouts = {
        "AM102": struct.pack("<IhB", seconds, temperature, humidity),
        "AM103": struct.pack("<IhBH", seconds, temperature, humidity, 800),
        "EM300-TH": struct.pack("<IhBB", seconds, temperature, humidity, 0),
        "EM500-CO2": struct.pack("<IHHhB", seconds, 800, 10_132, temperature, humidity),
        "WS203": struct.pack("<IBBhB", seconds, 4, 1, temperature, humidity),
        "AM308": struct.pack("<IhHBBHHHHH", seconds, temperature, humidity, 1, 3, 800, 40, 10_132, 12, 15),
    }
    for model, record in layouts.items():
        uplink = chirpstack(b"\x20\xce" + record, EUI, fPort=85)
        uplink["deviceInfo"]["deviceProfileName"] = f"Milesight {model} EU868"
        decoded = say(TOPIC, uplink)
        values = {value.quantity: value.value for value in decoded.values}
        assert values["temperature_c"] == temperature / 10
        assert values["humidity_pct"] == humidity / 2
        if model in ("AM103", "EM500-CO2", "AM308"):
            assert values["co2_ppm"] == 800
        assert {value.time for value in decoded.values} == {datetime.fromtimestamp(seconds, UTC)}


def test_history_that_fits_several_models_is_not_guessed(say: Say, chirpstack: Uplink) -> None:
    twice = bytes.fromhex("20ceae5ba6640400240165" * 2)  # WS203, but an EM320 of its second edition could
    with pytest.raises(Undecodable) as caught:
        say(TOPIC, chirpstack(twice, EUI, fPort=85))
    assert caught.value.reason == "no_codec"
    assert "several models" in caught.value.detail


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("AM307", "0367ee0004687c05000106cb02077da803087d250009736627", {"motion": 1}),
        ("WS203", "050001", {"occupancy": 1}),
        ("WS202-hall", "030001040000", {"motion": 1}),
        ("VS340", "030001", {"occupancy": 1}),
        ("VS321", "0367ffff0468ff05fd0300", {"people_count": 3}),
        ("EM320-TH", "0367feff046865", {"humidity_pct": 50.5}),
        ("EM300-TH", "0367ffff046865", {"temperature_c": -0.1, "humidity_pct": 50.5}),
        ("CT101", "8498b80bd007c40905", {"current_a": 25}),
        ("CT305", "8499b80bd007c40905", {"current_a": 250}),
        ("CT101-V2", "1063e8030000", {"energy_kwh": 10}),
        ("CT303-V2", "1063e80300001163d0070000", {"energy_l1_kwh": 10, "energy_l2_kwh": 20}),
        ("WS302", "055b053f02da016a02", {"noise_db": 47.4, "noise_peak_db": 61.8}),
        ("WS523", "05812c07c94a000374300906830966000004800700000008 7001".replace(" ", ""), {"power_w": 7}),
        ("VS350", "03670c0104cc12001600", {"people_in_total": 18, "people_out_total": 22}),
    ],
)
def test_the_model_decides(
    say: Say, chirpstack: Uplink, name: str, raw: str, expected: dict[str, float]
) -> None:
    uplink = chirpstack(bytes.fromhex(raw), "0102030405060708", fPort=85)
    uplink["deviceInfo"]["deviceName"] = name
    values = {value.quantity: value.value for value in say(TOPIC, uplink).values}
    assert values.items() >= expected.items()
    if name in ("VS350", "EM320-TH", "VS321", "WS203", "VS340", "CT101", "CT305"):
        assert values.keys() == expected.keys()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("EM300-SLD", "050001"),  # a leak
        ("EM300-MCS", "060001"),  # a door
        ("WS301 door", "030001040001"),
        ("WS303", "030001"),
        ("EM500-PT100", "03671901"),  # a probe in a pipe
        ("EM500-SMTC", "03671901046873057ff000"),  # soil
        ("CT305", "0397102700000967f000"),  # ampere-hours and the meter cabinet's temperature
        ("WS302", "055b043f02da016a02"),  # sound without A-weighting
        ("AM103", "077dffff"),  # could not be read
        ("WS101", "ff2e01"),  # a button
    ],
)
def test_what_is_not_a_reading_of_a_room(say: Say, chirpstack: Uplink, name: str, raw: str) -> None:
    uplink = chirpstack(bytes.fromhex(raw), EUI, fPort=85)
    uplink["deviceInfo"]["deviceName"] = name
    with pytest.raises(Undecodable) as caught:
        say(TOPIC, uplink)
    assert caught.value.reason == "no_reading"


def test_the_dev_eui_tells_a_leak_from_presence(say: Say, chirpstack: Uplink) -> None:
    raw = bytes.fromhex("01755c03673401046865050001")
    door = say(TOPIC, chirpstack(bytes.fromhex("017564030001"), "24e124141c147463", fPort=85))  # a WS301
    assert {value.quantity for value in door.values} == {"battery_pct"}
    leak = say(TOPIC, chirpstack(raw, "24e124136b502217", fPort=85))  # an EM300
    assert {value.quantity for value in leak.values} == {"battery_pct", "temperature_c", "humidity_pct"}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("EM300-TH_868M", "em300"),
        ("em300-di", "em300di"),
        ("EM300 dining", "em300"),
        ("Milesight AM319 O3", "am319"),
        ("EM320-TH-V2", "em320thv2"),
        ("room 119", ""),
        ("problem300", ""),
        ("AM1", ""),
    ],
)
def test_a_model_in_a_name(name: str, model: str) -> None:
    assert model_named({"name": name}) == model


def test_a_gateways_own_json(say: Say) -> None:
    document = {
        "applicationID": 1,
        "devEUI": "24E124136B502217",
        "deviceName": "EM300-TH",
        "fPort": 85,
        "rxInfo": [{"loRaSNR": 13.8, "time": "2026-03-10T11:00:00Z"}],
    }
    for more in ({"data": "A2fqAARoTwUAAA=="}, {"data": "0367ea0004684f050000"}):
        decoded = say("/mqtttest", document | more)
        assert decoded.device == "24e124136b502217"
        assert decoded.time == datetime(2026, 3, 10, 11, tzinfo=UTC)
        values = {value.quantity: value.value for value in decoded.values}
        assert values == {"temperature_c": 23.4, "humidity_pct": 39.5}
    for more in (
        {"object": {"temperature": 21.5}},
        {"objectJSON": '{"temperature":21.5}'},
        {"temperature": 21.5},
    ):
        values = {value.quantity: value.value for value in say("x", document | more).values}
        assert values == {"temperature_c": 21.5}

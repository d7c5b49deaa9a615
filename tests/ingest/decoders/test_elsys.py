"""Elsys bytes: what a test encodes, the decoder gives back; damaged bytes never become a wrong exception."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.message import Decoded, Undecodable

ELSYS = "a81758fffe0302ea"
TOPIC = "anything"
Say = Callable[..., Decoded]
Uplink = Callable[..., dict[str, Any]]


def outcome(say: Say, uplink: dict[str, Any]) -> Decoded | Undecodable:
    try:
        return say(TOPIC, uplink)
    except Undecodable as refusal:
        return refusal


# Written from the maker's table, not from the decoder's: type, bytes, signed, divisor, quantity.
QUANTITIES: tuple[tuple[int, int, bool, int, str], ...] = (
    (0x01, 2, True, 10, "temperature_c"),
    (0x02, 1, False, 1, "humidity_pct"),
    (0x04, 2, False, 1, "illuminance_lux"),
    (0x05, 1, False, 1, "motion_count"),
    (0x06, 2, False, 1, "co2_ppm"),
    (0x07, 2, False, 1000, "battery_v"),
    (0x0B, 4, False, 1, "pulse_count"),
    (0x11, 1, False, 1, "occupancy"),
    (0x14, 4, False, 1000, "pressure_hpa"),
    (0x1C, 2, False, 1, "tvoc_ppb"),
)
OTHERS = {
    0x03: 3, 0x08: 2, 0x09: 6, 0x0A: 2, 0x0C: 2, 0x0D: 1, 0x0E: 2, 0x0F: 1, 0x10: 4, 0x12: 1, 0x13: 65,
    0x16: 2, 0x17: 4, 0x18: 2, 0x19: 2, 0x1A: 1, 0x1B: 4, 0x3D: 4,
}  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> tuple[bytes, dict[tuple[str, int], float]]:
    """Bytes of some records in any order, and the values they hold by quantity and age [s]."""
    encoded = b""
    held: dict[tuple[str, int], float] = {}
    kinds = draw(st.lists(st.sampled_from([*QUANTITIES, *OTHERS]), min_size=1, max_size=8))
    for kind in kinds:
        age_bytes = draw(st.integers(0, 2))
        age_s = draw(st.integers(0, 256**age_bytes - 1)) if age_bytes else 0
        age = age_s.to_bytes(age_bytes)
        if isinstance(kind, int):
            value = draw(st.binary(min_size=OTHERS[kind], max_size=OTHERS[kind]))
            encoded += bytes([kind | age_bytes << 6]) + value + age
            continue
        code, size, signed, divisor, quantity = kind
        low, high = (-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1) if signed else (0, 2 ** (8 * size) - 1)
        number = draw(st.integers(low, high))
        encoded += bytes([code | age_bytes << 6]) + number.to_bytes(size, signed=signed) + age
        held[quantity, age_s] = number / divisor
    return encoded, held


@given(records())
def test_decoding_gives_back_what_was_encoded(
    say: Say, chirpstack: Uplink, made: tuple[bytes, dict[tuple[str, int], float]]
) -> None:
    encoded, held = made
    if not held:
        with pytest.raises(Undecodable) as caught:
            say(TOPIC, chirpstack(encoded, ELSYS))
        assert caught.value.reason == "no_reading"
        return
    decoded = say(TOPIC, chirpstack(encoded, ELSYS))
    assert decoded.time is not None
    aged = {(value.quantity, value.time): value.value for value in decoded.values}
    assert aged == {
        (quantity, decoded.time - timedelta(seconds=age_s) if age_s else None): value
        for (quantity, age_s), value in held.items()
    }
    assert decoded.rejected == ()


@given(records(), st.data())
def test_damaged_bytes_of_a_known_device_give_values_or_a_refusal(
    say: Say, chirpstack: Uplink, made: tuple[bytes, dict[tuple[str, int], float]], data: st.DataObject
) -> None:
    encoded = bytearray(made[0])
    for _ in range(data.draw(st.integers(0, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    encoded = encoded[: data.draw(st.integers(0, len(encoded)))] + data.draw(st.binary(max_size=4))
    decoded = outcome(say, chirpstack(bytes(encoded), ELSYS))
    assert decoded.device == ELSYS
    if isinstance(decoded, Undecodable):
        assert decoded.reason in {"no_codec", "no_reading"}
    else:
        assert decoded.values


@given(st.binary(max_size=51))
def test_bytes_of_no_named_maker_are_read_in_full_or_not_at_all(
    say: Say, chirpstack: Uplink, raw: bytes
) -> None:
    decoded = outcome(say, chirpstack(raw))
    if isinstance(decoded, Undecodable):
        assert decoded.reason in {"no_codec", "no_reading"}
    else:
        values = {value.quantity: value.value for value in decoded.values}
        assert decoded.rejected == ()
        assert -40 <= values["temperature_c"] <= 60 or 800 <= values["pressure_hpa"] <= 1100


@given(st.integers(-400, 600), st.integers(1, 100), st.integers(0, 65_535), st.integers(0, 255))
def test_a_room_sensor_of_no_named_maker_is_read(
    say: Say, ttn: Uplink, temperature: int, humidity: int, light: int, motion: int
) -> None:
    raw = b"\x01" + temperature.to_bytes(2, signed=True) + bytes([2, humidity])
    raw += b"\x04" + light.to_bytes(2) + bytes([5, motion])
    values = {value.quantity: value.value for value in say(TOPIC, ttn(raw)).values}
    assert values == {
        "temperature_c": temperature / 10,
        "humidity_pct": humidity,
        "illuminance_lux": light,
        "motion_count": motion,
    }


@pytest.mark.parametrize(
    "foreign",
    [
        "01670110026850",  # Cayenne LPP: temperature on channel 1, humidity on 2
        "0367011005670 0ff".replace(" ", ""),  # two temperatures
        "01755c03673401046865056a4900",  # Milesight
        "01210191019908af0a050000",  # Talkpool
        "ffff01500200ea03000d000e001000",  # Sensative
        "02060004a30b00f0d40e0001000000000020000d000a6a",  # IMBuildings
        "0164",  # a battery level
        "010001",  # a door
    ],
)
def test_bytes_of_other_makers_are_not_guessed(say: Say, chirpstack: Uplink, foreign: str) -> None:
    for port in (1, 5):
        with pytest.raises(Undecodable) as caught:
            say(TOPIC, chirpstack(bytes.fromhex(foreign), fPort=port))
        assert caught.value.reason == "no_codec"

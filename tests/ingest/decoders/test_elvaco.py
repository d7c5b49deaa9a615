"""Elvaco heat meters: the VIF's unit and power of ten, never another; damage never becomes a register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.message import Decoded, Undecodable

EUI = "94193a0001020304"
Say = Callable[..., Decoded]
Uplink = Callable[..., dict[str, Any]]

# From the makers' tables: VIF, kWh of one.
ENERGY: tuple[tuple[str, float], ...] = (
    ("03", 0.001), ("04", 0.01), ("05", 0.1), ("06", 1), ("07", 10), ("0e", 1 / 3.6), ("0f", 10 / 3.6),
    ("fb00", 100), ("fb01", 1000), ("fb08", 100 / 3.6), ("fb09", 1000 / 3.6), ("fb0d", 1.163),
    ("fb0e", 11.63), ("fb0f", 116.3),
)  # fmt: skip
VOLUME = (("13", 0.001), ("14", 0.01), ("15", 0.1), ("16", 1), ("17", 10))
POWER = (("2b", 1), ("2c", 10), ("2d", 100), ("2e", 1000), ("2f", 10_000))
FLOW = (("3b", 0.001), ("3c", 0.01), ("3d", 0.1), ("3e", 1), ("3f", 10))
SUPPLY = (("58", 0.001), ("59", 0.01), ("5a", 0.1), ("5b", 1))
RETURN = (("5c", 0.001), ("5d", 0.01), ("5e", 0.1), ("5f", 1))
FIELDS = (
    ("heat_kwh", ENERGY, 4, 0, 99_999_999),
    ("volume_m3", VOLUME, 4, 0, 99_999_999),
    ("heat_power_w", POWER, 2, -9_999, 9_999),
    ("flow_m3_h", FLOW, 2, -9_999, 9_999),
    ("flow_temperature_c", SUPPLY, 2, -9_999, 9_999),
    ("return_temperature_c", RETURN, 2, -9_999, 9_999),
)


def outcome(say: Say, uplink: dict[str, Any]) -> Decoded | Undecodable:
    try:
        return say("t", uplink)
    except Undecodable as refusal:
        return refusal


def bcd(number: int, size: int) -> bytes:
    """As M-Bus writes it: least significant byte first, F in front for a minus."""
    digits = f"{abs(number):0{2 * size}d}"
    return bytes.fromhex(("f" + digits[1:]) if number < 0 else digits)[::-1]


@st.composite
def telegrams(draw: st.DrawFn) -> tuple[bytes, dict[str, float], str]:
    """A "Standard" message in integers (CMi4111 and later) or BCD (CMi4110), its values and meter number."""
    decimal = draw(st.booleans())
    encoded, held = bytes([draw(st.sampled_from([0x00, 0x05, 0x0F, 0x15, 0x1E]))]), {}
    for quantity, units, size, low, high in FIELDS:
        vif, factor = draw(st.sampled_from(units))
        number = draw(st.integers(low, high))
        if decimal:
            size = {4: 4, 2: 3}[size]
            encoded += bytes([8 + size]) + bytes.fromhex(vif) + bcd(number, size)
        else:
            encoded += bytes([size]) + bytes.fromhex(vif) + number.to_bytes(size, "little", signed=True)
        held[quantity] = number * factor
    serial = draw(st.integers(1, 99_999_999))
    return encoded + b"\x0c\x78" + bcd(serial, 4) + b"\x02\xfd\x17\x00\x00", held, str(serial)


@given(telegrams())
def test_decoding_gives_back_what_was_encoded(
    say: Say, ttn: Uplink, made: tuple[bytes, dict[str, float], str]
) -> None:
    encoded, held, serial = made
    decoded = say("t", ttn(encoded, EUI, f_port=2))
    assert decoded.family == "elvaco-heat"
    assert {value.quantity: value.value for value in decoded.values} == pytest.approx(held, abs=1e-6)
    assert decoded.hints["meter_serial"] == serial
    assert decoded.rejected == ()


@given(telegrams(), st.data())
def test_damaged_bytes_give_values_or_a_refusal(
    say: Say, ttn: Uplink, made: tuple[bytes, dict[str, float], str], data: st.DataObject
) -> None:
    encoded = bytearray(made[0])
    for _ in range(data.draw(st.integers(0, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    encoded = encoded[: data.draw(st.integers(0, len(encoded)))] + data.draw(st.binary(max_size=4))
    for eui in (EUI, "0102030405060708"):
        decoded = outcome(say, ttn(bytes(encoded), eui, f_port=2))
        if isinstance(decoded, Undecodable):
            assert decoded.reason in {"no_codec", "no_reading"}
        else:
            assert decoded.values


@given(telegrams(), st.integers(1, 40))
def test_a_truncated_telegram_is_no_register(
    say: Say, ttn: Uplink, made: tuple[bytes, dict[str, float], str], missing: int
) -> None:
    """Without a maker the meter's number must stand in it; with one, whole records may be read."""
    encoded = made[0][: max(len(made[0]) - 5 - missing, 1)]
    with pytest.raises(Undecodable):
        say("t", ttn(encoded, "0102030405060708", f_port=2))


@pytest.mark.parametrize(
    ("raw", "expected", "serial"),
    [
        (  # CMi4111, from its codec's example
            "0504065a26000004 14f0140a00022d0b00023b2600025a7b02025e7c010c7871354969 04fd1700000800",
            {"heat_kwh": 9818, "volume_m3": 6607.2, "heat_power_w": 1100, "flow_m3_h": 0.038,
             "flow_temperature_c": 63.5, "return_temperature_c": 38.0},
            "69493571",
        ),
        (  # CMi4110 in BCD
            "000c06526761020c14978999000b2d0000000b3b0000000a5a33060a5e41050c782911036602fd170000",
            {"heat_kwh": 2616752, "volume_m3": 9989.97, "heat_power_w": 0,
             "flow_m3_h": 0, "flow_temperature_c": 63.3, "return_temperature_c": 54.1},
            "66031129",
        ),
        (  # heat and cooling registers of a combined meter
            "1a040610270000 0486ff0232000000 04146400000002 5a7b02025e7c01 0c7871354969 04fd1700000000",
            {"heat_kwh": 10_000, "cooling_kwh": 50, "volume_m3": 1.0, "flow_temperature_c": 63.5,
             "return_temperature_c": 38.0},
            "69493571",
        ),
        (  # scheduled, extended: four values in one
            "2204061027000004146400000007ffa0330a199c0e2c01e80304 6d00000000 0dff21e9 0082253269a51140 0c",
            {"heat_kwh": 10_000, "volume_m3": 1.0, "flow_temperature_c": 64.1, "return_temperature_c": 37.4,
             "flow_m3_h": 0.3, "heat_power_w": 1000},
            None,
        ),
        (  # a cooling meter (device type 0x0A) writes its energy as a heat meter does
            "1f04061027000007798225326 9a511400a01fd1700",
            {"cooling_kwh": 10_000},
            "69322582",
        ),
        ('177b2245223a3132332e342c2255223a224d5768222c224944223a36393439333537317d',
         {"heat_kwh": 123_400}, "69493571"),
    ],
)  # fmt: skip
def test_message_formats(
    say: Say, ttn: Uplink, raw: str, expected: dict[str, float], serial: str | None
) -> None:
    decoded = say("t", ttn(bytes.fromhex(raw.replace(" ", "")), EUI, f_port=2))
    assert {value.quantity: value.value for value in decoded.values} == pytest.approx(expected)
    if serial:
        assert decoded.hints["meter_serial"] == serial


@pytest.mark.parametrize("eui", [EUI, "0102030405060708"])
def test_values_the_meter_marks_as_wrong_are_not_read(say: Say, ttn: Uplink, eui: str) -> None:
    raw = bytes.fromhex(
        "1e0407e91c05000415 8d670f00322f4b33323d3733325a5904325e5904077922988461a511400401fd1704"
    )
    decoded = say("t", ttn(raw, eui, f_port=2))
    assert {value.quantity for value in decoded.values} == {"heat_kwh", "volume_m3"}
    assert len(decoded.rejected) == 4


def test_registers_of_other_moments_are_passed_over(say: Say, ttn: Uplink) -> None:
    raw = bytes.fromhex("18040610270000" + "440605000000" + "8c100607000000" + "0c7871354969")
    values = {value.quantity: value.value for value in say("t", ttn(raw, EUI, f_port=2)).values}
    assert values == {"heat_kwh": 10_000}

"""Our bytes against the makers' own JavaScript, where a clone of TheThingsNetwork/lorawan-devices is at hand.

Set ``LORAWAN_DEVICES=/path/to/lorawan-devices`` and run this file. Nothing of the
clone is shipped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.codecs.codec import parse_codec
from ingest.codecs.runner import Codecs
from ingest.decoders.lorawan import Uplink
from ingest.message import Decoded

VENDOR = Path(os.environ.get("LORAWAN_DEVICES", "/nonexistent")) / "vendor"
pytestmark = pytest.mark.skipif(
    not VENDOR.exists(), reason="LORAWAN_DEVICES names no clone of TheThingsNetwork/lorawan-devices"
)
MAPPING = '[match]\ndev_eui = [""]\n[[value]]\npath = "x"\nquantity = "co2_ppm"'

# The maker's key and record, our quantity; numbers within what is a measurement.
BATTERY = ("battery", "0175", "B", 0, 100, "battery_pct")
TEMPERATURE = ("temperature", "0367", "h", -300, 600, "temperature_c")
HUMIDITY = ("humidity", "0468", "B", 0, 200, "humidity_pct")
CO2 = ("co2", "077d", "H", 350, 10_000, "co2_ppm")
PRESSURE = ("pressure", "0973", "H", 8_000, 11_000, "pressure_hpa")
PM25 = ("pm2_5", "0b7d", "H", 0, 1_000, "pm25_ug_m3")
PM10 = ("pm10", "0c7d", "H", 0, 1_000, "pm10_ug_m3")
MILESIGHT: dict[str, tuple[tuple[str, str, str, int, int, str], ...]] = {
    "am103": (BATTERY, TEMPERATURE, HUMIDITY, CO2),
    "am107": (
        BATTERY,
        TEMPERATURE,
        HUMIDITY,
        CO2,
        PRESSURE,
        ("activity", "056a", "H", 0, 65_535, "motion_count"),
        ("tvoc", "087d", "H", 0, 60_000, "tvoc_ppb"),
    ),
    "am307": (BATTERY, TEMPERATURE, HUMIDITY, CO2, PRESSURE),
    "am308": (TEMPERATURE, HUMIDITY, CO2, PRESSURE, PM25, PM10),
    "em300-th": (BATTERY, TEMPERATURE, HUMIDITY),
    "em500-co2": (
        BATTERY,
        TEMPERATURE,
        HUMIDITY,
        ("co2", "057d", "H", 350, 10_000, "co2_ppm"),
        ("pressure", "0673", "H", 8_000, 11_000, "pressure_hpa"),
    ),
    "ws203": (BATTERY, TEMPERATURE, HUMIDITY),
    "ct305": (("current_chn1", "0499", "H", 0, 6_000, "current_a"),),
}


@pytest.fixture(scope="module")
def theirs() -> Iterator[Callable[[str, int, bytes], Any]]:
    """Run ``vendor/<script>`` on a port and bytes."""
    running: dict[str, Codecs] = {}

    def run(script: str, port: int, data: bytes) -> Any:
        path = VENDOR / script
        if not path.exists():
            pytest.skip(f"{path} is not in this clone")
        if script not in running:
            codec = parse_codec(path.stem, path.read_text(encoding="utf-8"), MAPPING, "test")
            running[script] = Codecs([codec])
        codecs = running[script]
        return codecs.run(codecs._codecs[0], Uplink("0000000000000000", port, None, data))

    yield run
    for codecs in running.values():
        with closing(codecs):
            pass


@pytest.mark.parametrize("model", MILESIGHT)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_milesight(model: str, data: st.DataObject, say: Any, chirpstack: Any, theirs: Any) -> None:
    pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")
    records = MILESIGHT[model]
    chosen = data.draw(st.lists(st.sampled_from(records), min_size=1, unique=True))
    raw, names = b"", {}
    for key, start, code, low, high, quantity in chosen:
        raw += bytes.fromhex(start) + struct.pack("<" + code, data.draw(st.integers(low, high)))
        names[key] = quantity
    uplink = chirpstack(raw, "24e124725c123456", fPort=85)
    uplink["deviceInfo"]["deviceName"] = model
    decoded: Decoded = say("t", uplink)
    ours = {value.quantity: value.value for value in decoded.values}
    found = theirs(f"milesight-iot/{model}.js", 85, raw)
    expected = {quantity: found.get(key, found.get(key.replace("_", "."))) for key, quantity in names.items()}
    assert ours == pytest.approx(expected)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(temperature=st.integers(-400, 600), humidity=st.integers(0, 100), co2=st.integers(0, 10_000))
def test_elsys(temperature: int, humidity: int, co2: int, say: Any, chirpstack: Any, theirs: Any) -> None:
    pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")
    raw = b"\x01" + temperature.to_bytes(2, signed=True) + bytes([2, humidity]) + b"\x06" + co2.to_bytes(2)
    ours = {v.quantity: v.value for v in say("t", chirpstack(raw, "a81758fffe0302ea")).values}
    found = theirs("elsys/elsys.js", 5, raw)
    names = {"temperature": "temperature_c", "humidity": "humidity_pct", "co2": "co2_ppm"}
    assert ours == pytest.approx({quantity: found[key] for key, quantity in names.items()})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    energy=st.integers(0, 2**31 - 1), unit=st.integers(0, 7), volume=st.integers(0, 2**31 - 1),
    power=st.integers(0, 32_767), supply=st.integers(0, 1_500),
)  # fmt: skip
def test_elvaco(
    energy: int, unit: int, volume: int, power: int, supply: int, say: Any, ttn: Any, theirs: Any
) -> None:
    pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")
    raw = struct.pack("<BBBI", 0x15, 4, unit, energy) + struct.pack("<BBI", 4, 0x14, volume)
    raw += struct.pack("<BBh", 2, 0x2B, power) + struct.pack("<BBh", 2, 0x3B, 10)
    raw += struct.pack("<BBh", 2, 0x5A, supply) + struct.pack("<BBh", 2, 0x5E, 300)
    raw += bytes.fromhex("0c784405817904fd1700000000")
    decoded = say("t", ttn(raw, "94193a0001020304", f_port=2))
    ours = {v.quantity: v.value for v in decoded.values}
    found = theirs("elvaco/cmi4140.js", 2, raw)
    assert ours == pytest.approx(
        {
            "heat_kwh": found["energy"],
            "volume_m3": found["volume"],
            "heat_power_w": found["power"] * 1000,
            "flow_m3_h": found["flow"],
            "flow_temperature_c": found["flow_temperature"],
            "return_temperature_c": found["return_temperature"],
        },
        abs=1e-6,
    )
    assert decoded.hints["meter_serial"] == str(found["serial"])

"""Every row of the shared sample of real payloads: the expected values, nothing that contradicts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.decoders import decode
from ingest.message import Decoded, Message, Undecodable

SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "data" / "payloads.jsonl"
NATIVE = ("native",)
DECODED = ("ttn_v3_decoded", "chirpstack_v4_object", "chirpstack_v4_status", "milesight_gw")
RAW = ("ttn_v3_raw", "chirpstack_v4_raw")
BINARY = {
    "elsys", "milesight-am", "milesight-em", "milesight-ws", "milesight-vs", "milesight-ct", "elvaco-heat",
}  # fmt: skip

# Names of the sample that are not our quantity keys. What is asserted otherwise, or is no quantity, is None:
# history without times of its own cannot become readings.
NAMES: dict[str, str | None] = {
    "device_eui": None,
    "time": None,
    "medium": None,
    "meter_serial": None,
    "quality_flag": None,
    "series": None,
    "energy_returned_kwh": "energy_export_kwh",
    "power_returned_w": "power_export_w",
    "value": "temperature_c",  # Homie's only number in the sample
    "unit": None,
}
PHASES = {"energy_phase_kwh": "energy_l{}_kwh", "power_phase_w": "power_l{}_w"}
NO_READING = ({"state": "on"}, {"value": True})
"""What the sample gives for a light switch: no quantity of ours."""
HEAT = {"energy_kwh": "heat_kwh", "power_w": "heat_power_w"}


def rows() -> list[Any]:
    if not SAMPLE.exists():
        reason = f"{SAMPLE} is missing: the shared sample of payloads is not part of the repository"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="no-sample")]
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    parsed = [json.loads(line) for line in lines if line]
    return [pytest.param(row, id=f"{row['family']}-{row['transport']}-{row['id']}") for row in parsed]


def wanted(expect: dict[str, Any]) -> dict[str, float]:
    """The sample's expectation under our quantity keys."""
    expect = dict(expect)
    for name, quantity in PHASES.items():
        for phase, value in enumerate(expect.pop(name, ()), start=1):
            expect[quantity.format(phase)] = value
    heat = HEAT if expect.get("medium") == "heat" else {}
    named = {heat.get(name, NAMES.get(name, name)): value for name, value in expect.items()}
    return {name: float(value) for name, value in named.items() if name is not None and value is not None}


@pytest.mark.parametrize("row", rows())
def test_row(row: dict[str, Any]) -> None:
    message = Message(row["topic"], row["payload"].encode(), datetime(2026, 11, 22, tzinfo=UTC))
    transport, expect = row["transport"], row["expect"]
    ours = transport in (*DECODED, *NATIVE) or (transport in RAW and row["family"] in BINARY)
    if not ours or not expect or expect in NO_READING:
        with pytest.raises(Undecodable) as caught:
            decode(message)
        allowed = ("no_codec",) if transport in RAW else ("no_decoder", "no_reading", "not_json")
        assert caught.value.reason in allowed
        return
    decoded = decode(message)
    series = expect.get("series", {}) if "unix_time" in expect.get("series", {}) else {}
    present = [value for value in decoded.values if value.quantity not in series]
    got = {value.quantity: value.value for value in present}
    assert len(got) == len(present), "a quantity twice at the same time"
    assert {name: got.get(name) for name in wanted(expect)} == pytest.approx(wanted(expect), rel=1e-3)
    assert decoded.rejected == ()
    if "device_eui" in expect:
        assert decoded.device.partition("-")[0] == expect["device_eui"]
    if "time" in expect:
        times = {value.time or decoded.time for value in decoded.values}
        assert times == {datetime.fromisoformat(expect["time"])}
    for name in (name for name, value in expect.items() if value is None):
        assert name not in got
    if "meter_serial" in expect:
        assert decoded.hints["meter_serial"] == str(expect["meter_serial"])
    _same_series(decoded, dict(series))


def _same_series(decoded: Decoded, series: dict[str, list[float]]) -> None:
    """Back-filled values stand at their own times."""
    times = [datetime.fromtimestamp(seconds, UTC) for seconds in series.pop("unix_time", ())]
    for quantity, expected in series.items():
        got = [(value.value, value.time) for value in decoded.values if value.quantity == quantity]
        assert got == list(zip(expected, times, strict=True))


# What a row may hold beyond its expectation, because the sample asserts nothing about it. Anything else that
# turns up is a mapping that reads more than it should.
EXTRA = {
    "elsys": {"noise_db", "noise_peak_db"},
    "milesight-am": {"pm25_ug_m3", "pm10_ug_m3"},
    "adeunis": {"motion_pct"},
    "decentlab": {"pressure_hpa", "tvoc_ppb"},
    "elvaco-heat": {"flow_m3_h"},
    "enless": {"tvoc_ppb", "battery_pct"},
    "tektelic": {"pressure_hpa"},
    "zigbee2mqtt": {"voltage_v", "current_a", "battery_pct", "battery_v"},
    "kaiterra": {"tvoc_ppb", "pm25_ug_m3", "pm10_ug_m3"},
    "p1-dsmr": {
        "energy_export_t1_kwh",
        "energy_export_t2_kwh",
        "power_export_w",
        "power_l1_w",
        "power_l2_w",
        "power_l3_w",
        "voltage_v",
    },
    "senml": {"current_a"},
}


@pytest.mark.parametrize("row", rows())
def test_row_holds_nothing_unexpected(row: dict[str, Any]) -> None:
    try:
        decoded = decode(Message(row["topic"], row["payload"].encode(), datetime(2026, 11, 22, tzinfo=UTC)))
    except Undecodable:
        return
    extra = {value.quantity for value in decoded.values} - wanted(row["expect"]).keys()
    assert extra <= EXTRA.get(row["family"], set())

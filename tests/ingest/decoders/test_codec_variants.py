"""Decoded objects of further editions of makers' codecs: what each key means, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.message import Decoded, Undecodable

Say = Callable[..., Decoded]
Uplink = Callable[..., dict[str, Any]]
SOCKET = {
    "voltage": 230.4,
    "active_power": 35,
    "power_factor": 97,
    "power_consumption": 29_000,
    "current": 168,
}


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        (
            {"battery": 100, "LAF": 57.5, "LAeq": 47.4, "LAFmax": 61.8},
            {"noise_db": 47.4, "noise_peak_db": 61.8},
        ),
        ({"LCeq": 60.1, "LCFmax": 70, "battery": 90}, {"battery_pct": 90}),
        (
            {"total_in": 18, "total_out": 22, "period_in": 19, "temperature": 31},
            {"people_in_total": 18, "people_out_total": 22},
        ),
        (
            {"total_counter_in": 190, "total_counter_out": 305},
            {"people_in_total": 190, "people_out_total": 305},
        ),
        (
            {"people_total_counts": 4, "temperature": "sensor error", "humidity": 40},
            {"people_count": 4, "humidity_pct": 40},
        ),
        ({"pir": {"pir_status": 1, "pir_count": 5}, "Lux": 320}, {"motion": 1, "illuminance_lux": 320}),
        ({"pir": "idle", "daylight": "dim"}, {"motion": 0}),
        ({"total_current": 100, "current": 30, "temperature": 41}, {"current_a": 30}),
        (
            {"ch1_sumkwh": 1.5, "ch2_sumkwh": 2, "ch3_sumkwh": 3},
            {"energy_l1_kwh": 1.5, "energy_l2_kwh": 2, "energy_l3_kwh": 3},
        ),
        (SOCKET, {"voltage_v": 230.4, "power_w": 35, "energy_kwh": 29, "current_a": 0.168}),
        ({"battery": 92, "temperature": 25.7, "distance": 2116, "position": "tilt"}, {"battery_pct": 92}),
        ({"battery": 90, "temperature": 12, "moisture": 30, "electricity": 240}, {"battery_pct": 90}),
        ({"battery": 100, "pressure": 900}, {"battery_pct": 100}),  # kPa in a pipe
        ({"co2": 1255, "tvoc": 7, "pressure": 1004.7}, {"co2_ppm": 1255, "pressure_hpa": 1004.7}),
        (
            {"temperature": 21, "humidity": 40, "pulse": 7},
            {"temperature_c": 21, "humidity_pct": 40, "pulse_count": 7},
        ),
    ],
)
def test_milesight(say: Say, ttn: Uplink, decoded: dict[str, Any], expected: dict[str, float]) -> None:
    values = {v.quantity: v.value for v in say("t", ttn(f_port=85, decoded_payload=decoded)).values}
    battery = {"battery_pct": float(decoded["battery"])} if "battery" in decoded else {}
    assert values == pytest.approx(battery | expected)


def test_milesight_history_stands_at_its_own_time(say: Say, ttn: Uplink) -> None:
    decoded = {
        "temperature": 22.0,
        "history": [
            {"timestamp": 1_688_624_046, "temperature": 29.2, "humidity": 50.5, "occupancy": "vacant"},
            {"timestamp": 12, "temperature": 29.2},
            {"timestamp": 1_688_624_046, "distance": 300, "temperature": 9},
            "rubbish",
        ],
    }
    found = say("t", ttn(f_port=85, decoded_payload=decoded))
    moment = datetime(2023, 7, 6, 6, 14, 6, tzinfo=UTC)
    assert {(v.quantity, v.value, v.time) for v in found.values} == {
        ("temperature_c", 22.0, None),
        ("temperature_c", 29.2, moment),
        ("humidity_pct", 50.5, moment),
        ("occupancy", 0.0, moment),
    }
    assert len(found.rejected) == 2


def test_milesight_history_alone(say: Say, ttn: Uplink) -> None:
    decoded = {"history": [{"timestamp": 1_688_624_046, "co2": 700, "pressure": 1001}]}
    found = say("t", ttn(f_port=85, decoded_payload=decoded))
    assert {v.quantity for v in found.values} == {"co2_ppm", "pressure_hpa"}
    with pytest.raises(Undecodable):
        say("t", ttn(f_port=85, decoded_payload={"history": []}))


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        (  # MClimate CO2 & PIR
            {"occupied": True, "sensorTemperature": 22.7, "relativeHumidity": 51.5,
             "CO2": 625, "pirTriggerCount": 3},
            {"occupancy": 1, "temperature_c": 22.7, "humidity_pct": 51.5, "co2_ppm": 625, "motion_count": 3},
        ),
        (  # MClimate AQI: CO2eq is estimated
            {"sAQI": 16, "AQI": 32, "CO2eq": 900, "VOC": 120, "relative_humidity": 40.4, "pressure": 1003.2,
             "temperature": 21.5, "accuracy_aqi": 3, "voltage": 3000},
            {"temperature_c": 21.5, "humidity_pct": 40.4, "pressure_hpa": 1003.2, "battery_v": 3.0},
        ),
        (  # Adeunis Breath
            {"bytes": {"type": "0x6d Breath periodic data", "status": {},
                       "tvoc": {"unit": "µg/m3", "values": [435, 430]},
                       "pm25": {"unit": "µg/m3", "values": [30, 31]},
                       "pm10": {"unit": "mg/m3", "values": [62]}}},
            {"tvoc_ug_m3": 435, "pm25_ug_m3": 30},
        ),
        (  # Sensative, average report
            {"historySeqNr": 5, "prevHistSeqNr": 4, "humidity": {"value": 41},
             "averageTemperature": {"value": 20.5}},
            {"temperature_c": 20.5, "humidity_pct": 41},
        ),
    ],
)  # fmt: skip
def test_other_makers(say: Say, ttn: Uplink, decoded: dict[str, Any], expected: dict[str, float]) -> None:
    values = {v.quantity: v.value for v in say("t", ttn(f_port=2, decoded_payload=decoded)).values}
    assert values == pytest.approx(expected)

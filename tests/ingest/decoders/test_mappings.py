"""The tables and their readers: units, enumerations, sentinels, what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from classroom.quantity import QUANTITIES
from ingest.decoders.mappings import MAPPINGS, from_object
from ingest.decoders.mappings.generic import NORMALIZED


def read(document: dict[str, Any], f_port: int = 1) -> dict[str, float]:
    outcome = from_object(document, f_port)
    assert outcome is not None
    return {value.quantity: value.value for value in outcome.values}


@pytest.mark.parametrize("mapping", [*MAPPINGS, NORMALIZED], ids=lambda mapping: mapping.family)
def test_every_field_is_a_known_quantity_and_every_table_has_a_signature(mapping: Any) -> None:
    assert {field.quantity for field in mapping.fields} <= QUANTITIES.keys()
    assert mapping.all_of or mapping.any_of
    assert mapping.fields or mapping.rows


def decentlab(**values: Any) -> dict[str, Any]:
    return {"protocol_version": 2, "device_id": 1, **values}


@pytest.mark.parametrize(
    ("key", "value", "unit", "expected"),
    [
        ("barometric_pressure", 96_412, "Pa", {"pressure_hpa": 964.12}),
        ("barometric_pressure", 964.12, "hPa", {"pressure_hpa": 964.12}),
        ("air_temperature", 68, "°F", {"temperature_c": 20}),
        ("air_temperature", -5.5, "°C", {"temperature_c": -5.5}),
        ("total_voc", 0.5, "ppm", {"tvoc_ppb": 500}),
        ("battery_voltage", 2_962, "mV", {"battery_v": 2.962}),
    ],
)
def test_the_unit_in_the_message_decides(
    key: str, value: float, unit: str, expected: dict[str, float]
) -> None:
    assert read(decentlab(**{key: {"value": value, "unit": unit}})) == pytest.approx(expected)


@pytest.mark.parametrize(
    "measured", [{"value": 20, "unit": "°R"}, {"value": 20}, 20, {"value": "20", "unit": "°C"}]
)
def test_an_unknown_unit_is_rejected_and_never_assumed(measured: Any) -> None:
    humidity = {"value": 40, "unit": "%"}
    outcome = from_object(decentlab(air_temperature=measured, air_humidity=humidity), 1)
    assert outcome is not None
    assert [value.quantity for value in outcome.values] == ["humidity_pct"]
    assert len(outcome.rejected) == 1
    assert outcome.rejected[0].startswith("air_temperature: ")


def test_draginos_missing_probe_is_a_sentinel() -> None:
    outcome = from_object({"TempC_SHT": 327.67, "Hum_SHT": 40.0, "BatV": 3.0}, 2)
    assert outcome is not None
    flags = {value.quantity: value.sentinel for value in outcome.values}
    assert flags == {"temperature_c": True, "humidity_pct": False, "battery_v": False}


def test_netvox_words_for_no_sensor_are_missing() -> None:
    assert read({"Device": "R718", "Temp": "NoSensor", "Humi": 40, "Volt": 3.6}) == {
        "humidity_pct": 40,
        "battery_v": 3.6,
    }


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"activity": 73}, {"motion_count": 73}),
        ({"activity": "trigger"}, {"motion": 1}),
        ({"activity": "idle"}, {"motion": 0}),
        ({"pir": "idle"}, {"motion": 0}),
        ({"occupancy": "occupied"}, {"occupancy": 1}),
        ({"people_counter_all": 0}, {"people_count": 0}),
        ({"pm2.5": 7, "tvoc": 37, "light_level": 2, "co2": 600}, {"co2_ppm": 600, "pm25_ug_m3": 7}),
    ],
)
def test_milesight_motion_is_three_things(document: dict[str, Any], expected: dict[str, float]) -> None:
    assert read(document, 85) == expected


def test_a_word_nobody_knows_is_rejected() -> None:
    outcome = from_object({"pir": "maybe"}, 85)
    assert outcome is not None
    assert outcome.values == ()
    assert len(outcome.rejected) == 1


def test_elsys_counter_past_two_to_the_31() -> None:
    assert read({"pulseAbs": -2}) == {"pulse_count": 4_294_967_294}


@pytest.mark.parametrize(
    "document",
    [
        {"temperature": 40.0},  # a probe's or a chip's
        {"temperature": 40.0, "humidity": 30, "power": 12},  # a plug's
        {"temperature": 18.0, "humidity": 47, "motorPosition": 3},  # a radiator's
        {"eco2": 700, "tvoc": 12},
        {"device_temperature": 30},
        {"energy": 12.5},  # no unit
        {"current": 250},
        {},
        {"data": {}},
        {"data": {"x": 1}},
    ],
)
def test_what_leaves_a_doubt_is_not_read(document: dict[str, Any]) -> None:
    assert from_object(document, 1) is None


def test_the_radiator_valve_of_a_known_maker_is_no_room() -> None:
    vicki = {
        "sensorTemperature": 18.01,
        "relativeHumidity": 46.88,
        "motorPosition": 250,
        "batteryVoltage": 3.5,
    }
    assert from_object(vicki, 2) is None


def test_heat_meter() -> None:
    elvaco = {"energy": 106_895, "volume": 2013.06, "power": 0, "flow": 0.093}
    elvaco |= {"forward_temperature": 78.4, "return_temperature": 40.8, "serial_from_message": 69_322_582.0}
    outcome = from_object(elvaco, 2)
    assert outcome is not None
    assert outcome.hints == {"meter_serial": "69322582"}
    assert {value.quantity: value.value for value in outcome.values} == {
        "heat_kwh": 106_895,
        "heat_power_w": 0,
        "volume_m3": 2013.06,
        "flow_m3_h": 0.093,
        "flow_temperature_c": 78.4,
        "return_temperature_c": 40.8,
    }


@pytest.mark.parametrize(
    ("registers", "expected"),
    [
        (
            [("1_0_1_8_0_255", "kWh", 7.5), ("1_0_1_8_1_255", "Wh", 5500)],
            {"energy_kwh": 7.5, "energy_import_t1_kwh": 5.5},
        ),
        ([("1_0_1_8_1_255", "Wh", 5500)], {"energy_kwh": 5.5}),
        (
            [("1_0_1_8_1_255", "Wh", 5500), ("1_0_1_8_2_255", "Wh", 0)],
            {"energy_import_t1_kwh": 5.5, "energy_import_t2_kwh": 0},
        ),
        ([("1_0_16_7_0_255", "W", -120), ("1_0_96_1_0_255", "", 1)], {"power_w": -120}),
    ],
)
def test_obis_registers_over_lorawan(
    registers: list[tuple[str, str, float]], expected: dict[str, float]
) -> None:
    listed = [{"OBIS_ID": code, "unit": unit, "value": value} for code, unit, value in registers]
    assert read({"OBIS_IDs": listed, "general_info": {}}) == expected


def elv(**energy: Any) -> dict[str, Any]:
    one = {"Consumption_Type": ["Consumption"], "Energy_Counter": [10.5], "Energy_Counter_Unit": ["kWh"]}
    one |= {"Power": [700.0], "Energy_Power_Unit": ["W"], "Signum_Of_Power": ["Positive"]}
    return {"Energy_Data": one | energy, "TX_Reason": "Timer_Event"}


def test_elv_direction_and_several_registers() -> None:
    assert read(elv(Signum_Of_Power=["Negative"])) == {"energy_kwh": 10.5, "power_w": -700}
    assert read(elv(Energy_Counter_Unit=["Wh"])) == {"energy_kwh": 0.0105, "power_w": 700}
    for energy in (
        {"Consumption_Type": ["Generation"]},
        {"Consumption_Type": ["Consumption", "Consumption"]},
    ):
        outcome = from_object(elv(**energy), 10)
        assert outcome is not None
        assert outcome.values == ()
        assert len(outcome.rejected) == 1


def test_each_channel_and_phase_of_a_multi_channel_meter_is_a_meter() -> None:
    frame = {"channel": 2.0, "phase": "C", "current": 6.5, "active_pow": 1500.0, "active_energy": 12.5}
    outcome = from_object(frame, 55)
    assert outcome is not None
    assert outcome.channel == "ch2c"


def test_the_logged_time_of_a_meter_is_its_values_time() -> None:
    emu = {"ActiveEnergyImportT1": {"unit": "Wh", "value": 1810}, "timestamp": {"value": 1_635_506_100}}
    outcome = from_object(emu, 1)
    assert outcome is not None
    (value,) = outcome.values
    assert (value.quantity, value.value) == ("energy_import_t1_kwh", 1.81)
    assert value.time is not None
    assert value.time.isoformat() == "2021-10-29T11:15:00+00:00"
    unset = from_object({**emu, "timestamp": {"value": 1000}}, 1)
    assert unset is not None
    assert unset.values[0].time is None

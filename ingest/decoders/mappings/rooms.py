"""Codecs of room sensors. Keys and units are those of the makers' published codecs; external probes, chip
temperatures, setpoints, estimated CO2 (eCO2) and light or VOC without a unit are left out on purpose."""

from __future__ import annotations

from ingest.decoders.mappings import milesight
from ingest.decoders.mappings.readers import (
    LUX,
    PERCENT,
    PPB,
    PPM,
    PRESSURE_HPA,
    TEMPERATURE_C,
    UG_M3,
    VOLTAGE_V,
    either,
    first,
    flag,
    measured,
    numbers_only,
    percent_text,
    unsigned_32,
    words,
)
from ingest.decoders.mappings.table import Field, Mapping

_K = frozenset

# Elsys: `motion` counts detections since the last uplink, vdd is mV, occupancy is 0, 1 (entering) or 2.
_ELSYS = (
    Field("temperature_c", ("temperature",)),
    Field("humidity_pct", ("humidity",)),
    Field("illuminance_lux", ("light",)),
    Field("motion_count", ("motion",)),
    Field("co2_ppm", ("co2",)),
    Field("battery_v", ("vdd",), factor=0.001),
    Field("occupancy", ("occupancy",)),
    Field("pressure_hpa", ("pressure",)),
    Field("noise_peak_db", ("soundPeak",)),
    Field("noise_db", ("soundAvg",)),
    Field("tvoc_ppb", ("tvoc",)),
    Field("pulse_count", ("pulseAbs",), unsigned_32),
)
_ELSYS_ONLY = (
    "vdd externalTemperature externalTemperature2 soundPeak accMotion irInternalTemperature analog1 analog2 "
    "analogUv pulse1 pulse2 pulseAbs pulseAbs2 grideye"
)

_TEKTELIC = (
    Field("temperature_c", ("temperature",)),
    Field("temperature_c", ("ambient_temperature",)),
    Field("humidity_pct", ("relative_humidity",)),
    Field("co2_ppm", ("co2_pressure_compensated",)),
    Field("pressure_hpa", ("barometric_pressure",)),
    Field("battery_pct", ("rem_batt_capacity_sensor",)),
)

_DECENTLAB = (
    Field("temperature_c", ("air_temperature",), measured(TEMPERATURE_C)),
    Field("humidity_pct", ("air_humidity",), measured(PERCENT)),
    Field("co2_ppm", ("co2_concentration",), measured(PPM)),
    Field("pressure_hpa", ("barometric_pressure",), measured(PRESSURE_HPA)),
    Field("illuminance_lux", ("illuminance",), measured(LUX)),
    Field("tvoc_ppb", ("total_voc",), measured(PPB)),
    Field("motion_count", ("activity_counter", "value")),
    Field("battery_v", ("battery_voltage",), measured(VOLTAGE_V)),
)

_ADEUNIS = (
    Field("temperature_c", ("temperature",), measured(TEMPERATURE_C, "values", first)),
    Field("humidity_pct", ("humidity",), measured(PERCENT, "values", first)),
    Field("co2_ppm", ("co2",), measured(PPM, "values", first)),
    Field("tvoc_ug_m3", ("tvoc",), measured(UG_M3, "values", first)),
    Field("pm1_ug_m3", ("pm1",), measured(UG_M3, "values", first)),
    Field("pm25_ug_m3", ("pm25",), measured(UG_M3, "values", first)),
    Field("pm10_ug_m3", ("pm10",), measured(UG_M3, "values", first)),
    Field("motion", ("presenceDetectedWhenSending",), flag),
    Field("motion_pct", ("presence",), measured(PERCENT, "values", first)),
)

_ENLESS = (
    Field("temperature_c", ("values", "temperature"), measured(TEMPERATURE_C)),
    Field("humidity_pct", ("values", "Humidity"), measured(PERCENT)),
    Field("humidity_pct", ("values", "humidity"), measured(PERCENT)),
    Field("co2_ppm", ("values", "co2"), measured(PPM)),
    Field("tvoc_ppb", ("values", "voc"), measured(PPB)),
    Field("battery_pct", ("states", "battery"), percent_text),
)

# Sensative writes {"value": 23.4} for a report of its own and a bare number in combined reports.
_SENSATIVE = (
    Field("temperature_c", ("temperature", "value")),
    Field("temperature_c", ("temperature",), numbers_only),
    Field("temperature_c", ("averageTemperature", "value")),
    Field("humidity_pct", ("humidity", "value")),
    Field("illuminance_lux", ("lux", "value")),
    Field("motion", ("presence", "value"), flag),
    Field("battery_pct", ("battery",)),
)

_MCLIMATE = (
    Field("temperature_c", ("sensorTemperature",)),
    Field("humidity_pct", ("relativeHumidity",)),
    Field("co2_ppm", ("CO2",)),
    Field("co2_ppm", ("ppm",)),
    Field("illuminance_lux", ("lux",)),
    Field("motion", ("pir",), flag),
    Field("occupancy", ("occupied",), flag),
    Field("motion_count", ("pirTriggerCount",)),
    Field("battery_v", ("batteryVoltage",)),
)

# MClimate's AQI sensor: CO2eq is estimated from VOC and is not read.
_MCLIMATE_AQI = (
    Field("temperature_c", ("temperature",)),
    Field("humidity_pct", ("relative_humidity",)),
    Field("pressure_hpa", ("pressure",)),
    Field("battery_v", ("voltage",), factor=0.001),
)

# Browan: co2_ppm is measured; CO2 on sensors without one is a filler 0. The motion sensor's temperature is
# its chip's.
_BROWAN = (
    Field("temperature_c", ("temperature",)),
    Field("humidity_pct", ("humidity",)),
    Field("co2_ppm", ("co2_ppm",)),
    Field("battery_v", ("battery",)),
    Field("battery_v", ("battery_volt",)),
)

# Netvox: "NoSensor" where nothing is plugged in.
_NETVOX_NUMBER = either(words(nosensor=None), numbers_only)

_DRAGINO_NONE = frozenset({327.67, -327.68})

MAPPINGS = (
    Mapping(
        "mclimate", _MCLIMATE, _K({"sensorTemperature", "relativeHumidity"}), none_of=_K({"motorPosition"})
    ),
    Mapping("mclimate", _MCLIMATE_AQI, _K({"sAQI", "CO2eq", "relative_humidity"})),
    Mapping(
        "talkpool",
        (
            Field("temperature_c", ("Temperature",)),
            Field("humidity_pct", ("Humidity",)),
            Field("co2_ppm", ("CO2Filtered",)),
            Field("co2_ppm", ("CO2",)),
        ),
        _K({"Temperature", "Humidity"}),
        _K({"CO2", "CO2Filtered"}),
    ),
    Mapping("adeunis", _ADEUNIS, _K({"type", "status"}), root=("bytes",)),
    Mapping("decentlab", _DECENTLAB, _K({"protocol_version", "device_id"})),
    Mapping("tektelic", _TEKTELIC, _K({"relative_humidity"}), _K({"temperature", "ambient_temperature"})),
    Mapping("enless", _ENLESS, _K({"values", "states", "seq_counter"})),
    Mapping("sensative", _SENSATIVE, _K({"historySeqNr", "prevHistSeqNr"})),
    Mapping("browan", _BROWAN, _K({"status", "battery", "temperature", "humidity"}), f_ports=_K({103, 127})),
    Mapping("browan", _BROWAN, _K({"battery_volt", "temperature", "humidity"})),
    Mapping(
        "netvox",
        (
            Field("temperature_c", ("Temp",), _NETVOX_NUMBER),
            Field("humidity_pct", ("Humi",), _NETVOX_NUMBER),
            Field("co2_ppm", ("CO2",), _NETVOX_NUMBER),
            Field("battery_v", ("Volt",)),
        ),
        _K({"Device", "Temp", "Humi"}),
    ),
    Mapping(
        "dragino",
        (
            Field("temperature_c", ("TempC_SHT",), sentinels=_DRAGINO_NONE),
            Field("humidity_pct", ("Hum_SHT",)),
            Field("battery_v", ("BatV",)),
        ),
        _K({"TempC_SHT", "Hum_SHT"}),
    ),
    Mapping(
        "arwin-iaq",
        (
            Field("temperature_c", ("temperature",)),
            Field("humidity_pct", ("humidity",)),
            Field("co2_ppm", ("co2",)),
            Field("battery_pct", ("battery",)),
        ),
        _K({"aqi", "gas1", "gas2", "temperature"}),
    ),
    Mapping(
        "comtac",
        (
            Field("temperature_c", ("tempNOW",), first),
            Field("humidity_pct", ("humNOW",), first),
            Field("battery_pct", ("batLevel",)),
        ),
        _K({"tempNOW", "humNOW"}),
    ),
    Mapping(
        "imbuildings",
        (
            # Which of the two directions is "in" depends on the mounting; A is taken for it.
            Field("people_in_total", ("total_counter_a",)),
            Field("people_out_total", ("total_counter_b",)),
            Field("battery_v", ("battery_voltage",)),
        ),
        _K({"total_counter_a", "total_counter_b"}),
    ),
    *milesight.MAPPINGS,
    Mapping("elsys", _ELSYS, any_of=_K(_ELSYS_ONLY.split())),
    Mapping("elsys", _ELSYS, _K({"temperature", "light", "motion"})),
    Mapping("elsys", _ELSYS, _K({"temperature", "x", "y", "z"})),
    Mapping("elsys", _ELSYS, _K({"temperature"}), _K({"digital", "waterleak", "digital2"})),
)

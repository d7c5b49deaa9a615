"""Milesight's published codecs, old and new editions of them (AM, EM, WS, VS, CT; port 85).

Battery in percent; ``activity`` is a count or, in later codecs, a word; ``history`` is back-filled. Left out
on purpose: light_level (an index), tvoc (an index or ppb by model), total_current (ampere-hours), counts of
the last period, temperatures of bins, soil, cabinets and counters, the pressure of a pipe.
"""

from __future__ import annotations

from dataclasses import replace

from ingest.decoders.mappings.readers import flag, numbers_only, words, words_only
from ingest.decoders.mappings.table import Field, Mapping, Object
from ingest.message import Value

_K = frozenset
_PORT = _K({85})

_STATE = words(trigger=1, idle=0, normal=0)
_OCCUPIED = words(occupied=1, vacant=0)


def _pir(value: object) -> float | None:
    """A word; a later codec has an object under the same key, with a field of its own below."""
    return None if isinstance(value, dict) else _STATE(value)


_BATTERY = (Field("battery_pct", ("battery",)), Field("battery_pct", ("battery_main",)))

_ROOM = (
    Field("temperature_c", ("temperature",), numbers_only),  # words where the probe is missing
    Field("humidity_pct", ("humidity",), numbers_only),
    Field("co2_ppm", ("co2",)),
    Field("illuminance_lux", ("illumination",)),
    Field("illuminance_lux", ("Lux",)),
    Field("pm25_ug_m3", ("pm2_5",)),
    Field("pm25_ug_m3", ("pm2.5",)),
    Field("pm10_ug_m3", ("pm10",)),
    Field("noise_db", ("LAeq",)),
    *(Field("noise_peak_db", (key,)) for key in ("LAFmax", "LASmax", "LAImax")),
    Field("motion_count", ("activity",), numbers_only),
    Field("motion", ("activity",), words_only(trigger=1, idle=0)),
    Field("motion", ("pir", "pir_status"), flag),
    Field("motion", ("pir",), _pir),
    Field("occupancy", ("occupancy",), _OCCUPIED),
    Field("people_count", ("people_counter_all",)),
    Field("people_count", ("people_count_all",)),
    Field("people_count", ("people_total_counts",)),
    Field("people_in_total", ("people_total_in",)),
    Field("people_out_total", ("people_total_out",)),
    *_BATTERY,
)

_ELSEWHERE = (
    *(Field("people_in_total", (key,)) for key in ("total_in", "total_counter_in", "line_1_total_in")),
    *(Field("people_out_total", (key,)) for key in ("total_out", "total_counter_out", "line_1_total_out")),
    Field("current_a", ("current_chn1",)),
    Field("current_a", ("current",)),
    Field("energy_l1_kwh", ("ch1_sumkwh",)),
    Field("energy_l2_kwh", ("ch2_sumkwh",)),
    Field("energy_l3_kwh", ("ch3_sumkwh",)),
    Field("pulse_count", ("pulse",)),
    *_BATTERY,
)
_ELSEWHERE_KEYS = (
    "total_in total_out period_in period_out total_counter_in total_counter_out line_1_total_in "
    "line_1_period_in current_chn1 current_chn1_total total_current current ch1_sumkwh pulse distance depth "
    "moisture electricity soil_moisture liquid"
)

_SOCKET = (
    Field("power_w", ("active_power",)),
    Field("energy_kwh", ("power_consumption",), factor=0.001),
    Field("voltage_v", ("voltage",)),
    Field("current_a", ("current",), factor=0.001),
)

_ROOM_KEYS = _K(field.path[0] for field in _ROOM)

_LIVE = (
    Mapping(
        "milesight", _SOCKET, _K({"power_consumption"}), _K({"active_power", "socket_status"}), f_ports=_PORT
    ),
    Mapping("milesight", _SOCKET, _K({"active_power", "power_factor"}), f_ports=_PORT),
    # EM300-DI counts a meter's pulses and measures the room it hangs in.
    Mapping(
        "milesight",
        (Field("pulse_count", ("pulse",)), *_ROOM),
        _K({"pulse", "temperature", "humidity"}),
        f_ports=_PORT,
    ),
    Mapping("milesight", _ELSEWHERE, any_of=_K(_ELSEWHERE_KEYS.split()), f_ports=_PORT),
    Mapping(
        "milesight",
        (Field("pressure_hpa", ("pressure",)), *_ROOM),
        _K({"pressure"}),
        _K({"co2", "temperature", "humidity", "tvoc", "light_level"}),
        f_ports=_PORT,
    ),
    Mapping("milesight", _ROOM, any_of=_ROOM_KEYS, f_ports=_PORT),
)

_BACK_FILLED = tuple(replace(mapping, clock=("timestamp",)) for mapping in _LIVE)


def _history(found: Object) -> tuple[list[Value], list[str]]:
    """Records the device kept while it was offline, each at its own time [s since 1970]."""
    values: list[Value] = []
    rejected: list[str] = []
    points = found.get("history")
    for point in points if isinstance(points, list) else []:
        if not isinstance(point, dict):
            rejected.append("history: a record is not an object")
            continue
        kind = next((mapping for mapping in _BACK_FILLED if mapping.find(point, 85) is not None), None)
        outcome = kind.read(point) if kind else None
        if outcome is None:
            continue
        timed = [value for value in outcome.values if value.time is not None]
        if len(timed) < len(outcome.values):
            rejected.append("history: a record without a believable time")
        values += timed
        rejected += outcome.rejected
    return values, list(dict.fromkeys(rejected))


MAPPINGS = (
    *(replace(mapping, rows=_history) for mapping in _LIVE),
    Mapping("milesight", (), _K({"history"}), f_ports=_PORT, rows=_history),
)

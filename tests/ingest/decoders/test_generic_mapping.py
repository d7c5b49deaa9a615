"""A site's own mappings: what they read, that every fault is told, that nothing is guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.faults import ConfigurationError, Fault
from ingest.decoders import REASONS, decode
from ingest.decoders.generic_mapping import parse_mappings
from ingest.decoders.json_path import parse_path, step
from ingest.message import Decoded, Message, Undecodable

RECEIVED = datetime(2026, 3, 10, 12, tzinfo=UTC)
AIR = """
[[mapping]]
topic = "house/{house}/+/{sensor}/#"
device = "house/{house}/{sensor}"
time = "ts"
{more}

[[mapping.value]]
path = "data[0].t"
quantity = "temperature_c"
unit = "°C"
factor = 0.1
sentinels = [-1270]

[[mapping.value]]
path = '["co2.raw"]'
quantity = "co2_ppm"
unit = "ppm"

[[mapping.value]]
path = "pir"
quantity = "motion"
words = {{ sees = 1, idle = 0 }}
"""


def air(more: str = "") -> str:
    return AIR.replace("{more}", more).replace("{{", "{").replace("}}", "}")


def read(text: str, topic: str, payload: object, retain: bool = False) -> Decoded:
    body = payload if isinstance(payload, str) else json.dumps(payload)
    return decode(Message(topic, body.encode(), RECEIVED, retain), parse_mappings(text))


def values(decoded: Decoded) -> dict[str, float]:
    return {value.quantity: value.value for value in decoded.values}


def value(quantity: str, unit: str, path: str = "$", more: str = "") -> str:
    lines = f"[[mapping.value]]\npath = {path!r}\nquantity = {quantity!r}\nunit = {unit!r}\n{more}"
    return f"[[mapping]]\ntopic = 'x/{{name}}'\ndevice = '{{name}}'\n{lines}\n"


def test_levels_paths_factors_words_and_time() -> None:
    payload = {"ts": "2026-03-10T11:00:00+01:00", "data": [{"t": -55}], "co2.raw": "812", "pir": "SEES"}
    decoded = read(air(), "house/7/x/s1/raw/json", payload)
    assert (decoded.family, decoded.device) == ("mapping", "house/7/s1")
    assert decoded.time == datetime(2026, 3, 10, 10, tzinfo=UTC)
    assert decoded.hints == {"house": "7", "sensor": "s1"}
    assert values(decoded) == {"temperature_c": -5.5, "co2_ppm": 812, "motion": 1}


def test_zero_is_a_value_and_null_is_missing() -> None:
    assert values(read(air(), "house/7/x/s1", {"data": [{"t": 0}], "co2.raw": None})) == {"temperature_c": 0}


def test_a_sentinel_is_kept_and_marked() -> None:
    (only,) = read(air(), "house/7/x/s1", {"data": [{"t": -1270}]}).values
    assert (only.value, only.sentinel) == (-127.0, True)


def test_what_is_wrong_is_left_out_beside_what_is_right() -> None:
    decoded = read(air(), "house/7/x/s1", {"data": [{"t": "warm"}], "co2.raw": 700, "pir": "maybe"})
    assert values(decoded) == {"co2_ppm": 700}
    assert decoded.rejected == (
        'temperature_c: text "warm" is not a number',
        'motion: text "maybe" is none of sees, idle',
    )


@pytest.mark.parametrize(
    ("time", "more", "expected"),
    [
        (1773136800, "time_format = 'unix'", "2026-03-10T10:00:00+00:00"),
        ("1773136800000", "time_format = 'unix'", "2026-03-10T10:00:00+00:00"),
        (
            "2026-07-10 12:00",
            "time_format = '%Y-%m-%d %H:%M'\ntime_zone = 'Europe/Stockholm'",
            "2026-07-10T10:00:00+00:00",
        ),
        ("10.03.2026 12:00 +0200", "time_format = '%d.%m.%Y %H:%M %z'", "2026-03-10T10:00:00+00:00"),
    ],
)
def test_times(time: object, more: str, expected: str) -> None:
    decoded = read(air(more), "house/7/x/s1", {"ts": time, "co2.raw": 700})
    assert decoded.time is not None
    assert decoded.time.isoformat() == expected


def test_a_time_that_cannot_be_read_keeps_the_whole_message_aside() -> None:
    with pytest.raises(Undecodable) as caught:
        read(air(), "house/7/x/s1", {"ts": "2026-03-10 11:00", "co2.raw": 700})
    assert (caught.value.reason, caught.value.device) == ("wrong_type", "house/7/s1")


@pytest.mark.parametrize(
    ("quantity", "unit", "payload", "expected"),
    [
        ("temperature_c", "°F", "68", 20),
        ("temperature_c", "K", "273.15", 0),
        ("energy_kwh", "Wh", "1500", 1.5),
        ("energy_kwh", "Wmin", "60000", 1),
        ("heat_kwh", "GJ", "3.6", 1000),
        ("power_w", "kW", "0", 0),
        ("pressure_hpa", "Pa", "101325", 1013.25),
        ("volume_m3", "l", "1500", 1.5),
        ("flow_m3_h", "l/min", "10", 0.6),
        ("people_count", "", "12", 12),
        ("motion", "", "on", 1),
        ("occupancy", "", "false", 0),
    ],
)
def test_units_are_converted(quantity: str, unit: str, payload: str, expected: float) -> None:
    assert values(read(value(quantity, unit), "x/a", payload)) == pytest.approx({quantity: expected})


def test_a_mapping_is_asked_before_the_decoders_and_only_answers_what_it_finds() -> None:
    text = value("temperature_c", "°C", "inner").replace("x/{name}", "zigbee2mqtt/{name}")
    assert values(read(text, "zigbee2mqtt/b12", {"linkquality": 1, "inner": 21})) == {"temperature_c": 21}
    assert read(text, "zigbee2mqtt/b12", {"linkquality": 1, "co2": 700}).family == "zigbee2mqtt"
    with pytest.raises(Undecodable):
        read(text, "zigbee2mqtt/b12/more", {"inner": 21})


def test_the_first_mapping_that_finds_something_counts() -> None:
    both = value("temperature_c", "°C", "a") + value("temperature_c", "°F", "b")
    assert values(read(both, "x/s", {"b": 32})) == {"temperature_c": 0}
    assert values(read(both, "x/s", {"a": 5, "b": 32})) == {"temperature_c": 5}


def test_the_device_key_may_stand_in_the_payload() -> None:
    text = value("co2_ppm", "ppm", "co2").replace("'{name}'", "'aq/{json:meta.serial}'")
    assert read(text, "x/1", {"co2": 1, "meta": {"serial": 42}}).device == "aq/42"
    for serial in (None, True, [1]):
        with pytest.raises(Undecodable) as caught:
            read(text, "x/1", {"co2": 1, "meta": {"serial": serial}})
        assert caught.value.reason == "wrong_type"


def test_a_level_that_makes_no_key() -> None:
    with pytest.raises(Undecodable) as caught:
        read(value("co2_ppm", "ppm"), "x/\x07", "700")
    assert caught.value.reason == "bad_topic"


def faults(text: str) -> list[Fault]:
    with pytest.raises(ConfigurationError) as caught:
        parse_mappings(text)
    return list(caught.value.faults)


def test_all_faults_at_once_with_file_key_value_and_cure() -> None:
    text = (
        air("time_zone = 'Sweden'")
        .replace('unit = "°C"', 'unit = "Celsius"')
        .replace('device = "house/{house}', 'device = "house/{room}')
        .replace("factor", "faktor")
    )
    told = {fault.key: fault for fault in faults(text)}
    assert told.keys() == {
        "mapping.0.device",
        "mapping.0.time_zone",
        "mapping.0.value.0.unit",
        "mapping.0.value.0.faktor",
    }
    assert told["mapping.0.device"].cure == "the topic has no level {room}"
    assert told["mapping.0.value.0.unit"].value == "'Celsius'"
    assert "°C" in told["mapping.0.value.0.unit"].cure
    assert {fault.file for fault in told.values()} == {"mappings.toml"}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("x/{name}", "x/#/y", "topic"),
        ("x/{name}", "x/a+", "topic"),
        ("x/{name}", "{name}/{name}", "topic"),
        ("device = '{name}'", "device = '{name'", "device"),
        ("device = '{name}'", "device = '{json:a[}'", "device"),
        ("path = '$'", "path = 'a..b'", "value.0.path"),
        ("path = '$'", "path = ''", "value.0.path"),
        ("'co2_ppm'", "'co2'", "value.0.quantity"),
        ("'ppm'", "''", "value.0.unit"),
        ("'ppm'", "'%'", "value.0.unit"),
        ("unit =", "factor = 0\nunit =", "value.0.factor"),
        ("unit =", "factor = nan\nunit =", "value.0.factor"),
        ("device =", "time_format = '%Y-%m-%d'\ndevice =", "time_zone"),
        ("device =", "time_format = 'iso'\ndevice =", "time_format"),
        ("device =", "time = 'a['\ndevice =", "time"),
        ("device = '{name}'", "", "device"),
    ],
)
def test_each_fault_names_its_key(old: str, new: str, key: str) -> None:
    good = value("co2_ppm", "ppm")
    assert parse_mappings(good)
    assert old in good
    assert f"mapping.0.{key}" in {fault.key for fault in faults(good.replace(old, new, 1))}


def test_broken_toml_and_a_mapping_without_values() -> None:
    assert [fault.key for fault in faults("[[mapping]\n")] == ["(syntax)"]
    assert [fault.key for fault in faults("[[mapping]]\ntopic='a'\ndevice='b'\n")] == ["mapping.0.value"]
    assert parse_mappings("") == ()


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", ()),
        ("a", ("a",)),
        ("$.a.b", ("a", "b")),
        ("[0].a", (0, "a")),
        ("a[2][3]", ("a", 2, 3)),
        ('["km103.rtemp"]', ("km103.rtemp",)),
        ("data['rco2 (ppm)'].x", ("data", "rco2 (ppm)", "x")),
        ("switch:0.apower", ("switch:0", "apower")),
    ],
)
def test_paths(path: str, steps: tuple[str | int, ...]) -> None:
    assert parse_path(path) == steps


def test_a_path_that_leads_nowhere() -> None:
    for path in ("a.b", "a[0]", "[5]", "b"):
        assert step({"a": 1}, parse_path(path)) is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["data", "t", "co2.raw", "pir", "ts"]), inner, max_size=5),
    ),
    max_leaves=8,
)


@given(st.text(max_size=12), JSON)
def test_whatever_arrives_gives_values_or_a_refusal(level: str, document: Any) -> None:
    body = json.dumps(document).encode(errors="surrogatepass")
    reason = ""
    try:
        assert decode(Message(f"house/{level}/x/s", body, RECEIVED), parse_mappings(air())).values
    except Undecodable as refusal:
        reason = refusal.reason
    assert reason in ("", *REASONS)

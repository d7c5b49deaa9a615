"""A site's own JavaScript codecs: used where no decoder knows the bytes; loops and bombs are stopped."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from classroom.faults import ConfigurationError
from ingest.codecs.codec import Codec, digest, parse_codec
from ingest.codecs.runner import SET_ASIDE_S, STOPS_IN_A_ROW, Codecs
from ingest.decoders.lorawan import Uplink
from ingest.message import Decoded, Message, Undecodable

pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")

RECEIVED = datetime(2026, 3, 10, 12, tzinfo=UTC)
EUI = "70b3d50000000001"
SCRIPT = """
function decodeUplink(input) {
  if (input.bytes[0] === 0xEE) return {errors: ['checksum']};
  if (input.bytes[0] === 0xAA) while (true) {}
  if (input.bytes[0] === 0xBB) { var a = []; while (true) a.push(new Array(100000).fill(1)); }
  if (input.bytes[0] === 0xCC) { count = (typeof count === 'undefined' ? 0 : count) + 1; }
  return {data: {
    air: {temperature: ((input.bytes[0] << 24 >> 16) | input.bytes[1]) , "pm2.5": 7},
    door: 'Open', occupied: input.fPort === 2, list: [5, 6], none: 'NoSensor',
    calls: typeof count === 'undefined' ? 0 : count,
    year: input.recvTime ? input.recvTime.getUTCFullYear() : null,
    eco2: 400}};
}
"""
MAPPING = """
[match]
dev_eui = ["70B3D5"]

[[value]]
path = "air.temperature"
quantity = "temperature_c"
factor = 0.1

[[value]]
path = ["air", "pm2.5"]
quantity = "pm25_ug_m3"

[[value]]
path = "occupied"
quantity = "occupancy"

[[value]]
path = "list.1"
quantity = "people_count"

[[value]]
path = "none"
quantity = "co2_ppm"
absent = ["NoSensor"]

[[value]]
path = "calls"
quantity = "motion_count"
"""


def codec(script: str = SCRIPT, mapping: str = MAPPING) -> Codec:
    return parse_codec("acme", script, mapping, "acme.toml")


@pytest.fixture
def codecs() -> Iterator[Codecs]:
    with closing(Codecs([codec()])) as made:
        yield made


def message(data: bytes, eui: str = EUI, port: int = 2) -> Message:
    document = {
        "deviceInfo": {"devEui": eui},
        "time": "2026-03-10T11:59:58+00:00",
        "fPort": port,
        "data": base64.b64encode(data).decode(),
    }
    return Message("t", json.dumps(document).encode(), RECEIVED)


def refusal(codecs: Codecs, data: bytes, eui: str = EUI) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        codecs.decode(message(data, eui))
    return caught.value


def test_bytes_without_a_decoder_go_through_the_script_and_the_table(codecs: Codecs) -> None:
    decoded = codecs.decode(message(b"\x00\xeb"))
    assert decoded.family == "codec-acme"
    assert decoded.device == EUI
    assert {value.quantity: value.value for value in decoded.values} == {
        "temperature_c": 23.5,
        "pm25_ug_m3": 7,
        "occupancy": 1,
        "people_count": 6,
        "motion_count": 0,
    }
    assert decoded.time == datetime(2026, 3, 10, 11, 59, 58, tzinfo=UTC)


def test_other_devices_and_known_bytes_do_not_reach_it(codecs: Codecs) -> None:
    assert refusal(codecs, b"\x00\xeb", "0102030405060708").reason == "no_codec"
    elsys = codecs.decode(message(bytes.fromhex("0100e20229"), "a81758fffe0302ea", 5))
    assert elsys.family == "elsys"


def test_a_makers_model_our_table_does_not_know_reaches_its_codec() -> None:
    mine = codec(mapping=MAPPING.replace("70B3D5", "24e124725"))
    with closing(Codecs([mine])) as codecs:
        assert codecs.decode(message(b"\x00\xeb", "24e124725c123456", 85)).family == "codec-acme"
        assert codecs.decode(message(b"\x03\x67\xeb\x00", "24e124725c123456", 85)).family == "milesight"


def test_what_a_script_refuses_is_a_dead_letter(codecs: Codecs) -> None:
    refused = refusal(codecs, b"\xee")
    assert (refused.reason, refused.device) == ("codec_failed", EUI)
    assert "checksum" in refused.detail


@pytest.mark.parametrize("bad", [b"\xaa", b"\xbb"])
def test_a_loop_and_a_memory_bomb_are_stopped_and_the_next_message_is_read(
    codecs: Codecs, bad: bytes
) -> None:
    assert refusal(codecs, bad).reason == "codec_stopped"
    assert codecs.decode(message(b"\x00\xeb")).values


def test_a_script_that_is_stopped_again_and_again_is_set_aside() -> None:
    now = [0.0]
    with closing(Codecs([codec()], monotonic=lambda: now[0])) as codecs:
        for _ in range(STOPS_IN_A_ROW):
            assert "interrupted" in refusal(codecs, b"\xaa").detail
        assert "set aside" in refusal(codecs, b"\x00\xeb").detail
        now[0] = SET_ASIDE_S
        assert codecs.decode(message(b"\x00\xeb")).values


def test_nothing_is_carried_from_one_call_to_the_next(codecs: Codecs) -> None:
    for _ in range(2):
        values = {value.quantity: value.value for value in codecs.decode(message(b"\xcc\x00")).values}
        assert values["motion_count"] == 1


def test_a_child_that_died_is_started_again(codecs: Codecs) -> None:
    assert codecs.decode(message(b"\x00\xeb")).values
    assert codecs._child is not None
    os.kill(codecs._child.pid, 9)
    codecs._child.wait()
    assert codecs.decode(message(b"\x00\xeb")).values


@pytest.mark.parametrize(
    "script",
    [
        "function decodeUplink(input) { return {data: {t: Infinity, door: require('fs')}}; }",
        "function decodeUplink(input) { return 5; }",
        "function decodeUplink(input) { return {}; }",
        "function decodeUplink(input) { throw new Error('no'); }",
        "function decodeUplink(input) { return decodeUplink(input); }",
        "function decodeUplink(input) { return {data: {t: 'x'.repeat(200000)}}; }",
        "JSON.stringify = function () { return 'rubbish'; }; function decodeUplink(i) { return {data: {}}; }",
        "var nothing = 1;",
        "this is not JavaScript",
    ],
)
def test_a_broken_script_is_a_dead_letter(script: str) -> None:
    with closing(Codecs([codec(script)])) as codecs:
        assert refusal(codecs, b"\x00\xeb").reason == "codec_failed"


@pytest.mark.parametrize(
    "script",
    [
        "function Decoder(bytes, port) { return {list: [0, bytes[1] + port]}; }",
        "function Decode(fPort, bytes) { return {list: [0, bytes[1] + fPort]}; }",
    ],
)
def test_older_forms_of_codecs(script: str) -> None:
    with closing(Codecs([codec(script)])) as codecs:
        assert [value.value for value in codecs.decode(message(b"\x00\x05")).values] == [7]


def test_wrong_types_are_named_and_missing_is_silent() -> None:
    outcome = codec().outcome({"air": {"temperature": "warm", "pm2.5": True}, "list": [], "occupied": None})
    assert outcome.values == ()
    assert outcome.rejected == (
        'air.temperature: text "warm" is not a number',
        "air.pm2.5: true is not a number",
    )


@pytest.mark.parametrize(
    ("mapping", "key", "cure"),
    [
        ("match = 5", "match", "this is a table"),
        ("[match]\nf_port = [2]\n[[value]]\npath = 'a'\nquantity = 'co2_ppm'", "match", "dev_eui"),
        (MAPPING.replace("co2_ppm", "co2"), "quantity", "docs/quantities.md"),
        (MAPPING.replace("factor", "faktor"), "faktor", "not known"),
        ("[match]\ndev_eui = ['70']", "value", "add it"),
        ("[match", "(file)", "TOML"),
        ("sha256 = '00'\n" + MAPPING, "sha256", "review"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_cure(mapping: str, key: str, cure: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        codec(mapping=mapping)
    assert any(key in fault.key and cure in fault.cure for fault in caught.value.faults)


def test_a_pinned_script_is_accepted() -> None:
    assert codec(mapping=f'sha256 = "{digest(SCRIPT)}"\n' + MAPPING).name == "acme"


def test_brand_profile_and_port_must_all_fit() -> None:
    mapping = MAPPING.replace('dev_eui = ["70B3D5"]', 'brand = ["Acme"]\nprofile = ["Room"]\nf_port = [2, 3]')
    match = codec(mapping=mapping).match
    hints = {"brand": "acme", "profile": "ROOM sensor"}
    assert match.fits(Uplink(EUI, 3, None, b"", hints=hints))
    assert not match.fits(Uplink(EUI, 4, None, b"", hints=hints))
    assert not match.fits(Uplink(EUI, 3, None, b"", hints={"brand": "acme"}))


def test_a_message_no_codec_is_for_keeps_its_reason() -> None:
    def never(given: Message) -> Decoded:
        raise Undecodable("not_json", "x")

    refused: Any = None
    with closing(Codecs([codec()], decode=never)) as codecs:
        refused = refusal(codecs, b"\x00")
    assert refused.reason == "not_json"

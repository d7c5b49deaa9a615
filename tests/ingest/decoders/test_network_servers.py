"""Which time an uplink has, and what its envelope hints at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.message import Decoded

Say = Callable[..., Decoded]
Uplink = Callable[..., dict[str, Any]]
ROOM = {"temperature": 21.5, "humidity": 40.0}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_gateways_time_is_taken_while_the_server_agrees(say: Say, chirpstack: Uplink) -> None:
    decoded = say("t", chirpstack(object=ROOM))
    assert decoded.time == at("2026-03-10T11:59:58.118Z")


def test_a_gateway_243_s_off_is_not_believed(say: Say, chirpstack: Uplink) -> None:
    heard = [{"nsTime": "2026-03-10T11:59:58.9Z"}, {"nsTime": "2026-03-10T11:59:58.2Z"}, {}]
    decoded = say("t", chirpstack(object=ROOM, time="2026-03-10T11:55:55Z", rxInfo=heard))
    assert decoded.time == at("2026-03-10T11:59:58.2Z")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"rxInfo": []}, "2026-03-10T11:59:58.118Z"),
        ({"time": None}, "2026-03-10T11:59:58.171481Z"),
        ({"time": "yesterday"}, "2026-03-10T11:59:58.171481Z"),
        ({"time": "2026-03-10T12:59:58+01:00"}, "2026-03-10T11:59:58Z"),
        ({"time": None, "rxInfo": None}, None),
        ({"time": "0001-01-01T00:00:00Z", "rxInfo": None}, None),
    ],
)
def test_a_missing_clock_is_replaced_by_the_other(
    say: Say, chirpstack: Uplink, fields: dict[str, Any], expected: str | None
) -> None:
    decoded = say("t", chirpstack(object=ROOM, **fields))
    assert decoded.time == (at(expected) if expected else None)


def test_chirpstack_hints_and_key(say: Say, chirpstack: Uplink) -> None:
    uplink = chirpstack(object=ROOM, eui="01020304AABBCCDD")
    uplink["deviceInfo"]["tags"] = {"location": "B12", "count": 3}
    decoded = say("t", uplink)
    assert decoded.device == "01020304aabbccdd"
    assert decoded.hints == {"name": "sensor-1", "profile": "EU868", "tag.location": "B12"}


def test_ttn_hints_time_and_key(say: Say, ttn: Uplink) -> None:
    version = {"brand_id": "elsys", "model_id": "ers-co2"}
    decoded = say("t", ttn(decoded_payload=ROOM, attributes={"room": "B12"}, version_ids=version))
    assert decoded.device == "0102030405060708"
    assert decoded.time == at("2026-03-10T11:59:58.152907Z")
    assert decoded.hints == {
        "name": "room-12",
        "application": "school-air",
        "tag.room": "B12",
        "brand": "elsys",
        "profile": "ers-co2",
    }


def test_an_object_no_table_knows_leaves_the_bytes_of_a_named_maker(say: Say, ttn: Uplink) -> None:
    uplink = ttn(bytes.fromhex("0100e2"), decoded_payload={"x1": 1}, version_ids={"brand_id": "elsys"})
    assert [value.quantity for value in say("t", uplink).values] == ["temperature_c"]


def test_a_decoded_uplink_passed_on_whole(say: Say, chirpstack: Uplink) -> None:
    values = say("t", chirpstack(object={"data": ROOM})).values
    assert {value.quantity: value.value for value in values} == {"temperature_c": 21.5, "humidity_pct": 40.0}

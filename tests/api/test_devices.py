from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.context import ApiContext
from classroom.reading import Reading
from ingest.letters import Letters, NewLetter, Sighting
from ingest.message import Message

DEVICES = "/api/v1/devices"
LETTERS = "/api/v1/dead-letters"


def keep(letters: Letters, *found: NewLetter) -> None:
    letters.write("spool", found[-1].spool_id, found, [])


def letter(n: int, topic: str, reason: str, payload: bytes, detail: str = "") -> NewLetter:
    received = datetime(2026, 11, 16, 9, tzinfo=UTC)
    return NewLetter(n, Message(topic, payload, received), len(payload), reason, detail)


@pytest.fixture
def heard(letters: Letters, now: datetime) -> None:
    """One placed device and three that nobody has placed."""
    before = now - timedelta(hours=1)

    def sighting(device: str, family: str, topic: str, messages: int, **hints: str) -> Sighting:
        return Sighting(device, family, before, now, topic, messages, hints)

    letters.write(
        "spool",
        1,
        [],
        [
            sighting("zz", "elsys", "application/1/device/zz", 3, name="Sal 7"),
            sighting("tagaborg/x", "native", "classroom/tagaborg/a102/x", 2, school="tagaborg", room="a102"),
            sighting("first", "elsys", "application/1/device/first", 7),
            sighting("=cmd()", "native", "classroom/tagaborg/=q/y", 1, school="tagaborg", room="=q"),
        ],
    )


def test_devices_with_places_times_and_last_values(
    client: TestClient, context: ApiContext, heard: None, co2: Callable[..., Reading]
) -> None:
    context.live.publish([co2("first", 5, 700.0)])

    answer = client.get(DEVICES).json()

    assert [d["key"] for d in answer["items"]] == ["=cmd()", "el-1", "first", "moved", "tagaborg/x", "zz"]
    assert answer["next"] is None
    by_key = {device["key"]: device for device in answer["items"]}
    assert by_key["first"] == {
        "key": "first",
        "placement": {
            "school": "tagaborg",
            "room": "a101",
            "meter": None,
            "interval_s": 300,
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_to": None,
        },
        "placements": [by_key["first"]["placement"]],
        "family": "elsys",
        "first_seen": "2026-11-16T08:00:00Z",
        "last_seen": "2026-11-16T09:00:00Z",
        "messages": 7,
        "topic": "application/1/device/first",
        "latest": [
            {
                "device": "first",
                "quantity": "co2_ppm",
                "time": "2026-11-16T08:55:00Z",
                "value": 700.0,
                "unit": "ppm",
                "flag": 0,
            }
        ],
    }
    assert [place["room"] for place in by_key["moved"]["placements"]] == ["a102", "a101"]
    assert (by_key["moved"]["placement"]["room"], by_key["moved"]["last_seen"]) == ("a101", None)
    assert by_key["zz"]["placement"] is None


def test_devices_page_by_page_and_by_school(client: TestClient, heard: None) -> None:
    first = client.get(f"{DEVICES}?limit=4").json()
    rest = client.get(DEVICES, params={"limit": 4, "after": first["next"]}).json()
    assert [d["key"] for d in first["items"] + rest["items"]] == sorted(
        ["=cmd()", "el-1", "first", "moved", "tagaborg/x", "zz"]
    )
    assert rest["next"] is None
    assert [d["key"] for d in client.get(f"{DEVICES}?school=tagaborg").json()["items"]] == [
        "el-1",
        "first",
        "moved",
    ]
    assert client.get(f"{DEVICES}?school=empty").json()["items"] == []


def test_devices_as_csv(client: TestClient, heard: None) -> None:
    lines = client.get(f"{DEVICES}?format=csv").text.splitlines()
    assert lines[:4] == [
        "key,school,room,meter,interval_s,family,first_seen,last_seen,messages",
        "'=cmd(),,,,,native,2026-11-16T08:00:00Z,2026-11-16T09:00:00Z,1",
        "el-1,tagaborg,,el,900,,,,0",
        "first,tagaborg,a101,,300,elsys,2026-11-16T08:00:00Z,2026-11-16T09:00:00Z,7",
    ]


def test_pending_devices_come_with_a_suggestion_the_site_knows(client: TestClient, heard: None) -> None:
    items = client.get(f"{DEVICES}/pending").json()["items"]
    assert [(item["key"], item["suggestion"]) for item in items] == [
        ("=cmd()", {"school": "tagaborg", "room": None}),
        ("tagaborg/x", {"school": "tagaborg", "room": "a102"}),
        ("zz", None),
    ]
    assert items[2]["hints"] == {"name": "Sal 7"}
    assert "devices.csv" in items[0]["cure"]
    assert client.get(f"{DEVICES}/pending?format=csv").text.splitlines()[2].endswith(",tagaborg,a102")


def test_dead_letters_newest_first_page_by_page(client: TestClient, letters: Letters) -> None:
    keep(letters, *(letter(n, f"t/{n}", "not_json" if n % 2 else "no_decoder", b"{") for n in range(1, 6)))

    first = client.get(f"{LETTERS}?limit=2").json()
    second = client.get(f"{LETTERS}?limit=3&before={first['next']}").json()
    odd = client.get(f"{LETTERS}?reason=not_json").json()

    assert first["counts"] == {"no_decoder": 2, "not_json": 3}
    assert [item["id"] for item in first["items"]] == [5, 4]
    assert ([item["id"] for item in second["items"]], second["next"]) == ([3, 2, 1], None)
    assert [item["id"] for item in odd["items"]] == [5, 3, 1]
    assert first["items"][0] == {
        "id": 5,
        "received": "2026-11-16T09:00:00Z",
        "topic": "t/5",
        "device": None,
        "reason": "not_json",
        "detail": "",
        "payload_bytes": 1,
        "encoding": "utf-8",
        "payload": "{",
    }


@pytest.mark.parametrize(
    ("payload", "encoding", "shown"),
    [
        (b"", "utf-8", ""),
        ("{å\r\n\t}".encode(), "utf-8", "{å\r\n\t}"),
        (b"\x00\x01", "base64", base64.b64encode(b"\x00\x01").decode()),
        (b"\xff\xfe\xfd", "base64", base64.b64encode(b"\xff\xfe\xfd").decode()),
        (b"a" * 999 + "å".encode() + b"b", "utf-8", "a" * 999),  # cut in the middle of a letter
    ],
)
def test_payloads_as_text_where_they_are(
    client: TestClient, letters: Letters, payload: bytes, encoding: str, shown: str
) -> None:
    keep(letters, letter(1, "t", "not_json", payload))
    item = client.get(LETTERS).json()["items"][0]
    assert (item["encoding"], item["payload"], item["payload_bytes"]) == (encoding, shown, len(payload))


def test_one_letter_with_its_whole_payload(client: TestClient, letters: Letters) -> None:
    keep(letters, letter(1, "t", "too_large", b"a" * 5_000))
    assert client.get(f"{LETTERS}/1").json()["payload"] == "a" * 5_000
    assert client.get(f"{LETTERS}/2").status_code == 404
    assert client.get(f"{LETTERS}/0").status_code == 422


def test_hostile_topics_are_no_formula(client: TestClient, letters: Letters) -> None:
    keep(
        letters,
        letter(1, '=HYPERLINK("http://x";"y")', "bad_topic", b"@SUM(1)", "+1"),
        letter(2, "-2", "bad_topic", b"\t=1\r\n"),
    )
    text = client.get(f"{LETTERS}?format=csv").text
    lines = text.split("\r\n")
    assert lines[0] == "id,received,topic,device,reason,detail,payload_bytes,encoding,payload"
    assert lines[1] == "2,2026-11-16T09:00:00Z,'-2,,bad_topic,,5,utf-8,\"'\t=1"
    assert lines[3] == (
        '1,2026-11-16T09:00:00Z,"\'=HYPERLINK(""http://x"";""y"")",,bad_topic,\'+1,7,utf-8,\'@SUM(1)'
    )

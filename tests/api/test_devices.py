from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.context import ApiContext
from classroom.reading import Reading
from ingest.letters import Letters, Sighting

DEVICES = "/api/v1/devices"


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
        "verdicts": [],
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

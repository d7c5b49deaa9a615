"""A sensor that is stuck or has drifted has no light; people see why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.context import ApiContext
from classroom.reading import Reading
from store.base import VERDICT_COLUMNS

NOW = "/api/v1/schools/tagaborg/rooms/a101/now"
VERDICTS = "/api/v1/devices/verdicts"

MakeCo2 = Callable[..., Reading]
Judge = Callable[..., None]


@pytest.fixture
def judge(context: ApiContext) -> Judge:
    """Verdicts on the CO2 of a device, as the job leaves them: (kind, from, to) in minutes before now."""

    def write(*verdicts: tuple[str, float, float], device: str = "first") -> None:
        now = context.clock()
        rows = [
            (device, "co2_ppm", now - timedelta(minutes=a), now - timedelta(minutes=b), kind, "why")
            for kind, a, b in verdicts
        ]
        frame = pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))
        frame = frame.astype({"start": "datetime64[us, UTC]", "end": "datetime64[us, UTC]"})
        context.store.write_verdicts(device, "co2_ppm", frame)
        context.live.judge(context.store)

    return write


@pytest.mark.parametrize(
    ("verdict", "reason"), [("stale", "stuck"), ("drift", "drift"), ("spike", "flagged"), ("clock", None)]
)
def test_a_distrusted_reading_has_no_light(
    client: TestClient, context: ApiContext, co2: MakeCo2, judge: Judge, verdict: str, reason: str | None
) -> None:
    context.live.publish([co2("first", 5, 640.0)])
    judge((verdict, 900, 0))
    state = client.get(NOW).json()
    assert state["air"]["reason"] == reason
    assert state["air"]["level"] == (None if reason else "good")
    assert state["air"]["shown_ppm"] == (None if reason else 650)
    assert state["values"][0]["verdict"] == (verdict if reason else None)


def test_a_stuck_sensor_stays_without_light_until_the_next_analysis(
    client: TestClient, context: ApiContext, co2: MakeCo2, judge: Judge
) -> None:
    context.live.publish([co2("first", 12, 640.0)])
    judge(("stale", 900, 7))
    context.live.publish([co2("first", 5, 640.0)])  # after the verdict's end
    assert client.get(NOW).json()["air"]["reason"] == "stuck"
    judge(("drift", 900, 7))  # days of drift are told as days: after its end it is over
    assert client.get(NOW).json()["air"]["reason"] is None


def test_another_sensor_of_the_room_speaks_instead(
    client: TestClient, context: ApiContext, co2: MakeCo2, judge: Judge
) -> None:
    context.live.publish([co2("first", 1, 640.0), co2("moved", 9, 1_200.0)])
    judge(("stale", 900, 0))
    state = client.get(NOW).json()
    assert (state["air"]["level"], state["values"][0]["device"]) == ("soon", "moved")


def test_the_verdict_ends_with_the_next_analysis(
    client: TestClient, context: ApiContext, co2: MakeCo2, judge: Judge
) -> None:
    context.live.publish([co2("first", 5, 640.0)])
    judge(("stale", 900, 0))
    judge()
    assert client.get(NOW).json()["air"]["level"] == "good"


def test_devices_show_what_is_wrong_with_them_now(
    client: TestClient, context: ApiContext, co2: MakeCo2, judge: Judge
) -> None:
    context.live.publish([co2("first", 5, 640.0)])
    judge(("stale", 900, 0), ("spike", 2_000, 1_990))
    (first,) = (d for d in client.get("/api/v1/devices").json()["items"] if d["key"] == "first")
    assert first["verdicts"] == [
        {
            "device": "first",
            "quantity": "co2_ppm",
            "start": "2026-11-15T18:00:00Z",
            "end": "2026-11-16T09:00:00Z",
            "verdict": "stale",
            "detail": "why",
        }
    ]


def test_verdicts_by_span_school_device_and_kind(client: TestClient, judge: Judge) -> None:
    judge(("stale", 900, 0), ("gap", 3_000, 2_900))
    judge(("gap", 60, 0), device="elsewhere")

    def kinds(query: str) -> list[str]:
        answer = client.get(f"{VERDICTS}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["verdict"] for one in answer.json()["items"]]

    assert kinds("") == ["gap", "stale"]  # a device without a place is asked for by name
    assert kinds("device=elsewhere") == ["gap"]
    assert kinds("school=tagaborg&verdict=stale") == ["stale"]
    assert kinds("school=empty") == []
    assert kinds("from=2026-11-16&verdict=stale&verdict=gap") == ["stale"]
    assert client.get(f"{VERDICTS}?from=2020-01-01").status_code == 422
    text = client.get(f"{VERDICTS}?verdict=gap&format=csv").text
    assert text.splitlines() == [
        "device,quantity,start,end,verdict,detail",
        "first,co2_ppm,2026-11-14T07:00:00Z,2026-11-14T08:40:00Z,gap,why",
    ]


def test_verdicts_page_by_page(client: TestClient, judge: Judge) -> None:
    judge(("stale", 900, 800), ("gap", 3_000, 2_900), ("spike", 500, 499))
    seen: list[str] = []
    after: str | None = None
    for _ in range(3):
        query = {"limit": 1} | ({"after": after} if after else {})
        page = client.get(VERDICTS, params=query).json()
        seen += [one["verdict"] for one in page["items"]]
        after = page["next"]
    assert (seen, after) == (["gap", "stale", "spike"], None)


def test_pages_say_why_there_is_no_verdict(
    client: TestClient, context: ApiContext, co2: MakeCo2, judge: Judge
) -> None:
    context.live.publish([co2("first", 5, 640.0)])
    judge(("drift", 900, 0))
    page = client.get("/schools/tagaborg/rooms/a101", headers={"Accept-Language": "sv"}).text
    assert "Givaren har glidit och behöver kalibreras." in page
    assert "650" not in page

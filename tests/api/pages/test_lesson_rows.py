"""The day lesson by lesson, on the room's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd
from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext

ROOM = "/schools/tagaborg/rooms/"


def _lessons(text: str) -> str:
    return text[text.index("Lektion för lektion") :]


def test_each_lesson_has_air_temperature_and_coverage(visit: Visit) -> None:
    text = _lessons(visit(f"{ROOM}a102"))
    assert "08:20–09:20 Bra medel 950 ppm, högst 1 250 ppm 5,1 l/s 4,2 till 6,3 20,7 °C, lagom 100 %" in text
    assert "09:40–10:40 ingen bedömning för lite mättes – – 33 %" in text  # a gap in the middle
    assert "10:50–11:40 instängd luft medel 1 050 ppm" in text
    assert "13:45" not in text  # still to come
    assert "mycket instängd luft" in _lessons(visit(f"{ROOM}a103"))


def test_a_silent_sensor_has_no_green_lesson(visit: Visit) -> None:
    assert "12:30–13:30 ingen bedömning inget mättes – – 0 %" in _lessons(visit(f"{ROOM}bibliotek"))


def test_a_day_without_lessons_has_none(visit: Visit) -> None:
    assert "Lektion för lektion" not in visit(f"{ROOM}a101?day=2026-11-15")


def test_a_lesson_under_a_verdict_is_not_judged(open_context: Callable[..., ApiContext]) -> None:
    context = open_context()
    start = context.clock() - timedelta(hours=12)
    verdict = {"device": "a101", "quantity": "co2_ppm", "start": start, "end": context.clock()}
    context.store.write_verdicts(
        "a101", "co2_ppm", pd.DataFrame([{**verdict, "verdict": "stale", "detail": ""}])
    )
    with TestClient(create_app(context), base_url=HERE) as client:
        text = _lessons(text_of(client.get(f"{ROOM}a101", headers={"Accept-Language": "sv"}).text))
    assert "08:20–09:20 ingen bedömning givaren hade fastnat – 20,7 °C, lagom" in text

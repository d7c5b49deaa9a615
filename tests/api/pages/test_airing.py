"""What airing brought, on the room's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext
from api.lesson_models import AirAndHeat, LessonsDay
from api.pages.airing import airings_view
from api.pages.language import language
from classroom.places import DayType

ROOM = "/schools/tagaborg/rooms/"
SWEDISH = language("sv", ZoneInfo("Europe/Stockholm"))


def _told(text: str) -> str:
    return text[text.rindex("Vad vädringen gav") :]


def test_air_gained_stands_beside_the_heat_to_buy_for_it(visit: Visit) -> None:
    text = _told(visit(f"{ROOM}a102"))
    # about 100 m³ · 1206 J/m³K · (20.9 - 4) K and 71 g a kWh
    assert "Vädring 09:22–09:37 4,6 l/s 100 m³ uteluft 0,6 kWh 0,04 kg CO₂e" in text
    english = visit(f"{ROOM}a102", "en")
    assert "Airing 09:22–09:37 4.6 L/s 100 m³ of outdoor air 0.6 kWh 0.04 kg CO₂e" in english


def test_no_airing_is_said_with_its_reason(visit: Visit, open_context: Callable[..., ApiContext]) -> None:
    assert "Ingen vädring syntes: i ingen rast" in _told(visit(f"{ROOM}a101"))
    assert "Här går inga fönster att öppna" in _told(visit(f"{ROOM}slojd"))
    assert "varken rummets yta eller volym står i rooms.csv" in _told(visit(f"{ROOM}musik"))
    with TestClient(create_app(open_context()), base_url=HERE) as client:
        text = text_of(client.get(f"{ROOM}a102", headers={"Accept-Language": "sv"}).text)
    assert "givaren behöver några nätter" in _told(text)  # nothing but today was measured


DAY = LessonsDay(
    school="s", room="r", date=date(2026, 11, 18), day_type=DayType.SCHOOL_DAY, name=None,
    until=datetime(2026, 11, 19, tzinfo=UTC), baseline_ppm=None, lessons=[], airings=[], airings_reason=None,
    ventilation=None, adaptive=None,
)  # fmt: skip
AIRED = AirAndHeat(
    start=datetime(2026, 11, 18, 8, tzinfo=UTC), end=datetime(2026, 11, 18, 8, 15, tzinfo=UTC), extra_m3=96.0,
    l_s_person=4.3, heat_kwh=0.6, free=None, kgco2e=0.05, factor="f",
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, ("4,3 l/s", "100 m³ uteluft", "0,6 kWh", "", "0,05 kg CO₂e", "")),
        (
            {"l_s_person": None},
            ("–", "100 m³ uteluft; hur många som var där är inte känt", "0,6 kWh", "", "0,05 kg CO₂e", ""),
        ),
        (
            {"heat_kwh": None, "kgco2e": None},
            ("4,3 l/s", "100 m³ uteluft", "–", "ingen utetemperatur mättes i närheten", "–", ""),
        ),
        (
            {"kgco2e": None},
            (
                "4,3 l/s", "100 m³ uteluft", "0,6 kWh", "", "–",
                "ingen värmemätare, eller så är ingen utsläppsfaktor vald för värmen",
            ),
        ),
        (
            {"heat_kwh": 0.0, "kgco2e": 0.0, "free": "overheated"},
            (
                "4,3 l/s", "100 m³ uteluft", "0,0 kWh",
                "rummet var för varmt: det hade värme att ge bort", "0,00 kg CO₂e", "",
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_not_known_is_a_dash_with_its_reason(
    changed: dict[str, object], shown: tuple[str, ...]
) -> None:
    day = DAY.model_copy(update={"airings": [AIRED.model_copy(update=changed)]})
    view = airings_view(day, SWEDISH)
    (line,) = view.lines
    found = (line.air, line.air_detail, line.heat, line.heat_detail, line.emissions, line.emissions_detail)
    assert tuple(text.replace("\u00a0", " ") for text in found) == shown
    assert view.said == ""


@pytest.mark.parametrize(
    "reason", ["no_windows", "no_breaks", "no_volume", "no_readings", "no_baseline", "no_air_change_rate"]
)
def test_every_reason_has_its_own_words(reason: str) -> None:
    said = airings_view(DAY.model_copy(update={"airings_reason": reason}), SWEDISH).said
    assert said
    assert said != airings_view(DAY, SWEDISH).said


def test_the_ventilation_stands_beside_it() -> None:
    view = airings_view(DAY.model_copy(update={"ventilation": AIRED}), SWEDISH)
    assert view.ventilation is not None
    assert view.ventilation.name == "Ventilationen, hela dagen"

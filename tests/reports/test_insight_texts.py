"""Every finding has its words in both languages, with all of its figures."""

from __future__ import annotations

import re
from datetime import date
from typing import get_args

import pytest
from made_up_findings import PARAMS

from analytics.insights.model import CONCERNS, Insight, InsightKind, NoEnergy
from classroom.places import Meter, Room, School
from classroom.quantity import Carrier
from classroom.settings import Settings
from classroom.site import Site
from reports.insight_texts import Code, insight_text

SITE = Site(
    settings=Settings(),
    schools=[School(key="berga", name="Bergaskolan")],
    rooms=[Room(school="berga", key="a1", name="Sal A1")],
    meters=[Meter(school="berga", key="el", name="Elmätaren", carrier=Carrier.ELECTRICITY)],
)


def insight(kind: InsightKind, **more: object) -> Insight:
    meter = kind is InsightKind.METER_SILENT
    usual: dict[str, object] = {
        "key": "k",
        "kind": kind,
        "concern": CONCERNS[kind],
        "school": "berga",
        "room": None if meter else "a1",
        "meter": "el" if meter else None,
        "device": "d-1",
        "first": date(2026, 1, 12),
        "last": date(2026, 3, 3),
        "ongoing": True,
        "params": PARAMS[kind],
        "method": "m/1",
        "until": date(2026, 3, 3),
    }
    return Insight.model_validate(usual | more)


@pytest.mark.parametrize("code", ["sv", "en"])
@pytest.mark.parametrize("kind", list(InsightKind))
def test_every_finding_has_words(kind: InsightKind, code: Code) -> None:
    text = insight_text(insight(kind), SITE, code)
    assert all(text)
    assert "%(" not in " ".join(text)
    other = insight_text(insight(kind), SITE, "en" if code == "sv" else "sv")
    assert text.meaning != other.meaning
    assert text.todo != other.todo


@pytest.mark.parametrize(("code", "said"), [("sv", "går inte att säga"), ("en", "cannot be told")])
@pytest.mark.parametrize("why", get_args(NoEnergy))
def test_energy_that_is_not_told_says_why(code: Code, said: str, why: NoEnergy) -> None:
    kind = InsightKind.SETPOINT_HIGH
    assert said in insight_text(insight(kind, no_energy=why), SITE, code).meaning
    assert said not in insight_text(insight(kind), SITE, code).meaning


def test_figures_in_the_readers_language() -> None:
    assert "23,5 kW" in insight_text(insight(InsightKind.VENTILATION_AT_NIGHT), SITE, "sv").meaning
    assert "23.5 kW" in insight_text(insight(InsightKind.VENTILATION_AT_NIGHT), SITE, "en").meaning
    lacks = insight_text(insight(InsightKind.UNDERVENTILATED_ROOM), SITE, "sv")
    assert lacks.title == "Sal A1 saknar luft"
    assert re.search(r"1.850 ppm", lacks.meaning)
    assert "2,5 l/s" in lacks.meaning
    stuck = {"days": 5.0, "what": "stale"}
    untrusted = insight_text(insight(InsightKind.SENSOR_UNTRUSTED, params=stuck), SITE, "sv")
    assert "d-1: har fastnat på ett värde" in untrusted.meaning
    assert insight_text(insight(InsightKind.METER_SILENT), SITE, "sv").title == "Mätaren Elmätaren är tyst"


def test_a_room_without_a_known_group_has_no_flow() -> None:
    text = insight_text(insight(InsightKind.UNDERVENTILATED_ROOM, params={"co2_ppm": 1_500.0}), SITE, "en")
    assert "cannot be told" in text.meaning


def todo_of(code: Code, **room: object) -> str:
    """What to do for a room that lacks air."""
    row = {"school": "berga", "key": "a1", "name": "Sal A1"} | room
    site = Site(settings=Settings(), schools=SITE.schools, rooms=[Room.model_validate(row)])
    return insight_text(insight(InsightKind.UNDERVENTILATED_ROOM), site, code).todo


@pytest.mark.parametrize(
    ("kind", "english", "swedish"),
    [
        (None, "supply and exhaust valves", "till- och frånluftsdonen"),
        ("FTX", "supply and exhaust valves", "till- och frånluftsdonen"),
        ("F", "vents in the windows and walls", "uteluftsdon"),
        ("S", "exhaust shafts", "frånluftskanaler"),
    ],
)
def test_what_to_do_for_air_goes_by_the_rooms_ventilation(
    kind: str | None, english: str, swedish: str
) -> None:
    assert english in todo_of("en", ventilation=kind)
    assert swedish in todo_of("sv", ventilation=kind)
    assert ("valves" in todo_of("en", ventilation=kind)) == (kind in (None, "FTX"))
    assert ("wide open" in todo_of("en", ventilation=kind)) == (kind == "S")


@pytest.mark.parametrize("kind", [None, "F", "S", "VAV"])
@pytest.mark.parametrize(
    ("code", "open_window", "closed"),
    [
        ("en", "windows (wide )?open", "no window opens here"),
        ("sv", "öppna fönster|fönstren", "inga fönster att öppna"),
    ],
)
def test_nobody_is_told_to_open_windows_that_do_not_open(
    code: Code, open_window: str, closed: str, kind: str | None
) -> None:
    without = todo_of(code, ventilation=kind, openable_windows=False)
    assert closed in without
    assert not re.search(open_window, without)
    with_windows = todo_of(code, ventilation=kind, openable_windows=True)
    assert closed not in with_windows
    assert re.search(open_window, with_windows)


def test_since_when_and_until_when() -> None:
    assert insight_text(insight(InsightKind.BASE_LOAD_UP), SITE, "sv").when == "Sedan 12 januari 2026"
    ended = insight(InsightKind.BASE_LOAD_UP, ongoing=False)
    assert insight_text(ended, SITE, "en").when == "12 January 2026 – 3 March 2026, ended"

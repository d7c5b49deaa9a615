"""Every finding has its words in both languages, with all of its figures."""

from __future__ import annotations

import re
from datetime import date

import pytest

from analytics.insights.model import CONCERNS, Insight, InsightKind
from classroom.places import Meter, Room, School
from classroom.quantity import Carrier
from classroom.settings import Settings
from classroom.site import Site
from reports.insight_texts import Code, insight_text

PARAMS: dict[InsightKind, dict[str, float | str]] = {
    InsightKind.VENTILATION_AT_NIGHT: {"night_kw": 12.34},
    InsightKind.VENTILATION_ON_CLOSED_DAYS: {"days": 31.0, "fans_kw": 8.25},
    InsightKind.BASE_LOAD_UP: {"night_kw": 12.0, "before_kw": 10.0, "added_kw": 2.0},
    InsightKind.BASE_LOAD_SEASONAL: {"winter_kw": 15.0, "summer_kw": 10.0},
    InsightKind.OUT_OF_HOURS: {"share": 0.71, "good_share": 0.5},
    InsightKind.SETPOINT_HIGH: {"indoor_c": 22.5, "reference_c": 21.0, "kwh_per_k": 12_345.0},
    InsightKind.HEATING_IN_HOLIDAYS: {"breaks": 3.0, "warmer_k": 1.5},
    InsightKind.HEATING_AT_NIGHT: {"night_c": 20.8, "day_c": 21.0, "weekend_c": 20.9},
    InsightKind.HEATING_ON_WEEKENDS: {"night_c": 19.6, "day_c": 21.0, "weekend_c": 21.0},
    InsightKind.HEATING_STARTS_EARLY: {"starts": "03:00", "opens": "08:00", "spare_h": 2.0},
    InsightKind.HEATING_IN_WARM_WEATHER: {"kwh": 5_000.0, "days": 44.0, "limit_c": 15.0},
    InsightKind.HEAT_CONTROL_POOR: {"r2": 0.31, "good_r2": 0.75},
    InsightKind.HOT_WATER_ON_CLOSED_DAYS: {"closed_kwh_d": 210.0, "school_kwh_d": 240.0},
    InsightKind.USE_RISING: {"more_share": 0.12},
    InsightKind.PEAK_POWER: {"peak_kw": 95.0, "usual_kw": 70.0},
    InsightKind.SOLAR_UNUSED: {"share": 0.5, "kwh": 8_000.0, "when_most": "weekends"},
    InsightKind.UNDERVENTILATED_ROOM: {"co2_ppm": 1_512.0, "flow_l_s": 3.4},
    InsightKind.OVERHEATED_ROOM: {"limit_c": 24.0, "share": 0.4},
    InsightKind.COLD_ROOM: {"limit_c": 19.0, "share": 0.3},
    InsightKind.SENSOR_SILENT: {"days": 5.0},
    InsightKind.SENSOR_UNTRUSTED: {"days": 5.0, "what": "stale"},
    InsightKind.METER_SILENT: {"days": 5.0},
}

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
def test_energy_that_is_not_told_says_why(code: Code, said: str) -> None:
    kind = InsightKind.SETPOINT_HIGH
    assert said in insight_text(insight(kind, no_energy="two_at_once"), SITE, code).meaning
    assert said not in insight_text(insight(kind), SITE, code).meaning


def test_figures_in_the_readers_language() -> None:
    assert "12,3 kW" in insight_text(insight(InsightKind.VENTILATION_AT_NIGHT), SITE, "sv").meaning
    assert "12.3 kW" in insight_text(insight(InsightKind.VENTILATION_AT_NIGHT), SITE, "en").meaning
    lacks = insight_text(insight(InsightKind.UNDERVENTILATED_ROOM), SITE, "sv")
    assert lacks.title == "Sal A1 saknar luft"
    assert re.search(r"1.500 ppm", lacks.meaning)
    assert "3,4 l/s" in lacks.meaning
    untrusted = insight_text(insight(InsightKind.SENSOR_UNTRUSTED), SITE, "sv")
    assert "d-1: har fastnat på ett värde" in untrusted.meaning
    assert insight_text(insight(InsightKind.METER_SILENT), SITE, "sv").title == "Mätaren Elmätaren är tyst"


def test_a_room_without_a_known_group_has_no_flow() -> None:
    text = insight_text(insight(InsightKind.UNDERVENTILATED_ROOM, params={"co2_ppm": 1_500.0}), SITE, "en")
    assert "cannot be told" in text.meaning


def test_since_when_and_until_when() -> None:
    assert insight_text(insight(InsightKind.BASE_LOAD_UP), SITE, "sv").when == "Sedan 12 januari 2026"
    ended = insight(InsightKind.BASE_LOAD_UP, ongoing=False)
    assert insight_text(ended, SITE, "en").when == "12 January 2026 – 3 March 2026, ended"

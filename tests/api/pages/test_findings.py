"""Findings on the school's page and on their own, with what shows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from made_up_findings import evidence_of, findings
from reading import HERE, Visit, text_of

import analytics.insights.model as model
from analytics.insights.model import Evidence, EvidenceLine, InsightKind
from api.app import create_app
from api.context import ApiContext
from api.pages.evidence import column_names, evidence_view, line_names
from api.pages.language import language

SWEDISH, ENGLISH = (language(code, ZoneInfo("Europe/Stockholm")) for code in ("sv", "en"))


def test_the_school_shows_the_first_five_and_leads_to_all(school_client: TestClient) -> None:
    page = school_client.get("/schools/tagaborg", headers={"Accept-Language": "sv"}).text
    assert len(re.findall(r'id="finding-\d+"', page)) == 5
    assert f'href="/schools/tagaborg/findings">Alla {len(InsightKind)} fynd' in page
    text = text_of(page)
    assert "Sal A103 saknar luft Under lektionerna når CO₂ 1 850 ppm" in text
    assert "Att göra: Titta om till- och frånluftsdonen" in text


def test_every_kind_of_finding_is_shown_by_a_chart_or_a_table(school_client: TestClient) -> None:
    page = school_client.get("/schools/tagaborg/findings", headers={"Accept-Language": "sv"}).text
    cards = page.split("<article")[1:]
    assert len(cards) == len(InsightKind)
    for one, card in zip(findings(), cards, strict=True):
        assert "<table>" in card, one.kind
        if one.evidence.lines:
            assert re.search(r'<path d="M\d', card), one.kind
            assert re.search(r'role="img" aria-label="[^"]+lägst [^"]+ högst', card), one.kind
    assert not re.search(r"\sstyle=|<script>", page)


def test_lines_of_one_unit_share_a_panel_and_gaps_stay_open() -> None:
    (view,) = evidence_view(evidence_of(InsightKind.UNDERVENTILATED_ROOM), SWEDISH).drawings
    assert [(panel.names, panel.unit) for panel in view.panels] == [
        (("Dygnets högsta koldioxid",), "ppm"), (("Uteluft per person",), "L/s"),
    ]  # fmt: skip
    assert view.each == "En punkt är 4 dygn."
    assert view.marked
    assert view.panels[0].plot.paths[0].count("M") == 2  # a fortnight without readings
    (hours,) = evidence_view(evidence_of(InsightKind.OUT_OF_HOURS), SWEDISH).drawings
    assert [panel.names for panel in hours.panels] == [("Skoldagar", "Stängda dagar")]
    assert [one.text for one in hours.axis] == ["00", "03", "06", "09", "12", "15", "18", "21"]


def test_days_and_hours_of_the_day_are_drawn_apart() -> None:
    view = evidence_view(evidence_of(InsightKind.VENTILATION_ON_CLOSED_DAYS), SWEDISH)
    hours, days = view.drawings
    assert [panel.names for panel in hours.panels] == [("Stängda dagar",)]
    assert [one.text for one in hours.axis][:3] == ["00", "03", "06"]
    assert (hours.marked, hours.each) == (False, "")
    assert [panel.names for panel in days.panels] == [("Effektens ökning på morgonen",)]
    assert days.axis[0].text == "nov"
    assert [table.columns[0] for table in view.tables] == ["Timme", "Månad"]


def test_the_table_tells_months_or_hours_and_the_rows_in_words() -> None:
    months, rows = evidence_view(evidence_of(InsightKind.VENTILATION_AT_NIGHT), SWEDISH).tables
    assert months.columns == ("Månad", "Effekt på natten [kW]")
    assert (months.rows[0][0], len(months.rows)) == ("oktober 2025", 14)
    assert rows.columns[:2] == ("Från", "Till")
    assert rows.rows == (("12 januari 2026", "18 november 2026", "23,5", "9,1", "0,4"),)
    (silent,) = evidence_view(evidence_of(InsightKind.SENSOR_SILENT), ENGLISH).tables
    assert silent.rows == (("a103", "15 November 2026 11:02", "–"),)


def test_evidence_without_values_draws_nothing() -> None:
    empty = EvidenceLine(name="heat", unit="kWh", points=(("2026-01-01", None),))
    view = evidence_view(Evidence(lines=(empty,), marked=((date(2026, 1, 1), date(2026, 1, 2)),)), SWEDISH)
    assert (view.drawings, view.tables) == ((), ())


def test_every_line_and_column_of_the_analysis_has_words() -> None:
    folder = Path(str(model.__file__)).parent
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.py")))
    lines = set(re.findall(r'(?:line|by_hour)\(\s*"(\w+)"', text))
    columns = set(re.findall(r'"(\w+)"', " ".join(re.findall(r"\bcolumns=\(([^)]*)\)", text))))
    assert len(lines) > 8
    assert len(columns) > 8
    assert lines - line_names(SWEDISH).keys() == set()
    assert columns - column_names(SWEDISH).keys() == set()


def test_a_school_without_findings_says_so(open_context: Callable[..., ApiContext]) -> None:
    with TestClient(create_app(open_context()), base_url=HERE) as client:
        for path in ("/schools/tagaborg", "/schools/tagaborg/findings"):
            text = text_of(client.get(path, headers={"Accept-Language": "sv"}).text)
            assert "Inget hittat. Fynd görs en gång om dagen" in text
        assert client.get("/schools/none/findings").status_code == 404


def test_findings_are_told_in_english_too(visit: Visit) -> None:
    text = visit("/schools/tagaborg/findings", "en")
    assert f"{len(InsightKind)} findings, the most urgent first" in text
    assert "Ventilation runs all night" in text

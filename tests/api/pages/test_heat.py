"""The week of each room as a small map, and how well the school is measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pandas as pd
from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext
from api.pages.static import FOLDER


def _map_of(page: str, room: str) -> str:
    card = page[page.index(f"rooms/{room}") :]
    map_ = card[card.index('<svg class="heat"') :]
    return map_[: map_.index("</svg>")]


def _cells(map_: str, level: str) -> int:
    path = re.search(rf'<path data-level="{level}" d="([^"]*)"', map_)
    return path[1].count("M") if path else 0


def test_a_map_counts_the_hours_at_each_level(school_client: TestClient) -> None:
    page = school_client.get("/schools/tagaborg", headers={"Accept-Language": "sv"}).text
    fresh, stuffy = _map_of(page, "a101"), _map_of(page, "a103")
    assert 'aria-label="Koldioxid i Sal A101 vecka 47: 0 timmar över 1000 ppm"' in fresh
    assert (_cells(fresh, "good"), _cells(fresh, "soon"), _cells(fresh, "now")) == (28, 0, 0)
    assert (
        _cells(fresh, "none") == 9
    )  # 14 to 17 of three days: measured until 13:20 only; today's are to come
    assert _cells(stuffy, "now") == 12
    assert _cells(stuffy, "soon") == 4
    assert ">M</text>" in page
    assert ">L</text>" not in page  # no lessons at the weekend


def test_the_maps_stand_in_a_table_too(visit: Visit) -> None:
    text = visit("/schools/tagaborg")
    row = text[text.index("Koldioxid, dagens högsta timme [ppm]") :]
    assert re.search(r"Sal A101 (800 ppm |750 ppm ){4}– 0", row), row
    assert re.search(r"Sal A103 (1\s\d[05]0 ppm ){4}– 16", row), row
    assert "Grupprummet" not in row[: row.index("Energi och klimat")]


def test_a_level_is_told_by_size_too() -> None:
    css = (FOLDER / "style.css").read_text()
    found = dict(re.findall(r'\.heat \[data-level="(\w+)"\] \{[^}]*stroke-width: ([\d.]+)px', css))
    sides = [float(found[level]) for level in ("none", "good", "soon", "now")]
    assert sides == sorted(sides)
    assert len(set(sides)) == 4


def test_hours_of_a_stuck_sensor_are_left_open(open_context: Callable[..., ApiContext]) -> None:
    context = open_context()
    start = context.clock().replace(hour=8, minute=0) - timedelta(days=1)
    verdict = {"device": "a103", "quantity": "co2_ppm", "start": start, "end": start + timedelta(hours=2)}
    context.store.write_verdicts(
        "a103", "co2_ppm", pd.DataFrame([{**verdict, "verdict": "stale", "detail": "stuck"}])
    )
    with TestClient(create_app(context), base_url=HERE) as client:
        map_ = _map_of(client.get("/schools/tagaborg").text, "a103")
    assert _cells(map_, "none") == 9 + 2
    assert sum(_cells(map_, level) for level in ("good", "soon", "now")) == 26


def test_the_school_says_how_well_it_is_measured(visit: Visit) -> None:
    text = visit("/schools/tagaborg")
    assert "4 av 7 givare hörs och går att lita på." in text
    assert "Grupprummet : aldrig hörd." in text
    assert "Biblioteket : tyst, senast hörd 11:02. Se efter att den hänger där den ska" in text
    assert "Sal A103 : svagt batteri" in text


def test_a_drifted_sensor_is_told(open_context: Callable[..., ApiContext]) -> None:
    context = open_context()
    now = context.clock()
    verdict = {"device": "a101", "quantity": "co2_ppm", "start": now - timedelta(days=3), "verdict": "drift"}
    context.store.write_verdicts(
        "a101", "co2_ppm", pd.DataFrame([{**verdict, "end": now + timedelta(days=1), "detail": "+80 ppm"}])
    )
    context.live.judge(context.store)
    with TestClient(create_app(context), base_url=HERE) as client:
        page = client.get("/schools/tagaborg", headers={"Accept-Language": "sv"}).text
        assert 'data-level="none"' in client.get("/schools/tagaborg/rooms/a101").text
    assert "Sal A101 : visar fel" in text_of(page)

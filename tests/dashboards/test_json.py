"""What Grafana must be able to load: the JSON against the SDK's schema, ids, places, panel types."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models
from jsonschema import Draft7Validator

from classroom.air import NOW_PPM, SOON_PPM
from classroom.quantity import QUANTITIES
from dashboards.board import SCHEMA_VERSION, Board, Placed, board_json, board_uid
from dashboards.infinity import UID
from dashboards.library import FOLDERS, dashboard_files
from dashboards.look import CO2_STEPS, GOOD, NOW, SOON, quantity_unit
from dashboards.panels import text_panel
from dashboards.words import LANGS, Say

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dashboards" / "json").rglob("*.json"))
KEYS = {"classroom", "school", "sustainability", "indoor", "energy", "operations"}

LOADABLE = {"stat", "timeseries", "table", "text"}
"""Panel types of Grafana 9.4 that stand in the newest too: none that is Angular's (graph, singlestat,
table-old) and none that was only announced then."""

TRANSFORMATIONS = {"organize", "renameByRegex"}
"""Known since Grafana 8."""

Json = dict[str, Any]


@cache
def schema(name: str) -> Json:
    """The SDK's schema of dashboards, or of a panel."""
    path = ROOT / "tests" / "support" / "grafana_schema" / f"{name}.json"
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(params=FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def board(request: pytest.FixtureRequest) -> Json:
    loaded: Json = json.loads(request.param.read_text(encoding="utf-8"))
    return loaded


def test_every_dashboard_is_there_in_every_language_and_as_the_code_makes_it() -> None:
    kept = {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in FILES}
    assert kept == dashboard_files(), "run scripts/check --fix"
    assert set(kept) == {f"{lang}/{key}.json" for lang in LANGS for key in KEYS}


def test_uids_and_titles_are_unique() -> None:
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in FILES]
    uids = [board["uid"] for board in boards] + [uid for uid, _ in FOLDERS.values()] + [UID]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 40 for uid in uids)
    for lang in LANGS:
        titles = [board["title"] for board in boards if lang in board["tags"]]
        assert len(set(titles)) == len(KEYS)


def test_it_is_valid_by_the_sdks_schema(board: Json) -> None:
    """But for where the schema is too narrow: queries of variables are objects of their data source's making,
    and what an override goes by and its values may be of any type."""
    for variable in board["templating"]["list"]:
        variable["query"] = "…"
    for panel in board["panels"]:
        for override in panel["fieldConfig"]["overrides"] if "fieldConfig" in panel else ():
            override["matcher"]["options"] = {}
            for prop in override["properties"]:
                prop["value"] = {}
    faults = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in Draft7Validator(schema("dashboard")).iter_errors(board)
    ]
    assert faults == []
    for panel in board["panels"]:
        for part, value in (
            ("Options", panel["options"]),
            ("FieldConfig", panel.get("fieldConfig", {}).get("defaults", {}).get("custom")),
        ):
            known = schema(panel["type"])
            if value is not None and part in known["definitions"]:
                Draft7Validator({**known, "$ref": f"#/definitions/{part}"}).validate(value)


def test_the_schema_would_find_a_fault(board: Json) -> None:
    board["panels"][0]["gridPos"]["w"] = "wide"
    assert list(Draft7Validator(schema("dashboard")).iter_errors(board))


def test_the_sdk_reads_it_back_as_it_is(board: Json) -> None:
    """Unknown panels and queries are kept as they are; what the SDK knows has its types."""
    again = json.loads(json.dumps(models.Dashboard.from_json(board), cls=JSONEncoder))
    for panel, read in zip(board["panels"], again["panels"], strict=True):
        for key in ("id", "type", "title", "gridPos", "fieldConfig", "options", "transformations"):
            assert read.get(key) == panel.get(key), (panel["title"], key)
    assert again["templating"] == board["templating"]
    assert again["links"] == board["links"]


def test_ids_and_places_are_unique_and_without_overlap(board: Json) -> None:
    panels = board["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken.get((x, y))}"
                taken[x, y] = panel["title"]


def test_it_is_written_in_the_words_of_grafana_9_4(board: Json) -> None:
    assert board["schemaVersion"] == SCHEMA_VERSION == 37
    assert {panel["type"] for panel in board["panels"]} <= LOADABLE
    used = {one["id"] for panel in board["panels"] for one in panel.get("transformations", ())}
    assert used <= TRANSFORMATIONS


def test_every_panel_says_what_it_shows_and_what_nothing_looks_like(board: Json) -> None:
    for panel in board["panels"]:
        assert panel["title"]
        if panel["type"] == "text":
            continue
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"] in ("no data", "ingen uppgift")
        assert panel["datasource"] == {"type": "yesoreyeram-infinity-datasource", "uid": UID}


def test_gaps_are_not_joined(board: Json) -> None:
    for panel in board["panels"]:
        if panel["type"] == "timeseries":
            assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] in (False, 900_000), panel["title"]
        if (
            panel["type"] == "stat"
        ):  # the last value, also where it is null: never an old one as if it were new
            assert panel["options"]["reduceOptions"]["calcs"] == ["last"]


def test_links_lead_to_dashboards_that_are_there(board: Json) -> None:
    uids = {board_uid(key, lang) for lang in LANGS for key in KEYS}
    text = json.dumps(board)
    for piece in text.split("/d/")[1:]:
        assert piece.replace('"', "?").split("?")[0] in uids
    (dropdown,) = (link for link in board["links"] if link["type"] == "dashboards")
    assert dropdown["tags"] == board["tags"]


def test_units_limits_and_colours_are_those_of_the_vocabulary_and_the_pages() -> None:
    assert [step.value for step in CO2_STEPS] == [None, SOON_PPM, NOW_PPM]
    style = (ROOT / "api" / "static" / "style.css").read_text(encoding="utf-8")
    for name, colour in (("good", GOOD), ("soon", SOON), ("now", NOW)):
        assert f"--{name}: {colour};" in style
    assert quantity_unit("co2_ppm") == "ppm"
    assert quantity_unit("temperature_c") == "celsius"
    for key, quantity in QUANTITIES.items():
        assert quantity_unit(key).removeprefix("suffix: "), quantity


def test_a_row_wider_than_the_grid_is_refused() -> None:
    wide = [Placed(text_panel("a", "b"), 13, 4), Placed(text_panel("a", "b"), 12, 4)]
    with pytest.raises(ValueError, match="wider than 24"):
        board_json(Board("x", "x", "x", "now-1h", "1m", (), [wide]), Say("en"))


def test_rows_stand_below_each_other(board: Json) -> None:
    tops = [panel["gridPos"]["y"] for panel in board["panels"]]
    assert all(one <= other for one, other in pairwise(tops))

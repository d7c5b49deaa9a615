"""A dashboard: its variables, its panels on the grid, its links to the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from dashboards.infinity import Column, Query, source
from dashboards.panels import PanelBuilder
from dashboards.words import LANGS, Lang, Say

TAG = "classroom-climate"
SCHEMA_VERSION = 37
"""That of Grafana 9.4, in whose words the dashboards are written; later ones migrate them when they load."""

WIDTH = 24

VariableBuilder = cogbuilder.Builder[models.VariableModel]


class Placed(NamedTuple):
    """A panel with its size on the grid of 24 columns."""

    panel: PanelBuilder
    width: int
    height: int


@dataclass(frozen=True)
class Board:
    """All that makes a dashboard.

    Args:
        key: the same in every language; the uid is made of it.
        since: relative start of the range of time, as ``now-24h``.
        rows: panels side by side; a row is as high as its highest panel.
    """

    key: str
    title: str
    description: str
    since: str
    refresh: str
    variables: Sequence[VariableBuilder]
    rows: Sequence[Sequence[Placed]]


def board_uid(key: str, lang: Lang) -> str:
    """Identity of a dashboard, in every Grafana."""
    return f"cc-{key}-{lang}"


def board_url(key: str, lang: Lang, **variables: str) -> str:
    """Address of a dashboard within Grafana, with variables and the present range of time."""
    chosen = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return f"/d/{board_uid(key, lang)}?${{__url_time_range}}{chosen}"


def board_json(board: Board, say: Say) -> dict[str, Any]:
    """The dashboard as Grafana's classic JSON.

    Raises:
        ValueError: a row is wider than the grid.
    """
    made = (
        builders.Dashboard(board.title)
        .uid(board_uid(board.key, say.lang))
        .description(board.description)
        .tags([TAG, say.lang])
        .timezone("browser")
        .time(board.since, "now")
        .refresh(board.refresh)
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .week_start("monday")
        .readonly()
        .variables(list(board.variables))
        .links(_links(board, say))
        .annotations([])
    )
    number, y = 1, 0
    for row in board.rows:
        if sum(placed.width for placed in row) > WIDTH:
            raise ValueError(f"{board.key}: a row is wider than {WIDTH}: give it fewer or narrower panels")
        x = 0
        for placed in row:
            panel = placed.panel.build()
            panel.id_val = number
            panel.grid_pos = models.GridPos(h=placed.height, w=placed.width, x=x, y=y)
            made.with_panel(_Built(panel))
            number, x = number + 1, x + placed.width
        y += max(placed.height for placed in row)
    dashboard = made.build()
    dashboard.schema_version = SCHEMA_VERSION
    plain: dict[str, Any] = json.loads(json.dumps(dashboard, cls=JSONEncoder))
    return plain


def school_variable(say: Say) -> VariableBuilder:
    """The schools that Grafana's token may see."""
    query = Query("schools", (Column("name", "__text", "string"), Column("key", "__value", "string")))
    return _query_variable("school", say("Skola", "School"), query)


def room_variable(say: Say) -> VariableBuilder:
    """The rooms of the chosen school."""
    columns = (Column("name", "__text", "string"), Column("key", "__value", "string"))
    return _query_variable("room", say("Rum", "Room"), Query("schools/${school}/rooms", columns))


def choice_variable(name: str, label: str, choices: Mapping[str, str]) -> VariableBuilder:
    """A choice among values with names; the first is chosen."""
    options = [
        models.VariableOption(selected=number == 0, text=text, value=value)
        for number, (value, text) in enumerate(choices.items())
    ]
    listed = ",".join(f"{text} : {value}" for value, text in choices.items())
    return builders.CustomVariable(name).label(label).values(listed).options(options).current(options[0])


class _Built(cogbuilder.Builder[models.Panel]):
    """A panel that is built already: its place is set."""

    def __init__(self, panel: models.Panel) -> None:
        self._panel = panel

    def build(self) -> models.Panel:
        return self._panel


def _query_variable(name: str, label: str, query: Query) -> VariableBuilder:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(source())
        .query(query.as_variable())
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(models.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    )


def _links(board: Board, say: Say) -> list[cogbuilder.Builder[models.DashboardLink]]:
    """To the other dashboards in this language, and to this one in the other languages."""
    others = (
        builders.DashboardLink(say("Fler tavlor", "More dashboards"))
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG, say.lang])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    names = {"sv": "På svenska", "en": "In English"}
    translations = [
        builders.DashboardLink(names[lang])
        .type(models.DashboardLinkType.LINK)
        .url(f"/d/{board_uid(board.key, lang)}")
        .include_vars(True)
        .keep_time(True)
        for lang in LANGS
        if lang != say.lang
    ]
    return [others, *translations]

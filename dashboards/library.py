"""Every dashboard in every language, and the files they are kept in."""

from __future__ import annotations

import json
from typing import Any

from dashboards.board import Board, board_json
from dashboards.classroom_board import classroom_board
from dashboards.energy_board import energy_board
from dashboards.indoor_board import indoor_board
from dashboards.operations_board import operations_board
from dashboards.school_board import school_board
from dashboards.sustainability_board import sustainability_board
from dashboards.words import LANGS, Lang, Say

_BOARDS = (
    classroom_board,
    school_board,
    sustainability_board,
    indoor_board,
    energy_board,
    operations_board,
)

FOLDERS: dict[Lang, tuple[str, str]] = {
    "sv": ("classroom-climate-sv", "Skolklimat"),
    "en": ("classroom-climate-en", "School climate"),
}
"""Grafana's folder of each language: uid and title."""


def boards(lang: Lang) -> list[Board]:
    """The dashboards in a language, in the order in which people meet them."""
    return [make(Say(lang)) for make in _BOARDS]


def dashboards(lang: Lang) -> dict[str, dict[str, Any]]:
    """Each dashboard's JSON by its key."""
    say = Say(lang)
    return {board.key: board_json(board, say) for board in boards(lang)}


def dashboard_files() -> dict[str, str]:
    """Content of ``dashboards/json`` by path below it."""
    return {
        f"{lang}/{key}.json": json_text(content)
        for lang in LANGS
        for key, content in dashboards(lang).items()
    }


def json_text(content: object) -> str:
    """As it is kept: indented, keys sorted, so that a change shows where it is."""
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"

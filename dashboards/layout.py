"""Draws what is on a dashboard, for people who have no Grafana before them: places, titles, columns, limits.

Figures are never drawn: a picture of invented ones would be taken for real.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from dashboards.library import dashboards
from dashboards.words import Lang

Json = dict[str, Any]

_COLUMN, _LINE, _GAP, _HEAD = 50, 26, 8, 76
_WIDTH = 24 * _COLUMN + _GAP
_CHARACTER = 6.6  # width of a letter at 12 px, on the safe side
_INK, _MUTED, _EDGE, _PAPER, _CURVE = "#1a211d", "#56605a", "#dcd8cd", "#f6f4ee", "#1f5f8b"
_WAVE = (0.62, 0.58, 0.6, 0.35, 0.3, 0.55, 0.6, 0.28, 0.22, 0.5, 0.62, 0.64)
_BARS = (0.7, 0.85, 0.6, 0.9, 0.75, 0.3, 0.25, 0.8, 0.7, 0.95, 0.65, 0.8)


def layout_files(lang: Lang = "en") -> dict[str, str]:
    """A picture (SVG) of every dashboard, by file name."""
    return {f"dashboard-{key}.svg": layout_svg(content) for key, content in dashboards(lang).items()}


def layout_svg(dashboard: Json) -> str:
    """The picture of one."""
    panels: list[Json] = dashboard["panels"]
    height = _HEAD + max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels) * _LINE + _GAP
    title = escape(dashboard["title"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{title}: {escape(dashboard['description'])}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>',
        _text(2 * _GAP, 30, dashboard["title"], size=20, weight=600),
        _text(2 * _GAP, 56, _head_line(dashboard), colour=_MUTED),
    ]
    for panel in panels:
        parts += _panel(panel)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _head_line(dashboard: Json) -> str:
    variables = [f"{one['label']} ▾" for one in dashboard["templating"]["list"]]
    return "   ".join([*variables, f"{dashboard['time']['from']} to {dashboard['time']['to']}"])


def _panel(panel: Json) -> Iterator[str]:
    place = panel["gridPos"]
    x, y = place["x"] * _COLUMN + _GAP, place["y"] * _LINE + _HEAD
    width, height = place["w"] * _COLUMN - _GAP, place["h"] * _LINE - _GAP
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="#fff" stroke="{_EDGE}"/>'
    yield _text(x + 10, y + 20, _cut(panel["title"], width - 20), weight=600)
    box = (x + 10, y + 30, width - 20, height - 40)
    draw = {"stat": _stat, "timeseries": _curve, "table": _table, "text": _words}[panel["type"]]
    yield from draw(panel, box)


_Box = tuple[int, int, int, int]


def _stat(panel: Json, box: _Box) -> Iterator[str]:
    x, y, width, height = box
    columns = [column["text"] for column in panel["targets"][0]["columns"]]
    defaults = panel["fieldConfig"]["defaults"]
    words = [mapping["options"] for mapping in defaults.get("mappings", ()) if mapping["type"] == "value"]
    if words:
        shown = " · ".join(one["text"] for one in words[0].values())
    else:
        shown = " – ".join("?" for _ in columns) + f" {_unit(defaults.get('unit', ''))}"
    yield _text(x, y + height / 2 + 4, _cut(shown, width), size=16 if words else 22, colour=_CURVE)
    steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is not None]
    for number, step in enumerate(steps):
        left, top = x + 56 * number, y + height - 8
        yield f'<rect x="{left}" y="{top}" width="8" height="8" fill="{step["color"]}"/>'
        yield _text(x + 56 * number + 12, y + height, f"{step['value']:g}", size=10, colour=_MUTED)


def _curve(panel: Json, box: _Box) -> Iterator[str]:
    x, y, width, height = box
    defaults = panel["fieldConfig"]["defaults"]
    foot = y + height - 16
    steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is not None]
    for number, step in enumerate(steps):
        at = y + (foot - y) * (0.55 - 0.3 * number)
        yield (
            f'<line x1="{x}" x2="{x + width}" y1="{at:.0f}" y2="{at:.0f}" stroke="{step["color"]}" '
            'stroke-dasharray="5 4"/>'
        )
        yield _text(x + width - 60, at - 4, f"{step['value']:g}", size=10, colour=step["color"])
    slot, depth = width / len(_WAVE), foot - y
    if defaults["custom"]["drawStyle"] == "bars":
        for number, share in enumerate(_BARS):
            if number != 6:  # a gap: nothing is drawn where nothing is known
                top = foot - depth * share
                yield (
                    f'<rect x="{x + slot * number + 3:.0f}" y="{top:.0f}" width="{slot - 6:.0f}" '
                    f'height="{foot - top:.0f}" fill="{_CURVE}" opacity="0.25"/>'
                )
    else:
        points = [(x + slot * (n + 0.5), y + depth * share) for n, share in enumerate(_WAVE)]
        for piece in (points[:6], points[8:]):
            line = " ".join(f"{a:.0f},{b:.0f}" for a, b in piece)
            yield f'<polyline points="{line}" fill="none" stroke="{_CURVE}" stroke-width="2" opacity="0.4"/>'
    by = (
        defaults.get("displayName", "")
        .replace("${__field.labels.", "")
        .replace("${__field.name}", "")
        .replace("}", "")
    )
    about = _unit(defaults.get("unit", "")) + (f", by {by.strip()}" if by.strip() else "")
    yield _text(x, y + height, about, size=11, colour=_MUTED)


def _table(panel: Json, box: _Box) -> Iterator[str]:
    x, y, width, height = box
    columns = [column["text"] for column in panel["targets"][0]["columns"]]
    slot = width / len(columns)
    for number, name in enumerate(columns):
        yield _text(x + slot * number, y + 14, _cut(name, slot - 6), colour=_MUTED, weight=600, size=11)
    for line in range(1, max(2, height // 26)):
        at = y + 26 * line
        yield f'<line x1="{x}" x2="{x + width}" y1="{at}" y2="{at}" stroke="{_EDGE}"/>'


def _words(panel: Json, box: _Box) -> Iterator[str]:
    x, y, width, _ = box
    lines = [
        piece
        for line in panel["options"]["content"].replace("**", "").replace("`", "").splitlines()
        for piece in textwrap.wrap(line, int(width / _CHARACTER))
    ]
    for number, line in enumerate(lines):
        yield _text(x, y + 14 + 17 * number, line, colour=_MUTED)


def _unit(symbol: str) -> str:
    names = {
        "celsius": "°C",
        "percent": "%",
        "percentunit": "%",
        "kwatth": "kWh",
        "kwatt": "kW",
        "decbytes": "B",
        "none": "",
    }
    return names.get(symbol, symbol.removeprefix("suffix: "))


def _cut(text: str, width: float) -> str:
    most = max(3, int(width / _CHARACTER))
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(x: float, y: float, text: str, *, size: int = 12, colour: str = _INK, weight: int = 400) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}" fill="{colour}">'
        f"{escape(text)}</text>"
    )

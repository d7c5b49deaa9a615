"""Charts: gaps stay open, names are safe, and the process's time zone does not matter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import altair as alt
import pytest

from api.charts import (
    PAPER,
    DayCurve,
    Mark,
    Size,
    Span,
    day_curve,
    day_curve_svg,
    split_at_gaps,
    to_svg,
)

ROOT = Path(__file__).parents[3]

CURVE = DayCurve(
    segments=(((480.0, 500.0), (485.0, 600.0)), ((600.0, 700.0), (605.0, 800.0))),
    spans=(Span(480, 540, lesson=True), Span(540, 560, lesson=False), Span(560, 620, lesson=True)),
    hours=tuple(Mark(hour * 60, f"{hour:02d}") for hour in range(7, 12)),
    values=tuple(Mark(ppm, f"{ppm}") for ppm in range(400, 1_601, 400)),
    limits=(Mark(1_000, "Vädra snart"), Mark(1_400, "Vädra nu")),
)
SIZE = Size(400, 200)


def _rows(chart: alt.LayerChart, mark: str) -> list[list[dict[str, object]]]:
    spec = chart.to_dict()  # checks the spec against the Vega-Lite schema
    return [
        spec["datasets"][layer["data"]["name"]] if "name" in layer["data"] else layer["data"]["values"]
        for layer in spec["layer"]
        if layer["mark"]["type"] == mark
    ]


def test_points_are_split_where_the_silence_is_too_long() -> None:
    points = [(0.0, 1.0), (5.0, 2.0), (20.0, 3.0), (35.1, 4.0)]
    assert split_at_gaps(points, 15) == (((0.0, 1.0), (5.0, 2.0), (20.0, 3.0)), ((35.1, 4.0),))
    assert split_at_gaps([], 15) == ()


def test_two_runs_are_two_lines() -> None:
    (rows,) = _rows(day_curve(CURVE, SIZE), "line")
    assert [(row["at"], row["run"]) for row in rows] == [(480, 0), (485, 0), (600, 1), (605, 1)]
    drawn = to_svg(day_curve(CURVE, SIZE, PAPER), "", "")
    lines = re.findall(r'<path (?=[^>]*stroke="#1f5f8b")[^>]*d="(M[^"]*)"', drawn)
    assert [line.count("L") for line in lines if "L" in line] == [1, 1]


def test_a_single_point_between_gaps_is_drawn_as_a_dot() -> None:
    lonely = DayCurve((((480.0, 500.0),), ((600.0, 700.0),)), (), CURVE.hours, CURVE.values, ())
    dots = [row for rows in _rows(day_curve(lonely, SIZE), "point") for row in rows]
    assert {(480.0, 500.0), (600.0, 700.0)} <= {(row["at"], row["value"]) for row in dots}


def test_an_empty_day_is_still_a_valid_chart() -> None:
    empty = DayCurve((), (), CURVE.hours, CURVE.values, CURVE.limits)
    assert _rows(day_curve(empty, SIZE), "line") == []
    assert "Vädra snart" in day_curve_svg(empty, SIZE, "Tom dag", "")


def test_lessons_and_breaks_are_rectangles_of_their_own() -> None:
    lessons, strip, breaks = _rows(day_curve(CURVE, SIZE), "rect")
    assert [(row["at"], row["end"]) for row in lessons] == [(480, 540), (560, 620)]
    assert [(row["at"], row["end"]) for row in strip] == [(480, 540), (560, 620)]
    assert [(row["at"], row["end"]) for row in breaks] == [(540, 560)]


def test_the_picture_has_a_name_and_a_description_that_cannot_break_out() -> None:
    svg = day_curve_svg(CURVE, SIZE, "<script>alert(1)</script>", '"&]]>')
    assert "<script" not in svg
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</title>" in svg
    assert "&quot;&amp;]]&gt;</desc>" in svg
    ids = re.search(r'role="img" aria-labelledby="(\w+) (\w+)"', svg)
    assert ids is not None
    assert f'<title id="{ids[1]}">' in svg
    assert f'<desc id="{ids[2]}">' in svg


def test_nothing_inside_needs_inline_style_or_script() -> None:
    svg = day_curve_svg(CURVE, SIZE, "a", "b")
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|http(?!://www\.w3\.org)", svg)


def test_two_charts_in_one_document_share_no_id() -> None:
    ids = [
        set(re.findall(r' id="([^"]+)"', day_curve_svg(CURVE, size, "a", "b")))
        for size in (SIZE, Size(300, 200))
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_the_same_content_gives_the_same_picture() -> None:
    assert to_svg(day_curve(CURVE, SIZE), "a", "b") == to_svg(day_curve(CURVE, SIZE), "a", "b")


@pytest.mark.slow
def test_the_time_zone_of_the_process_does_not_matter() -> None:
    code = (
        "from api.charts import *\n"
        "c = DayCurve((((480.0, 500.0), (485.0, 600.0)),), (), (Mark(420, '07'), Mark(480, '08')),"
        " (Mark(400, '400'), Mark(800, '800')), ())\n"
        "print(day_curve_svg(c, Size(300, 200), 'a', 'b'))"
    )
    pictures = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "TZ": zone},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for zone in ("America/New_York", "Asia/Tokyo")
    ]
    assert pictures[0] == pictures[1]
    assert b">07</text>" in pictures[0]

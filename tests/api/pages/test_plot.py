"""Small drawings: gaps stay open, axes hold all values, and nothing is drawn as zero that is not known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.plot import FOOT_PCT, HEAD_PCT, BarKind, DayBar, Dot, dot_plot, line_plot, placed_bars

BARS = (
    DayBar("mån 16", 10.0, "10", BarKind.WHOLE),
    DayBar("tis 17", None, "ingen data", BarKind.GAP),
    DayBar("ons 18", 5.0, "5", BarKind.PARTIAL),
    DayBar("tors 19", None, "", BarKind.AHEAD),
)


def test_a_gap_is_left_open_and_a_lonely_value_is_seen() -> None:
    plot = line_plot([[0.0, 10.0, None, 5.0, None, 10.0, 0.0]])
    assert plot.paths == ("M0 100.0L167 0.0M500 50.0h2M833 0.0L1000 100.0",)
    assert [(tick.at_pct, tick.value) for tick in plot.ticks] == [
        (100.0, 0.0), (50.0, 5.0), (0.0, 10.0),
    ]  # fmt: skip
    assert plot.each == 1


def test_a_long_line_is_thinned_to_means_or_highest() -> None:
    values = [float(number % 2) for number in range(10)]
    assert line_plot([values], most_points=5).each == 2
    means, highest = line_plot([values], most_points=5), line_plot([values], most_points=5, highest=True)
    assert means.ticks[0].value <= 0.5 < means.ticks[-1].value
    assert highest.ticks[0].value == 1.0


def test_marked_days_are_stretches_that_can_be_seen() -> None:
    plot = line_plot([[1.0] * 11], [(2, 4), (10, 10)])
    assert plot.marked == ((200.0, 200.0), (1000.0, 4.0))


@given(st.lists(st.none() | st.floats(-1e6, 1e6, allow_nan=False), max_size=300))
def test_any_line_stays_inside_its_field(values: list[float | None]) -> None:
    plot = line_plot([values])
    numbers = [float(one) for one in re.findall(r"[ ](-?[\d.]+)", plot.paths[0])]
    assert all(-0.1 <= one <= 100.1 for one in numbers)
    assert len(plot.ticks) >= 2
    assert bool(plot.paths[0]) == any(value is not None for value in values)


def test_a_dot_is_a_stroke_without_length() -> None:
    plot = dot_plot([[Dot(0, 0)], [Dot(10, 100), Dot(20, 50)]], [[Dot(0, 100), Dot(20, 0)], []])
    assert plot.groups == ("M0 100.0h0", "M500 0.0h0M1000 50.0h0")
    assert plot.curves == ("M0 0.0L1000 100.0",)
    assert [tick.value for tick in plot.across] == [0, 5, 10, 15, 20]
    assert dot_plot([[]], []).groups == ("",)


def test_a_day_without_data_is_a_place_and_never_a_zero() -> None:
    whole, gap, partial, ahead = placed_bars(BARS)
    assert (whole.top_pct, whole.height_pct) == (HEAD_PCT, FOOT_PCT - HEAD_PCT)
    assert gap.height_pct == ahead.height_pct == pytest.approx((FOOT_PCT - HEAD_PCT) / 2)
    assert partial.top_pct + partial.height_pct == FOOT_PCT
    assert [one.middle_pct for one in placed_bars(BARS)] == [12.5, 37.5, 62.5, 87.5]


def test_all_days_without_data() -> None:
    gaps = (DayBar("mån", None, "ingen data", BarKind.GAP), DayBar("tis", None, "ingen data", BarKind.GAP))
    assert {one.height_pct for one in placed_bars(gaps)} == {(FOOT_PCT - HEAD_PCT) / 2}

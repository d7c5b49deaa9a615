"""The effect of an action, by sums done by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from analytics.experiments import Effect, TooFew, effect

FIRST = date(2026, 11, 9)


def days(before: list[float], after: list[float]) -> dict[date, float]:
    """Values on the days before FIRST and from it on."""
    start = FIRST - timedelta(days=len(before))
    return {start + timedelta(days=n): value for n, value in enumerate([*before, *after])}


BEFORE, AFTER = [1_000.0, 1_020.0, 980.0, 1_010.0, 990.0], [900.0, 920.0, 880.0, 910.0, 890.0]
LAST = FIRST + timedelta(days=30)


def test_a_change_against_the_own_past() -> None:
    found = effect(days(BEFORE, AFTER), [], FIRST, LAST)
    assert isinstance(found, Effect)
    assert found.change == pytest.approx(-100)
    # variance 250 on each side of 5 days (their correlation is negative): t(8; 95 %) = 1.860
    assert found.high - found.change == pytest.approx(1.8595 * 10, rel=1e-3)
    assert found.told
    assert not found.compared


def test_what_all_rooms_did_is_no_effect() -> None:
    other = [days(BEFORE[::-1], AFTER[::-1]), days(BEFORE, AFTER)]
    found = effect(days(BEFORE, AFTER), other, FIRST, LAST)
    assert isinstance(found, Effect)
    assert found.compared
    assert found.change == pytest.approx(0)
    assert not found.told


def test_one_other_room_is_no_comparison() -> None:
    found = effect(days(BEFORE, AFTER), [days(BEFORE, AFTER)], FIRST, LAST)
    assert isinstance(found, Effect)
    assert not found.compared


def test_days_that_follow_each_other_count_for_less() -> None:
    steady = effect(days([*BEFORE, *BEFORE], [*AFTER, *AFTER]), [], FIRST, LAST)
    drifting = effect(days(sorted(BEFORE * 2), sorted(AFTER * 2)), [], FIRST, LAST)
    assert isinstance(steady, Effect)
    assert isinstance(drifting, Effect)
    assert drifting.high - drifting.low > 1.5 * (steady.high - steady.low)


def test_too_few_days_give_no_effect() -> None:
    assert effect(days(BEFORE, AFTER[:4]), [], FIRST, LAST) == TooFew(5, 4)
    assert effect(days(BEFORE[:4], AFTER), [], FIRST, LAST) == TooFew(4, 5)
    assert effect(days(BEFORE, AFTER), [], FIRST, FIRST + timedelta(days=2)) == TooFew(5, 3)
    assert effect({}, [], FIRST, LAST) == TooFew(0, 0)


def test_values_without_spread_have_no_width() -> None:
    found = effect(days([1.0] * 5, [2.0] * 5), [], FIRST, LAST)
    assert found == Effect(1.0, 1.0, 1.0, 5, 5, compared=False)

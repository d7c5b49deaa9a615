"""Out of hours, base load, peak: a day of 24 numbers, by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from analytics.profile import base_load_kw, out_of_hours_kwh, peak_kw, per_unit
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.timetable import Span

HOUR = timedelta(hours=1)


@pytest.fixture
def day(at: Callable[[str], datetime]) -> Span:
    return at("2026-03-03 00:00"), at("2026-03-04 00:00")


@pytest.fixture
def open_spans(at: Callable[[str], datetime]) -> list[Span]:
    return [(at("2026-03-03 07:30"), at("2026-03-03 16:00"))]


def hours(day: Span, values: list[float | None]) -> list[Metric]:
    return [
        Metric(
            day[0] + n * HOUR, day[0] + (n + 1) * HOUR, Interval.HOUR, "berga", Scope.SCHOOL, "berga",
            "energy_kwh", Carrier.ELECTRICITY, None, value, None, None, "kWh", 1.0, Status.OK, None,
            "energy.registers/1", (), "f",
        )
        for n, value in enumerate(values)
    ]  # fmt: skip


USE = [5.0] * 7 + [10.0] + [20.0] * 8 + [6.0] * 8  # 24 local hours: 7 h night, 07-08, 08-16, evening


def test_an_hour_half_open_counts_half(day: Span, open_spans: list[Span]) -> None:
    found = out_of_hours_kwh(hours(day, list(USE)), open_spans, day)
    assert found == (35 + 5 + 48, 1.0, Status.OK, None)


def test_a_closed_day_is_out_of_hours_whole(day: Span) -> None:
    assert out_of_hours_kwh(hours(day, list(USE)), [], day).value == sum(USE)


def test_missing_closed_hours_are_told_and_not_filled(day: Span, open_spans: list[Span]) -> None:
    values: list[float | None] = list(USE)
    values[0] = values[1] = None
    found = out_of_hours_kwh(hours(day, values), open_spans, day)
    assert found.value == 88 - 10
    assert found.coverage == pytest.approx(13.5 / 15.5)
    assert (found.status, found.reason) == (Status.PARTIAL, "gap")
    values[8:16] = [None] * 8  # open hours do not matter
    assert out_of_hours_kwh(hours(day, values), open_spans, day).value == 78


def test_base_load_and_peak(day: Span) -> None:
    values: list[float | None] = list(USE)
    values[3], values[4], values[5] = 2.0, 3.0, 4.0
    assert base_load_kw(hours(day, values), day).value == 3.0
    assert peak_kw(hours(day, values), day).value == 20.0


def test_few_hours_say_nothing(day: Span) -> None:
    few = hours(day, [5.0] * 11 + [None] * 13)
    assert base_load_kw(few, day).status is Status.INSUFFICIENT
    assert peak_kw(few, day).value is None
    assert peak_kw([], day) == (None, 0.0, Status.NO_DATA, "no_readings")


def test_a_day_of_23_hours_is_whole(at: Callable[[str], datetime]) -> None:
    spring = at("2026-03-29 00:00"), at("2026-03-30 00:00")
    assert peak_kw(hours(spring, [4.0] * 23), spring).coverage == 1.0


def test_per_square_metre_and_pupil(day: Span) -> None:
    energy = hours(day, [120.0])[0]
    assert per_unit(energy, 4_000, "no_area").value == 0.03
    assert per_unit(energy, None, "no_area") == (None, 1.0, Status.INSUFFICIENT, "no_area")
    assert per_unit(energy._replace(value=None, status=Status.NO_DATA), 300, "no_pupils").value is None

"""Longer intervals from hand-made days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.catalog import CATALOG
from analytics.periods import aggregate, period_of
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.timetable import day_span

ZONE = ZoneInfo("Europe/Stockholm")
MONDAY = date(2026, 3, 2)


def day(
    name: str,
    on: date,
    value: float | None,
    coverage: float = 1.0,
    status: Status = Status.OK,
    **more: object,
) -> Metric:
    start, end = day_span(on, ZONE)
    energy = name.startswith("e")
    metric = Metric(
        time=start,
        period_end=end,
        interval=Interval.DAY,
        school="berga",
        scope=Scope.SCHOOL if energy else Scope.ROOM,
        id="berga" if energy else "a1",
        metric=name,
        carrier=Carrier.ELECTRICITY if energy else None,
        basis=None,
        value=value,
        low=None,
        high=None,
        unit=CATALOG[name].unit,
        coverage=coverage,
        status=status,
        reason=None,
        method=CATALOG[name].method,
        factors=(),
        fingerprint=str(on),
    )
    return metric._replace(**more)  # type: ignore[arg-type]


def energy_days(first: date, values: Sequence[float | None]) -> list[Metric]:
    found = []
    for n, value in enumerate(values):
        on = first + timedelta(days=n)
        status = Status.OK if value is not None else Status.NO_DATA
        found.append(day("energy_kwh", on, value, float(value is not None), status))
        found.append(
            day("energy_unresolved_kwh", on, 0.0 if value is not None else None, float(value is not None))
        )
    return found


def only(metrics: Sequence[Metric]) -> Metric:
    (metric,) = metrics
    return metric


@pytest.mark.parametrize(
    ("interval", "first", "end"),
    [
        (Interval.DAY, date(2026, 3, 4), date(2026, 3, 5)),
        (Interval.WEEK, date(2026, 3, 2), date(2026, 3, 9)),
        (Interval.MONTH, date(2026, 3, 1), date(2026, 4, 1)),
        (Interval.SCHOOL_YEAR, date(2025, 7, 1), date(2026, 7, 1)),
        (Interval.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_bounds(interval: Interval, first: date, end: date) -> None:
    assert period_of(date(2026, 3, 4), interval) == (first, end)


def test_december_and_a_school_year_that_begins() -> None:
    assert period_of(date(2026, 12, 31), Interval.MONTH) == (date(2026, 12, 1), date(2027, 1, 1))
    assert period_of(date(2026, 7, 1), Interval.SCHOOL_YEAR) == (date(2026, 7, 1), date(2027, 7, 1))
    with pytest.raises(ValueError, match="hours"):
        period_of(MONDAY, Interval.HOUR)


def test_a_full_week_is_the_sum() -> None:
    week = only(aggregate(energy_days(MONDAY, [10, 11, 12, 13, 14, 5, 5]), Interval.WEEK, ZONE))
    assert (week.value, week.coverage, week.status, week.reason) == (70, 1.0, Status.OK, None)
    assert (week.time, week.period_end) == (day_span(MONDAY, ZONE)[0], day_span(date(2026, 3, 8), ZONE)[1])
    assert (week.interval, week.method) == (Interval.WEEK, "energy.registers/4+sum/3")


def test_coverage_weighs_days_by_their_length() -> None:
    # The week of 23-29 March has 167 hours; its last day, with 23, is missing.
    days = energy_days(date(2026, 3, 23), [10] * 6)
    week = only(aggregate(days, Interval.WEEK, ZONE))
    assert (week.value, week.status, week.reason) == (60, Status.PARTIAL, "days_missing:1")
    assert week.coverage == pytest.approx(144 / 167)
    assert (week.low, week.high) == (60, None)  # of the last day nothing is known


def test_more_than_half_missing_is_null() -> None:
    week = only(aggregate(energy_days(MONDAY, [10, 10, 10]), Interval.WEEK, ZONE))
    assert (week.value, week.status) == (None, Status.INSUFFICIENT)
    assert week.coverage == pytest.approx(3 / 7)


def test_a_gap_known_as_a_sum_completes_the_week_but_not_another_one() -> None:
    # Wednesday and Thursday are silent; from Tuesday evening to Friday morning 25 kWh ran.
    days = energy_days(MONDAY, [10, 8, None, None, 7, 5, 5])
    tuesday, friday_end = MONDAY + timedelta(days=1), day_span(date(2026, 3, 6), ZONE)[1]

    def known(m: Metric) -> Metric:
        if m.metric == "energy_unresolved_kwh":
            value = 25.0 if m.time == day_span(tuesday, ZONE)[0] else 0.0
            return m._replace(value=value, coverage=1.0, period_end=friday_end if value else m.period_end)
        return m

    week = only(aggregate([known(m) for m in days], Interval.WEEK, ZONE))
    assert week.value == 10 + 8 + 25 + 7 + 5 + 5
    assert week.coverage == pytest.approx(5 / 7)
    assert (week.status, week.reason) == (Status.PARTIAL, "days_missing:2")
    assert (week.low, week.high) == (None, None)  # all of its energy is known
    # Over the turn of the week it is shared: two silent days of it here, seven after the weekend.
    late = [
        known(m)._replace(period_end=friday_end + timedelta(days=9)) if m.metric[7:8] == "u" else m
        for m in days
    ]
    open_week = only(aggregate(late, Interval.WEEK, ZONE))
    assert open_week.value == pytest.approx(35 + 25 * 2 / 9)
    assert (open_week.low, open_week.high) == (35, pytest.approx(60))
    assert (open_week.status, open_week.reason) == (Status.PARTIAL, "gap; days_missing:2")


def test_a_silence_over_the_turn_of_the_month_is_shared_by_its_hours() -> None:
    # Silent from 31 March 18:00 to 1 April 03:00, 12 kWh: 6 of 9 hours are March's, 3 April's.
    days = energy_days(date(2026, 3, 1), [24.0] * 61)
    turn = day_span(date(2026, 3, 31), ZONE)[0]
    after = day_span(date(2026, 4, 1), ZONE)

    def silent(m: Metric) -> Metric:
        if m.time == turn:
            unresolved = m.metric == "energy_unresolved_kwh"
            return (
                m._replace(value=12.0, period_end=after[1])
                if unresolved
                else m._replace(value=18.0, coverage=0.75)
            )
        if m.time == after[0] and m.metric == "energy_kwh":
            return m._replace(value=21.0, coverage=0.875)
        return m

    months = aggregate([silent(m) for m in days], Interval.MONTH, ZONE)
    march, april = sorted((m for m in months), key=lambda m: m.time)
    assert (march.value, march.low, march.high) == (pytest.approx(746), 738, 750)
    assert (april.value, april.low, april.high) == (pytest.approx(721), 717, 729)
    assert {march.status, april.status} == {Status.ESTIMATED}
    assert {march.reason, april.reason} == {"gap"}
    assert march.value + april.value == pytest.approx(61 * 24 - 9 + 12)  # once, whatever its hours are


def test_a_running_month_is_preliminary_and_the_future_is_not_missing() -> None:
    days = energy_days(date(2026, 3, 1), [10.0] * 5)
    until = datetime(2026, 3, 5, 12, tzinfo=UTC)
    month = only(aggregate(days, Interval.MONTH, ZONE, until))
    assert (month.value, month.coverage, month.status) == (50, 1.0, Status.PRELIMINARY)
    assert month.reason == "running"
    assert only(aggregate(days, Interval.MONTH, ZONE)).value is None


def test_means_weigh_by_occupied_and_covered_time() -> None:
    # 6 h fully covered at 800, 2 h half covered at 1200: (6·800 + 1·1200) / 7; coverage 7 / 8.
    tuesday = MONDAY + timedelta(days=1)
    days = [
        day("co2_mean_ppm", MONDAY, 800, 1.0),
        day("co2_mean_ppm", tuesday, 1200, 0.5, Status.PARTIAL),
        day("occupied_h", MONDAY, 6),
        day("occupied_h", tuesday, 2),
    ]
    for n in range(2, 7):
        off = MONDAY + timedelta(days=n)
        days.append(day("co2_mean_ppm", off, None, 0.0, Status.NO_DATA, reason="not_occupied"))
        days.append(day("occupied_h", off, 0.0, reason="not_occupied"))
    found = {m.metric: m for m in aggregate(days, Interval.WEEK, ZONE)}
    co2 = found["co2_mean_ppm"]
    assert co2.value == pytest.approx(6000 / 7)
    assert (co2.coverage, co2.status, co2.reason) == (pytest.approx(7 / 8), Status.PARTIAL, None)
    assert found["occupied_h"].value == 8


def test_weekdays_without_any_metric_count_as_missing_weekends_do_not() -> None:
    days = [day("co2_mean_ppm", MONDAY + timedelta(days=n), 700) for n in range(4)]
    week = only(aggregate(days, Interval.WEEK, ZONE))
    assert (week.value, week.coverage, week.reason) == (700, pytest.approx(4 / 5), "days_missing:1")


def test_a_week_without_school_is_null_with_the_reason() -> None:
    days = [
        day("comfort_share", MONDAY + timedelta(days=n), None, 0.0, Status.NO_DATA, reason="not_occupied")
        for n in range(7)
    ]
    week = only(aggregate(days, Interval.WEEK, ZONE))
    assert (week.value, week.status, week.reason) == (None, Status.NO_DATA, "not_occupied")


def test_emissions_keep_factors_and_stay_preliminary() -> None:
    days = [
        day(
            "emissions_kgco2e",
            MONDAY + timedelta(days=n),
            2.0,
            1.0,
            Status.PRELIMINARY,
            basis="location",
            reason="factor_of_2023",
            factors=("a",) if n < 3 else ("b",),
        )
        for n in range(7)
    ]
    week = only(aggregate(days, Interval.WEEK, ZONE))
    assert (week.value, week.factors, week.status) == (14, ("a", "b"), Status.PRELIMINARY)
    assert week.reason == "factor_of_2023"
    none = [m._replace(value=None, status=Status.INSUFFICIENT, reason="no_factor") for m in days]
    week = only(aggregate(none, Interval.WEEK, ZONE))
    assert (week.value, week.status) == (None, Status.INSUFFICIENT)
    assert (week.reason or "").startswith("no_factor")

"""Ventilation and occupancy: rooms whose flow, people and CO2 are known to the minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from accuracy.page import Row, Section, Seeds
from accuracy.rooms import RoomCase, Told, room_cases
from analytics.decay import START_PPM, STOP_PPM, Decay, When
from analytics.energy import to_us
from analytics.indoor import Figure
from analytics.nights import nights_of
from analytics.rollups import DeviceSeries
from analytics.room_air import co2_of_day, occupied_by_co2, room_air
from analytics.room_calendar import Day, room_days_of
from analytics.ventilation import BASELINE_DAYS, day_air

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BEGINNINGS = (date(2025, 11, 3), date(2026, 4, 7), date(2025, 8, 25), date(2026, 1, 12))
"""First days, in turn by seed: frost, spring, late summer, winter."""

DAYS = BASELINE_DAYS + 12
INTERVALS_S = (300, 600, 900)
_STEADY = 0.15  # a decay has one rate if its true rate varies by less
_LEAST_POINTS = 5

TEXT = """
Schools of 8 to 14 classrooms with a hall and a staff room, each of its own seed, twelve days of each after
the fortnight that tells the baselines. Sensors report every 5, 10 or 15 minutes; each has an error of its
own (±20 ppm ± 2 %, 4 ppm of noise), is late by minutes and hangs on one spot. Fans short-circuit, doors
exchange air with the corridor, windows open, wind drives leaks, dampers follow CO2, people are absent, late,
early or elsewhere, some stay in the break: none of that is known to analytics, which get readings, the
timetable with its groups, the room's row and the hours of the fans.

The true air change is all outdoor air that came into the room while people were there, the flow a person
likewise. The truth allows a decay where nobody is in the room, CO2 starts 200 ppm above outdoors and falls
by half at least at one rate (it varies by less than 15 %), and the sensor reports 5 times before 60 ppm are
left. Occupied is an hour with people in half of it at least.
"""


class _Answer(NamedTuple):
    """A room's day with lessons: figures (None: no answer) beside their truth."""

    interval_s: int
    system: str
    rate: Figure
    true_rate: float
    person: Figure
    true_person: float


class _Fall(NamedTuple):
    """An accepted decay beside the truth, and whether it is one that the truth allows."""

    interval_s: int
    rate_1_h: float
    true_1_h: float
    inside: bool


class _Found(NamedTuple):
    answers: list[_Answer]
    falls: list[_Fall]
    allowed: list[tuple[int, bool]]
    hours: list[tuple[int, int, int, int, int]]


def found_in(seeds: Iterable[int]) -> _Found:
    """Everything that analytics say of the rooms of ``seeds``, beside the truth."""
    found = _Found([], [], [], [])
    for seed in seeds:
        first = BEGINNINGS[seed % len(BEGINNINGS)]
        for case in room_cases(seed, first, DAYS, INTERVALS_S):
            for told in case.told.values():
                _room(case, told, found)
    return found


def rows(seeds: Iterable[int]) -> list[Row]:
    """The rows of the section for ``seeds``."""
    found = found_in(seeds)
    table = pd.DataFrame(
        [
            (
                *(a.interval_s, a.system, a.rate.value, a.true_rate, a.rate.low, a.rate.high),
                *(a.person.value, a.true_person, a.person.low, a.person.high),
            )
            for a in found.answers
        ],
        columns=["interval_s", "system", "rate", "true", "low", "high", "person", "of", "least", "most"],
    ).astype(dict.fromkeys(("rate", "low", "high", "person", "least", "most"), float))
    fine = table[table["interval_s"] == INTERVALS_S[0]]
    return [
        *_rate_rows(fine),
        *_decay_rows(found),
        _person_row(fine),
        *(_interval_row(table[table["interval_s"] == s], s) for s in INTERVALS_S),
        *(_system_row(fine[fine["system"] == system], system) for system in sorted(set(fine["system"]))),
        *_occupied_rows(found),
    ]


def _rate_rows(fine: pd.DataFrame) -> Iterator[Row]:
    error = (fine["rate"] / fine["true"] - 1).abs().dropna()
    yield Row(
        "air change rate of a room's day, 5 minutes: median error",
        f"{error.median():.1%} of {len(error)}",
        "≤ 15 %",
        bool(error.median() <= 0.15),
    )
    within = float((error <= 0.30).mean())
    yield Row("of those within 30 % of the truth", f"{within:.1%}", "≥ 90 %", within >= 0.90)


def _decay_rows(found: _Found) -> Iterator[Row]:
    falls = [one for one in found.falls if one.interval_s == INTERVALS_S[0]]
    error = np.array([abs(one.rate_1_h / one.true_1_h - 1) for one in falls])
    yield Row(
        "decays alone, 5 minutes: median error",
        f"{np.median(error):.1%} of {len(error)} accepted",
        "≤ 15 %",
        bool(np.median(error) <= 0.15),
    )
    within = float((error <= 0.30).mean())
    yield Row("of those within 30 % of the truth", f"{within:.1%}", "≥ 90 %", within >= 0.90)
    yield Row("of those inside their interval", f"{np.mean([one.inside for one in falls]):.1%}")
    for interval_s in INTERVALS_S:
        hits = [hit for of, hit in found.allowed if of == interval_s]
        share = float(np.mean(hits)) if hits else float("nan")
        yield Row(
            f"decays the truth allows that were accepted, {interval_s // 60} minutes",
            f"{share:.1%} of {len(hits)}",
            "≥ 60 %",
            share >= 0.60,
        )


def _person_row(fine: pd.DataFrame) -> Row:
    told = fine.dropna(subset=["person"])
    inside = float(((told["least"] <= told["of"]) & (told["of"] <= told["most"])).mean())
    error = (told["person"] / told["of"] - 1).abs().median()
    return Row(
        "L/s a person inside its interval, 5 minutes",
        f"{inside:.1%} of {len(told)}; median error {error:.1%}",
        "≥ 85 %",
        inside >= 0.85,
    )


def _interval_row(table: pd.DataFrame, interval_s: int) -> Row:
    error = (table["rate"] / table["true"] - 1).abs().dropna()
    return Row(
        f"days with lessons answered at {interval_s // 60} minutes",
        f"{len(error) / len(table):.1%}; median error {error.median():.1%}, "
        f"{(error <= 0.3).mean():.1%} within 30 %",
    )


def _system_row(fine: pd.DataFrame, system: str) -> Row:
    error = (fine["rate"] / fine["true"] - 1).abs().dropna()
    return Row(
        f"rooms with {system}, 5 minutes",
        f"{len(error) / len(fine):.1%} answered; median error {error.median():.1%}, "
        f"{(error <= 0.3).mean():.1%} within 30 %",
    )


def _occupied_rows(found: _Found) -> Iterator[Row]:
    counts = pd.DataFrame(found.hours, columns=["interval_s", "there", "hit", "empty", "quiet"])
    for interval_s, some in counts.groupby("interval_s"):
        there, hit, empty, quiet = some[["there", "hit", "empty", "quiet"]].sum()
        share = (hit / there + quiet / empty) / 2
        goal = interval_s == INTERVALS_S[0]
        yield Row(
            f"occupied hours, {int(str(interval_s)) // 60} minutes: balanced accuracy",
            f"{share:.3f} of {there + empty} hours (occupied {hit / there:.1%}, empty {quiet / empty:.1%})",
            "≥ 0.95" if goal else "",
            bool(share >= 0.95) if goal else None,
        )


def _room(case: RoomCase, told: Told, found: _Found) -> None:
    """All of one room at one interval."""
    zone, start = case.site.zone, case.start.astimezone(case.site.zone).date()
    now_us = case.start_us + case.days * 86_400_000_000
    days = [start + timedelta(days=n) for n in range(BASELINE_DAYS + 1, case.days)]
    told_days = room_days_of(case.site, case.room, days, now_us)
    series = {
        "co2_ppm": {"s": DeviceSeries(told.interval_s, told.time_us, told.co2_ppm)},
        "temperature_c": {"s": DeviceSeries(told.interval_s, told.time_us, told.temperature_c)},
    }
    nights = nights_of(_rollups(told), zone)
    limits = case.site.settings.analytics
    figures = room_air(case.room, told_days, now_us, series, nights, [told.interval_s], limits)
    for at, day in enumerate(told_days):
        if day.occupied:
            truth = _true_flow(case, day)
            if truth is not None:
                rate, person = figures["air_change_rate_per_h"][at], figures["airflow_l_s_person"][at]
                found.answers.append(
                    _Answer(told.interval_s, str(case.room.ventilation), rate, truth[0], person, truth[1])
                )
        _decays_and_hours(case, told, day, nights, found)


def _decays_and_hours(case: RoomCase, told: Told, day: Day, nights: dict, found: _Found) -> None:
    co2 = co2_of_day({"s": DeviceSeries(told.interval_s, told.time_us, told.co2_ppm)}, nights, day.span)
    if not co2:
        return
    air = day_air(case.room, day.lessons, day.ventilated, co2["s"], 22.0)
    minute = ((co2["s"].time_us - case.start_us) // 60_000_000).clip(0, len(case.people) - 1)
    rate = case.flow_m3_s / case.volume_m3 * 3_600
    spans = []
    for one, at in air.decays:
        first, last = _minutes(case, one)
        spans.append((first, last))
        if at is not When.UNKNOWN:
            truth = float(rate[first:last].mean())
            inside = one.low_1_h <= truth <= one.high_1_h
            found.falls.append(_Fall(told.interval_s, one.rate_1_h, truth, inside))
    begin, end = ((to_us(edge) - case.start_us) // 60_000_000 for edge in day.span)
    for first, last in _allowed(case, minute, begin, end):
        found.allowed.append((told.interval_s, any(a < last and b > first for a, b in spans)))
    here = occupied_by_co2(case.room, [(day, co2["s"], air)])[0]
    found.hours.append((told.interval_s, *_hours(case.people[begin:end], minute - begin, here)))


def _hours(people: Floats, minute: npt.NDArray[np.int64], here: Bools) -> tuple[int, int, int, int]:
    """Occupied hours, those found, empty hours, those found."""
    count = len(people) // 60
    truth = (people[: count * 60] > 0).reshape(count, 60).mean(axis=1) >= 0.5
    of_hour = np.minimum(minute // 60, count - 1)
    reports = np.bincount(of_hour, minlength=count)
    said = np.bincount(of_hour, here, count) / np.maximum(reports, 1) >= 0.5
    return int(truth.sum()), int((said & truth).sum()), int((~truth).sum()), int((~said & ~truth).sum())


def _allowed(
    case: RoomCase, minute: npt.NDArray[np.int64], begin: int, end: int
) -> Iterator[tuple[int, int]]:
    """Minutes of the falls of a day that could be read by one who knew when the room was empty."""
    outdoor = float(np.quantile(case.co2_ppm, 0.02))
    rate = case.carrying_m3_s / case.volume_m3 * 3_600
    empty = (case.people[begin:end] == 0).astype(int)
    edges = np.diff(np.concatenate([[0], empty, [0]]))
    for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        excess = case.co2_ppm[begin + first : begin + last] - outdoor
        low = np.flatnonzero(excess < STOP_PPM + 10)
        stop = int(low[0]) if len(low) else len(excess)
        if stop < 5 or excess[0] < START_PPM + 50 or excess[stop - 1] > 0.5 * excess[0]:
            continue
        a, b = begin + first + 4, begin + first + stop
        steady = rate[a:b].std() <= _STEADY * rate[a:b].mean()
        if steady and ((minute >= a) & (minute < b)).sum() >= _LEAST_POINTS:
            yield a, b


def _true_flow(case: RoomCase, day: Day) -> tuple[float, float] | None:
    """True air change rate [1/h] and L/s a person of a day's lessons while people are there."""
    here = np.zeros(len(case.people), dtype=bool)
    for start, end in day.occupied:
        first, last = ((to_us(edge) - case.start_us) // 60_000_000 for edge in (start, end))
        here[first:last] = True
    here &= case.people > 0
    if not here.any():
        return None
    flow = case.flow_m3_s[here]
    return (
        float(flow.mean()) / case.volume_m3 * 3_600,
        1_000 * float(flow.sum()) / float(case.people[here].sum()),
    )


def _minutes(case: RoomCase, one: Decay) -> tuple[int, int]:
    return (
        int((one.start_us - case.start_us) // 60_000_000),
        int((one.end_us - case.start_us) // 60_000_000) + 1,
    )


def _rollups(told: Told) -> pd.DataFrame:
    """Hourly means of CO2 as the store makes them."""
    hour = pd.to_datetime(told.time_us // 3_600_000_000 * 3_600_000_000, unit="us", utc=True)
    means = pd.Series(told.co2_ppm).groupby(hour).agg(["mean", "count"])
    return means.rename_axis("hour").reset_index().assign(device="s")


def air(seeds: Seeds) -> list[Row]:
    """The rows of the section."""
    return rows(seeds.some(40, 2))


SECTION = Section("air", "Ventilation and occupancy", TEXT, air)

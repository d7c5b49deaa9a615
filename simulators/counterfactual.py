"""What a planted defect really costs: the same school on the same days, with it and without it.

Each school stands in the array once as it is, once without each of its defects and once without any; they
share people and weather to the last digit, so the difference is the defect's and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulators.physics import Floats
from simulators.school import Town
from simulators.side_by_side import WARM_UP, SideBySide
from simulators.zones import SimulatedSchool

ALL = -1
"""Stands for all defects of a school together; single ones count from 0 in the scenario's order."""

CARRIERS = ("electricity_kwh", "district_heat_kwh", "solar_kwh", "export_kwh")
_POWERS = ("import_w", "heat_w", "solar_w", "export_w")
_BATCH_ZONES = 400  # beyond that arrays leave the processor's cache and memory grows for nothing


class DailyEnergy(NamedTuple):
    """Energy by local day [kWh].

    ``bought`` has a row a seed, school and day: ``seed, school, day``, CARRIERS and ``outdoor_c``, its mean.
    ``extra`` has a row a seed, school, ``defect`` (ALL or its number) and day: CARRIERS with the defect less
    CARRIERS without it. A measure's are negative: what it saves. A defect that begins later is not there.
    """

    bought: pd.DataFrame
    extra: pd.DataFrame


class _Variant(NamedTuple):
    town: Town
    school: SimulatedSchool
    left_out: int | None  # None: as it is


def daily_energy(
    towns: Sequence[Town],
    first: date,
    last: date,
    *,
    counterfactual: bool = True,
    on_day: Callable[[int], None] = lambda _: None,
) -> DailyEnergy:
    """Energy of every school of ``towns`` on local days ``first`` to ``last``, and what its defects added.

    No messages, registers or sensors: schools of all towns (each its own seed and weather) run side by side,
    at the same steps and with the same results as :meth:`Town.days`. ``on_day`` is told how many school-days
    are done. Days before a town's first day are not there.
    """
    frames = []
    for batch in _batches(towns, last if counterfactual else None):
        hours, kwh, outdoor_c = _run(batch, first, last, on_day)
        for index, variant in enumerate(batch):
            frame = pd.DataFrame(kwh[:, :, index], columns=list(CARRIERS))
            local = pd.DatetimeIndex(hours).tz_convert(variant.town.site.zone)
            frame.insert(0, "day", local.date)
            frame["outdoor_c"] = outdoor_c[:, index]
            days = frame.groupby("day", sort=True).agg(
                {**dict.fromkeys(CARRIERS, "sum"), "outdoor_c": "mean"}
            )
            frames.append((variant, days.loc[(days.index >= first) & (days.index <= last)]))
    return DailyEnergy(_bought(frames), _extra(frames, last))


def _variants(town: Town, until: date | None) -> Iterator[_Variant]:
    """The schools as they are; without the defects begun by ``until``, and without each of several."""
    for school in town.schools:
        yield _Variant(town, school, None)
        numbers = [] if until is None else _begun(town, school.key, until)
        if numbers:
            yield _Variant(town, replace(school, defects=()), ALL)
        if len(numbers) > 1:  # a single one is all
            for number in numbers:
                left_out = town.scenario.defects[number]
                others = tuple(defect for defect in school.defects if defect is not left_out)
                yield _Variant(town, replace(school, defects=others), number)


def _begun(town: Town, school: str, until: date) -> list[int]:
    """Numbers of the defects of ``school`` that begin by ``until``."""
    return [
        number
        for number, defect in enumerate(town.scenario.defects)
        if defect.school == school and defect.first <= until
    ]


def _batches(towns: Iterable[Town], until: date | None) -> Iterator[list[_Variant]]:
    """Variants that run together: of the same first day, a school's own beside it (they share its people)."""
    batch: list[_Variant] = []
    zones = 0
    for town in sorted(towns, key=lambda town: town.scenario.first_day):
        for _, group in groupby(_variants(town, until), key=lambda variant: variant.school.key):
            together = list(group)
            count = sum(variant.school.built.count for variant in together)
            later = batch and batch[0].town.scenario.first_day != town.scenario.first_day
            if batch and (later or zones + count > _BATCH_ZONES):
                yield batch
                batch, zones = [], 0
            batch += together
            zones += count
    if batch:
        yield batch


def _run(
    batch: list[_Variant], first: date, last: date, on_day: Callable[[int], None]
) -> tuple[list[datetime], Floats, Floats]:
    """Hours (UTC), their energy ``(hours, carriers, variants)`` [kWh] and outdoor temperature."""
    placed, zone = [], 0
    for variant in batch:
        placed.append(replace(variant.school, first_zone=zone))
        zone += variant.school.built.count
    together = SideBySide(placed)
    state = together.start()
    first_day = batch[0].town.scenario.first_day
    hours, kwh, outdoor_c = [], [], []
    day = first_day - WARM_UP
    while day <= last + timedelta(days=1):  # a local day may end in the next UTC day
        if any(school.weather.last_day is not None and day > school.weather.last_day for school in placed):
            break
        state, _, parts = together.step(day, state)
        if day >= max(first_day, first - timedelta(days=1)):
            power = np.stack([[getattr(part.power, name) for name in _POWERS] for part in parts], axis=2)
            kwh.append(power.transpose(1, 0, 2).reshape(24, 60, len(_POWERS), -1).sum(axis=1) / 60e3)
            outside = np.stack([part.weather.temperature_c for part in parts], axis=1)
            outdoor_c.append(outside.reshape(24, 60, -1).mean(axis=1))
            midnight = datetime.combine(day, time(), UTC)
            hours += [midnight + timedelta(hours=hour) for hour in range(24)]
        on_day(len(batch))
        day += timedelta(days=1)
    return hours, np.concatenate(kwh), np.concatenate(outdoor_c)


_Frames = list[tuple[_Variant, pd.DataFrame]]


def _bought(frames: _Frames) -> pd.DataFrame:
    parts = [_keyed(variant, days) for variant, days in frames if variant.left_out is None]
    return pd.concat(parts, ignore_index=True)


def _extra(frames: _Frames, last: date) -> pd.DataFrame:
    actual = {(id(v.town), v.school.key): days for v, days in frames if v.left_out is None}
    parts = []
    for variant, days in frames:
        if variant.left_out is None:
            continue
        carriers = list(CARRIERS)
        added = actual[id(variant.town), variant.school.key][carriers] - days[carriers]
        begun = _begun(variant.town, variant.school.key, last)
        single = begun if variant.left_out == ALL and len(begun) == 1 else []
        for number in [variant.left_out, *single]:
            keyed = _keyed(variant, added)
            keyed.insert(2, "defect", number)
            parts.append(keyed)
    columns = ["seed", "school", "defect", "day", *CARRIERS]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _keyed(variant: _Variant, days: pd.DataFrame) -> pd.DataFrame:
    frame = days.reset_index()
    frame.insert(0, "school", variant.school.key)
    frame.insert(0, "seed", variant.school.seed)
    return frame

"""Simulated rooms as their sensors tell them, beside the truth of every minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from classroom.places import Room
from classroom.site import Site
from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.devices import Samples, ms
from simulators.instruments import instruments
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Told:
    """What a room's sensor reports at an interval: 1 ppm and 0.1 K, as the formats round."""

    interval_s: int
    time_us: Ints
    co2_ppm: Floats
    temperature_c: Floats


@dataclass(frozen=True)
class RoomCase:
    """A room over some days: its place, what sensors of several intervals say, and the truth by minute.

    ``people``, ``flow_m3_s`` (all outdoor air), ``carrying_m3_s`` (the part that carries the room's air
    away), ``co2_ppm`` and ``windows`` (0-1) are of each minute from ``start``.
    """

    site: Site
    room: Room
    start: datetime
    days: int
    told: dict[int, Told]
    people: Floats
    flow_m3_s: Floats
    carrying_m3_s: Floats
    co2_ppm: Floats
    windows: Floats
    volume_m3: float

    @property
    def start_us(self) -> int:
        """Microseconds since 1970 of the first minute."""
        return ms(self.start) * 1_000


def room_cases(
    seed: int,
    first_day: date,
    days: int,
    intervals_s: tuple[int, ...] = (300, 600, 900),
    rooms: tuple[int, int] = (8, 14),
) -> Iterator[RoomCase]:
    """The rooms of one city school, its seed ``seed``, over UTC ``days`` from ``first_day``."""
    texts = city_site(first_day, schools=1, seed=seed, rooms=rooms)
    site = parse_site(texts)
    town = Town(site, parse_scenario(texts[SCENARIO_FILE]))
    school = site.schools[0].key
    measured = {one.placed.room: one for one in instruments(town)[0] if one.placed.room is not None}
    truth: dict[str, list[Floats]] = {name: [] for name in ("people", "flow", "carrying", "co2", "windows")}
    said: dict[tuple[str, int], list[tuple[Ints, Floats, Floats]]] = {}
    for day in town.days():
        if day.start >= town.start + timedelta(days=days):
            break
        course = day.course
        truth["people"].append(day.people)
        truth["flow"].append(course.flow_m3_s)
        truth["carrying"].append(course.flow_m3_s - course.fan_m3_s * (1 - town.zones.mixing))
        truth["co2"].append(course.co2_mean_ppm)
        truth["windows"].append(day.windows)
        for key, one in measured.items():
            for interval_s in intervals_s:
                samples = _samples(day.start, interval_s, one.seed)
                values = one.measure(day, samples)
                row = (samples.time_ms * 1_000, values["co2_ppm"].round(), values["temperature_c"].round(1))
                said.setdefault((key, interval_s), []).append(row)
    whole = {name: np.concatenate(parts) for name, parts in truth.items()}
    for room in site.rooms_of(school):
        if room.key not in measured:
            continue
        zone = town.zone_index(school, room.key)
        yield RoomCase(
            site=site,
            room=room,
            start=town.start,
            days=days,
            told={
                interval_s: Told(
                    interval_s,
                    *(np.concatenate(column) for column in zip(*said[room.key, interval_s], strict=True)),
                )
                for interval_s in intervals_s
            },
            people=whole["people"][:, zone],
            flow_m3_s=whole["flow"][:, zone],
            carrying_m3_s=whole["carrying"][:, zone],
            co2_ppm=whole["co2"][:, zone],
            windows=whole["windows"][:, zone],
            volume_m3=float(town.zones.volume_m3[zone]),
        )


def _joined(rows: list[tuple[Ints, Floats, Floats]]) -> tuple[Ints, Floats, Floats]:
    time_us, co2_ppm, temperature_c = (np.concatenate(column) for column in zip(*rows, strict=True))
    return time_us, co2_ppm, temperature_c


def _samples(start: datetime, interval_s: int, seed: int) -> Samples:
    """One report in each interval of the UTC day at ``start``, at the device's phase, give or take 3 s."""
    rng = np.random.default_rng([seed, interval_s, start.toordinal()])
    phase_s = interval_s * (0.1 + 0.8 * np.random.default_rng([seed, interval_s]).random())
    count = 86_400 // interval_s
    at_ms = (np.arange(count) * interval_s + phase_s + rng.uniform(-3, 3, count)) * 1_000
    time_ms = ms(start) + at_ms.astype(np.int64)
    return Samples(np.arange(count), time_ms, time_ms, ms(start), rng)

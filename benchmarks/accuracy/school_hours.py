"""Simulated schools as meters and sensors tell them by the hour, beside what each defect really costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from accuracy.room_flows import INTERVAL_S, person_flows
from analytics.insights.data import SchoolData, calendar_hours
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from simulators.chance import stream
from simulators.city import city_site
from simulators.defects import Defect
from simulators.physics import Floats
from simulators.place import Spots, at_sensors, start_place
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town
from simulators.side_by_side import WARM_UP, SideBySide
from simulators.zones import REST_KEY, SimulatedSchool

FIRST_DAY = date(2025, 7, 1)
DAYS = 400
SCHOOLS = 8
"""A city of so many schools has every kind of defect once, and one school with none."""

_MINUTES, _NOISE_PPM = INTERVAL_S // 60, 4.0
_POWERS = {
    "electricity_kwh": "import_w",
    "heat_kwh": "heat_w",
    "produced_kwh": "solar_w",
    "exported_kwh": "export_w",
}


@dataclass(frozen=True)
class SchoolCase:
    """A school's hours as told, its defects, and by defect the energy it added each local day [kWh].

    ``extra`` has a column a defect number and carrier; ``flow_l_s`` is, by room, the true outdoor air per
    person while occupied on school days of the second half (mean), ``flow_before_l_s`` of the first 40 days.
    """

    seed: int
    data: SchoolData
    defects: tuple[Defect, ...]
    extra: pd.DataFrame
    flow_l_s: pd.Series


@dataclass(frozen=True)
class _Run:
    town: Town
    school: SimulatedSchool
    left_out: int | None  # number of the defect of this school that it is without; None: as it is


Plant = Callable[[int, Site], tuple[Defect, ...]]
"""What to plant in the city of a seed."""


def school_cases(
    seeds: Sequence[int], rooms: tuple[int, int] = (4, 7), plant: Plant | None = None
) -> Iterator[SchoolCase]:
    """The schools of a city a seed, SCHOOLS each, over DAYS from FIRST_DAY; two cities at a time.

    They have the city's own defects, or with ``plant`` those instead.
    """
    for at in range(0, len(seeds), 2):
        yield from _cases([_town(seed, rooms, plant) for seed in seeds[at : at + 2]])


def _town(seed: int, rooms: tuple[int, int], plant: Plant | None) -> Town:
    texts = city_site(FIRST_DAY, schools=SCHOOLS, seed=seed, rooms=rooms, planted=plant is None)
    site, scenario = parse_site(texts), parse_scenario(texts[SCENARIO_FILE])
    if plant is not None:
        scenario = scenario.model_copy(update={"defects": plant(seed, site)})
    return Town(site, scenario)


def _cases(towns: Sequence[Town]) -> Iterator[SchoolCase]:
    runs, zone = [], 0
    for town in towns:
        for school in town.schools:
            for left_out in (None, *range(len(school.defects))):
                defects = tuple(d for n, d in enumerate(school.defects) if n != left_out)
                runs.append(_Run(town, replace(school, defects=defects, first_zone=zone), left_out))
                zone += school.built.count
    hours, energy, outdoor_c, rooms = _simulate(runs)
    for index, run in enumerate(runs):
        if run.left_out is None:
            yield _case(run, index, runs, hours, energy, outdoor_c[:, index], rooms)


def _simulate(runs: Sequence[_Run]) -> tuple[pd.DatetimeIndex, Floats, Floats, dict[str, Floats]]:
    """Hours (UTC), energy ``(hours, 4, runs)`` [kWh], outdoor temperature, and what rooms' sensors say."""
    together = SideBySide([run.school for run in runs])
    spots = Spots(
        *(
            np.concatenate([getattr(run.school.built.spots, name) for run in runs])
            for name in Spots.__dataclass_fields__
        )
    )
    widths = [run.school.built.count for run in runs]
    state = together.start()
    place = start_place(state)
    energy, outdoor = [], []
    told = {name: [] for name in ("co2_ppm", "co2_read_ppm", "temperature_c", "breathed", "people")}
    for number in range(-WARM_UP.days, DAYS):
        day = FIRST_DAY + timedelta(days=number)
        state, course, parts = together.step(day, state)
        co2 = np.repeat(np.stack([part.weather.co2_ppm for part in parts], axis=1), widths, axis=1)
        place = at_sensors(spots, place, course, co2)
        if number < 0:
            continue
        power = np.stack([[getattr(part.power, name) for name in _POWERS.values()] for part in parts], axis=2)
        energy.append(power.transpose(1, 0, 2).reshape(24, 60, len(_POWERS), -1).sum(axis=1) / 60e3)
        outdoor.append(_hourly(np.stack([part.weather.temperature_c for part in parts], axis=1)))
        people = np.concatenate([part.crowd.pupils + part.crowd.adults for part in parts], axis=1)
        told["co2_ppm"].append(_hourly(place.co2_ppm[1:]))
        told["co2_read_ppm"].append(place.co2_ppm[:-1:_MINUTES].astype(np.float32))
        told["temperature_c"].append(_hourly(place.temperature_c[1:]))
        told["breathed"].append(_hourly(1000 * course.flow_m3_s * (people > 0)))
        told["people"].append(_hourly(people))
    start = datetime.combine(FIRST_DAY, time(), UTC)
    hours = pd.date_range(start, periods=24 * DAYS, freq="h")
    rooms = {name: np.concatenate(parts) for name, parts in told.items()}
    return hours, np.concatenate(energy), np.concatenate(outdoor), rooms


def _hourly(minutes: Floats) -> Floats:
    return np.asarray(minutes.reshape(24, 60, -1).mean(axis=1))


def _case(
    run: _Run, index: int, runs: Sequence[_Run], hours: pd.DatetimeIndex, energy: Floats, outdoor_c: Floats,
    told: dict[str, Floats],
) -> SchoolCase:  # fmt: skip
    site, key = run.town.site.part([run.school.key]), run.school.key
    first, last = FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=DAYS - 2)
    frame = calendar_hours(site, key, first, last)
    for number, name in enumerate(_POWERS):
        series = pd.Series(energy[:, number, index], index=hours)
        if name in ("produced_kwh", "exported_kwh") and run.school.solar is None:
            series[:] = np.nan
        frame[name] = series.reindex(frame.index)
    frame["flow_m3"] = np.nan
    frame["outdoor_c"] = pd.Series(outdoor_c, index=hours).reindex(frame.index)
    extra = {}
    for other_index, other in enumerate(runs):
        if other.left_out is not None and other.town is run.town and other.school.key == key:
            for number, name in enumerate(_POWERS):
                added = pd.Series(energy[:, number, index] - energy[:, number, other_index], index=hours)
                by_day = added.reindex(frame.index).groupby(frame["day"]).sum()
                extra[other.left_out, name] = by_day
    (co2_ppm, indoor_c), flow = _rooms(run, hours, told)
    rooms = co2_ppm.reindex(frame.index), indoor_c.reindex(frame.index)
    days = _room_days(run, site, hours, told, sorted({day.date() for day in frame["day"]}))
    data = SchoolData(site, key, first, last, frame, *rooms, days, Carrier.DISTRICT_HEAT)
    return SchoolCase(run.school.seed, data, run.school.defects, pd.DataFrame(extra), flow)


def _rooms(
    run: _Run, hours: pd.DatetimeIndex, told: dict[str, Floats]
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], pd.Series]:
    """CO2 and temperature as the rooms' sensors tell them, a column a room; and the true flow of each."""
    co2_ppm, temperature_c, flows = {}, {}, {}
    half = len(hours) // 2
    for zone, room in enumerate(run.school.rooms, run.school.first_zone):
        if room.key == REST_KEY:
            continue
        factor, offset_ppm, offset_c = _errors(run, room.key)
        co2_ppm[room.key] = told["co2_ppm"][:, zone] * factor + offset_ppm
        temperature_c[room.key] = told["temperature_c"][:, zone] + offset_c
        people = told["people"][half:, zone]
        flows[room.key] = float(told["breathed"][half:, zone].sum() / max(people.sum(), 1e-9))
    rooms = pd.DataFrame(co2_ppm, index=hours), pd.DataFrame(temperature_c, index=hours)
    return rooms, pd.Series(flows)


def _room_days(
    run: _Run, site: Site, hours: pd.DatetimeIndex, told: dict[str, Floats], days: list[date]
) -> pd.DataFrame:
    """ROOM_DAY_COLUMNS of the school's rooms, as the job computes them from their readings."""
    parts = []
    for zone, room in enumerate(run.school.rooms, run.school.first_zone):
        if room.key != REST_KEY:
            factor, offset_ppm, _ = _errors(run, room.key)
            read = told["co2_read_ppm"][:, zone] * factor + offset_ppm
            rng = stream(run.school.seed, "noise", run.school.key, room.key)
            read += rng.normal(0, _NOISE_PPM, len(read))
            place = site.room_by_key[run.school.key, room.key]
            parts.append(person_flows(site, place, hours[0].to_pydatetime(), read, days))
    return pd.concat(parts, ignore_index=True)


def _errors(run: _Run, room: str) -> tuple[float, float, float]:
    """A sensor's own error: factor and offset [ppm] of CO2, offset of temperature [K]."""
    own = stream(run.school.seed, "error", run.school.key, room).uniform(-1, 1, 3)
    return 1 + 0.02 * own[0], 20 * own[1], 0.2 * own[2]

"""Write the measured part of ``docs/simulator.md`` and its pictures: is the simulated school plausible?

Runs a year of several seeds (about five minutes) and compares with what is known of Swedish schools. With
QUICK=1 two small schools for a month are printed, not filed: enough to see that it runs.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from generate import replaced
from measure import commit, machine

from classroom.places import AgeGroup, DayType, Room
from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.counterfactual import ALL, daily_energy
from simulators.defects import Defect, DefectKind
from simulators.demo import demo_site
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town, TownDay
from simulators.zones import REST_KEY

ROOT = Path(__file__).resolve().parent.parent
PAGE, PICTURES = ROOT / "docs" / "simulator.md", ROOT / "docs" / "pictures"
QUICK = os.environ.get("QUICK") == "1"
FIRST_DAY = date(2026, 2, 1) if QUICK else date(2025, 7, 1)
DAYS = 28 if QUICK else 365
SEEDS = (1,) if QUICK else (1, 2, 3)
SHOWN_DAY = date(2026, 2, 4)
SHOWN_ROOMS = ("1a", "4b", "7a", "8c")


class Sane(NamedTuple):
    """A figure with the range that the field gives for it, and where that is from."""

    column: str
    label: str
    unit: str
    low: float
    high: float
    source: str


RANGES = (
    Sane("heat", "district heat", "kWh/m² and year", 90, 150, "Swedish schools"),
    Sane("electricity", "electricity used", "kWh/m² and year", 40, 80, "Swedish schools"),
    Sane("total", "both", "kWh/m² and year", 130, 220, "Swedish schools"),
    Sane("m2_pupil", "heated area", "m² a pupil", 11, 20, "14-15 in Luleå, up to 20 by definition"),
    Sane("out_of_hours", "of it outside Mon-Fri 8-17", "%", 35, 71, "UK 35-55, Cambridge 54-71"),
    Sane("slope_w_m2_k", "heat for a degree outdoors", "W/m² K", 1.3, 2.6, "90-150 kWh/m² over 2300 K·d"),
    Sane("balance_c", "temperature at which heating ends", "°C", 11, 17, "graddagar 17 is the upper bound"),
    Sane("co2_mean", "CO2 while pupils are there, mean", "ppm", 436, 1246, "Boston: 841 ± 405"),
    Sane("air_change", "air change while pupils are there", "1/h", 0.1, 5.9, "Boston: 3.0 ± 2.9"),
    Sane("night", "CO2 at 4 at night", "ppm", 420, 480, "outdoor air, 2026"),
    Sane("winter_c", "temperature while pupils are there, Nov-Mar", "°C", 20, 24, "workplaces in winter"),
)  # fmt: skip


@dataclass
class Gathered:
    """What is kept of a school's year, by day or hour."""

    seed: int
    school: str
    kind: str
    m2_pupil: float
    area_m2: float
    outdoor_c: list[float]
    heat_kwh: list[float]
    electricity_kwh: list[float]
    in_hours_kwh: float
    occupied_ppm: list[np.ndarray]
    occupied_flow: list[np.ndarray]
    occupied_winter_c: list[np.ndarray]
    night_ppm: list[float]
    heat_error: float = 0.0
    co2_error: float = 0.0


def towns() -> list[tuple[str, Town]]:
    """The demo's school and cities, each of its own seed; without defects, for they are to be normal."""
    found = []
    for seed in SEEDS:
        size, rooms = (1, (1, 1)) if QUICK else (5, (6, 12))
        for name, texts in (
            ("demo", demo_site(FIRST_DAY, seed=seed)),
            ("city", city_site(FIRST_DAY, schools=size, seed=seed, rooms=rooms, planted=False)),
        ):
            found.append((name, Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))))
    return found


def gather(town: Town, name: str) -> tuple[list[Gathered], pd.DataFrame | None]:
    """A year of a town, and the minutes of the day that is shown (the demo's)."""
    found = [
        Gathered(
            town.scenario.seed, f"{name} {s.key}", str(s.rooms[0].ventilation), s.area_m2 / s.pupils,
            s.area_m2, [], [], [], 0.0, [], [], [], [],
        )
        for s in town.schools
    ]  # fmt: skip
    shown = None
    for number, day in enumerate(islice(town.days(), DAYS)):
        for index, kept in enumerate(found):
            _add(kept, town, index, day)
        if name == "demo" and town.scenario.seed == 1 and day.start.date() == SHOWN_DAY:
            shown = minutes(town, day)
        if number % 30 == 0:
            print(f"{name}, seed {town.scenario.seed}: day {number} of {DAYS}", file=sys.stderr, flush=True)
    return found, shown


def _add(kept: Gathered, town: Town, index: int, day: TownDay) -> None:
    school = town.schools[index]
    power = day.power
    kept.outdoor_c.append(float(day.weather.temperature_c.mean()))
    kept.heat_kwh.append(power.heat_w[:, index].sum() / 60e3)
    kept.electricity_kwh.append(power.use_w[:, index].sum() / 60e3)
    local = pd.date_range(day.start, periods=1440, freq="min").tz_convert(town.site.zone)
    working = (local.day_of_week < 5) & (local.hour >= 8) & (local.hour < 17)
    kept.in_hours_kwh += power.use_w[working, index].sum() / 60e3
    rooms = [
        zone
        for zone, room in enumerate(school.rooms, school.first_zone)
        if room.key != REST_KEY and room.age_group is not AgeGroup.ADULT and (room.persons or 0) < 40
    ]
    occupied = day.pupils[:, rooms] >= 8
    kept.occupied_ppm.append(day.course.co2_mean_ppm[:, rooms][occupied])
    change = day.course.flow_m3_s[:, rooms] / town.zones.volume_m3[rooms] * 3600
    kept.occupied_flow.append(change[occupied])
    if day.start.month in (11, 12, 1, 2, 3):
        kept.occupied_winter_c.append(day.course.air_mean_c[:, rooms][occupied])
    if school.timetable.day_type(day.start.date()) is DayType.SCHOOL_DAY:
        kept.night_ppm.append(float(day.course.co2_ppm[180, rooms].mean()))
    kept.heat_error = max(kept.heat_error, abs(heat_error(town, index, day)))
    kept.co2_error = max(kept.co2_error, abs(co2_error(town, index, day)))


def heat_error(town: Town, index: int, day: TownDay) -> float:
    """Heat that came less what went and what is stored, as a share of what came."""
    part, course, zones = town.schools[index].zones, day.course, town.zones
    stored_j = zones.air_j_k * (course.air_c[-1] - course.start.air_c) + zones.mass_j_k * (
        course.mass_c[-1] - course.start.mass_c
    )
    came = 60 * (day.power.heat_w[:, index].sum() + day.gain_w[:, part].sum())
    lost = day.power.culvert_w[:, index].sum() + day.power.hot_water_w[:, index].sum()
    went = 60 * (lost + course.loss_w[:, part].sum()) + stored_j[part].sum()
    return float((came - went) / came)


def co2_error(town: Town, index: int, day: TownDay) -> float:
    """CO2 breathed out less what was carried away and what is stored, as a share of it; 0 without people."""
    part, course, zones = town.schools[index].zones, day.course, town.zones
    breathed = 60 * day.co2_m3_s[:, part].sum()
    if breathed < 1e-3:
        return 0.0
    levels = np.concatenate([course.start.co2_ppm[None], course.co2_ppm])
    excess = (levels[1:] + levels[:-1]) / 2 - day.weather.co2_ppm[:, None]
    leaving = course.flow_m3_s - course.fan_m3_s * (1 - zones.mixing)
    carried = 60 * (leaving * excess)[:, part].sum() / 1e6
    stored = (zones.volume_m3 * (levels[-1] - levels[0]))[part].sum() / 1e6
    return float((breathed - carried - stored) / breathed)


def signature(kept: Gathered) -> tuple[float, float]:
    """Balance temperature and slope [kWh/K and day] of heat over outdoor temperature, by least squares."""
    outdoor, heat = np.array(kept.outdoor_c), np.array(kept.heat_kwh)
    best = (np.inf, 0.0, 0.0)
    for balance_c in np.arange(8, 20.1, 0.25):
        design = np.column_stack([np.ones(outdoor.size), np.maximum(balance_c - outdoor, 0)])
        found, *_ = np.linalg.lstsq(design, heat, rcond=None)
        best = min(best, (float(((heat - design @ found) ** 2).sum()), float(balance_c), float(found[1])))
    return best[1], best[2]


def figures(kept: Gathered) -> dict[str, object]:
    """A school's year in the columns of RANGES."""
    heat, electricity = sum(kept.heat_kwh) / kept.area_m2, sum(kept.electricity_kwh) / kept.area_m2
    balance_c, slope = signature(kept)
    ppm = np.concatenate(kept.occupied_ppm)
    return {
        "seed": kept.seed,
        "school": kept.school,
        "kind": kept.kind,
        "heat": heat,
        "electricity": electricity,
        "total": heat + electricity,
        "m2_pupil": kept.m2_pupil,
        "out_of_hours": 100 * (1 - kept.in_hours_kwh / sum(kept.electricity_kwh)),
        "balance_c": balance_c,
        "slope_w_m2_k": slope / 24 * 1000 / kept.area_m2,
        "co2_mean": ppm.mean(),
        "co2_p95": np.percentile(ppm, 95),
        "above_1000": 100 * (ppm > 1000).mean(),
        "air_change": np.concatenate(kept.occupied_flow).mean(),
        "night": np.mean(kept.night_ppm),
        "winter_c": np.concatenate(kept.occupied_winter_c).mean(),
        "heat_error": kept.heat_error,
        "co2_error": kept.co2_error,
    }


def minutes(town: Town, day: TownDay) -> pd.DataFrame:
    """CO2 of some rooms of the demo on the day of ``day``, local time."""
    time = pd.date_range(day.start, periods=1440, freq="min").tz_convert(town.site.zone).tz_localize(None)
    rooms = {
        town.site.room_by_key["almgarden", key]: town.zone_index("almgarden", key) for key in SHOWN_ROOMS
    }
    return pd.concat(
        pd.DataFrame(
            {
                "time": time[::4],
                "co2_ppm": day.course.co2_ppm[::4, zone].round(),
                "room": f"{room.name} ({room.ventilation}, {_flow(room)})",
            }
        )
        for room, zone in rooms.items()
    )


def _flow(room: Room) -> str:
    return "no fan" if room.ovk_flow_l_s is None else f"{room.ovk_flow_l_s:.0f} L/s"


def per_degree() -> list[float]:
    """What a day set point one degree higher adds to a year's heat [%], for the demo of each seed."""
    towns = []
    for seed in SEEDS:
        texts = demo_site(FIRST_DAY, seed=seed)
        site, scenario = parse_site(texts), parse_scenario(texts[SCENARIO_FILE])
        school = Town(site, scenario).schools[0]
        warmer = Defect(
            school=school.key,
            kind=DefectKind.SETPOINT_HIGH,
            first=FIRST_DAY,
            setpoint_c=school.habits.setpoint_c + 1,
        )
        towns.append(Town(site, scenario.model_copy(update={"defects": (warmer,)})))
    days = (FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=DAYS - 1))
    energy = daily_energy(towns, *days)
    bought = energy.bought.groupby("seed").district_heat_kwh.sum()
    added = energy.extra[energy.extra.defect == ALL].groupby("seed").district_heat_kwh.sum()
    return [float(value) for value in 100 * added / (bought - added)]


def table(found: pd.DataFrame, degree_pct: list[float]) -> list[str]:
    """The comparison with the field's ranges."""
    lines = [
        "| figure | unit | in the field | simulated: lowest, median, highest | schools inside |",
        "|---|---|---|---|---|",
    ]
    for sane in RANGES:
        values = found[sane.column]
        inside = int(values.between(sane.low, sane.high).sum())
        digits = 1 if values.max() < 30 else 0
        low, middle, high = (f"{value:.{digits}f}" for value in (values.min(), values.median(), values.max()))
        lines.append(
            f"| {sane.label} | {sane.unit} | {sane.low:g}-{sane.high:g} ({sane.source}) "
            f"| {low}, {middle}, {high} | {inside} of {len(values)} |"
        )
    inside = sum(5 <= value <= 8 for value in degree_pct)
    low, middle, high = (
        f"{value:.1f}" for value in (min(degree_pct), np.median(degree_pct), max(degree_pct))
    )
    lines.append(
        "| heat for a degree of set point (demo) | % | 5-8 (NVE about 5; degree days lost) "
        f"| {low}, {middle}, {high} | {inside} of {len(degree_pct)} |"
    )
    above = found.above_1000
    lines.append(
        "| share of pupils' time above 1000 ppm | % | none; 56-60 % of Danish rooms passed it in spot checks "
        f"| {above.min():.0f}, {above.median():.0f}, {above.max():.0f} | |"
    )
    for what, errors in (("heat", found.heat_error), ("CO2", found.co2_error)):
        inside = int((errors < 0.001).sum())
        lines.append(
            f"| error of a school's {what} balance on its worst day | share | below 0.001 "
            f"| {errors.min():.0e}, {errors.median():.0e}, {errors.max():.0e} | {inside} of {len(errors)} |"
        )
    return lines


def schools_table(found: pd.DataFrame) -> list[str]:
    """A line a school."""
    lines = [
        "| seed | school | system | heat kWh/m² | electricity kWh/m² | out of hours % | ends at °C "
        "| CO2 mean ppm | CO2 P95 ppm | above 1000 ppm % | air change 1/h |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found.itertuples():
        lines.append(
            f"| {row.seed} | {row.school} | {row.kind} | {row.heat:.0f} | {row.electricity:.0f} "
            f"| {row.out_of_hours:.0f} | {row.balance_c:.1f} | {row.co2_mean:.0f} | {row.co2_p95:.0f} "
            f"| {row.above_1000:.0f} | {row.air_change:.1f} |"
        )
    return lines


def day_chart(shown: pd.DataFrame) -> alt.Chart:
    """CO2 of four rooms in a day: a sawtooth that falls in breaks and rests at outdoor air at night."""
    return (
        alt.Chart(shown)
        .mark_line(strokeWidth=1.2)
        .encode(
            x=alt.X("time:T", title=f"local time, {SHOWN_DAY}", axis=alt.Axis(format="%H:%M")),
            y=alt.Y("co2_ppm:Q", title="CO2, ppm", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "room:N", title=None, legend=alt.Legend(orient="bottom", columns=2, labelLimit=400)
            ),
        )
        .properties(width=640, height=240)
    )


def signature_chart(found: list[Gathered]) -> alt.Chart:
    """Heat of each day over outdoor temperature, of schools of different systems."""
    by_kind = {kept.kind: kept for kept in reversed(found)}
    frame = pd.concat(
        pd.DataFrame(
            {
                "outdoor_c": np.round(kept.outdoor_c, 1)[::3],
                "w_m2": np.round(np.array(kept.heat_kwh) / kept.area_m2 / 24 * 1000, 1)[::3],
                "system": kept.kind,
            }
        )
        for kept in by_kind.values()
    )
    return (
        alt.Chart(frame)
        .mark_circle(size=14, opacity=0.6)
        .encode(
            x=alt.X("outdoor_c:Q", title="outdoor temperature of the day, °C"),
            y=alt.Y("w_m2:Q", title="district heat, W/m²"),
            color=alt.Color("system:N", title="ventilation"),
        )
        .properties(width=560, height=280)
    )


def main() -> int:
    """Simulate, compare, write; 0 is success."""
    started = datetime.now(UTC)
    found: list[Gathered] = []
    shown = None
    for name, town in towns():
        more, minutes_of_day = gather(town, name)
        found += more
        shown = minutes_of_day if minutes_of_day is not None else shown
    frame = pd.DataFrame([figures(kept) for kept in found])
    head = (
        f"Written {started:%Y-%m-%d %H:%M} UTC by `PYTHONPATH=. python scripts/simulator_page.py`,\n"
        f"{commit()}, on {machine()}:\n"
        f"{DAYS} days from {FIRST_DAY} of {len(found)} schools without defects, {len(SEEDS)} seeds."
    )
    part = "\n".join([head, "", *table(frame, per_degree()), "", *schools_table(frame)])
    if QUICK or shown is None:
        print(part)
        return 0
    day_chart(shown).save(PICTURES / "simulator-day.svg")
    signature_chart(found).save(PICTURES / "simulator-heat.svg")
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), "plausibility", part), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

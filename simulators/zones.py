"""From a site's rooms to zones of the model: sizes, air flows, heat losses, and a school's habits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classroom.places import AgeGroup, Room, SchoolAttributes, Ventilation
from classroom.site import Site
from classroom.timetable import Timetable
from simulators.chance import stream
from simulators.defects import Defect, DefectKind
from simulators.people import HALL_PERSONS, full_group
from simulators.physics import AIR_HEAT_FACTOR, AIR_J_M3K, DAMPER_MIN, State, Zones
from simulators.place import Spots, spots
from simulators.scenario import Scenario, Solar
from simulators.weather import SyntheticWeather, Weather
from simulators.weather_file import WeatherFromTable

Floats = NDArray[np.float64]

REST_KEY = "rest-of-the-building"
"""Key of the zone that stands for everything without a sensor: corridors, hall, kitchen, other classrooms."""

DESIGN_SPAN_K = 33.0  # radiators are sized for 21 °C inside at -12 °C outside
_FAN_TYPES = (Ventilation.F, Ventilation.FT, Ventilation.FTX, Ventilation.VAV)
_LOSSY = {  # a building with such ventilation, against one with FTX: older ones lose more
    Ventilation.S: 1.10,
    Ventilation.F: 1.06,
    Ventilation.FT: 1.03,
    Ventilation.FTX: 1.0,
    Ventilation.VAV: 1.0,
}
_RECOVERY = {Ventilation.FTX: 0.76, Ventilation.VAV: 0.76}


@dataclass(frozen=True)
class Habits:
    """How a school is built and run, drawn once from the seed and its key."""

    setpoint_c: float
    setback_k: float  # nights and weekends
    airing: float  # 0-1: how readily windows are opened in breaks
    base_w_m2: float  # round the clock
    light_w_m2: float
    fan_w_per_m3_s: float  # specific fan power of supply and exhaust together
    insulation: float  # 1 loses 1.1 W/K m² through walls, roof, floor and windows; lower loses less
    infiltration_1_h: float
    kitchen_kwh_meal: float
    curve: float  # supply temperature of the radiators: 1 is set right
    culvert: float  # share of the bought heat that is lost on the way
    phases: tuple[float, float, float]  # where lamps and sockets hang


def habits_of(seed: int, school: str, defects: Sequence[Defect] = ()) -> Habits:
    """The habits of ``school``: different schools differ, the same seed gives the same.

    ``defects`` are all that are ever planted there: a measure says something about the school before it, too.
    """
    rng = stream(seed, "habits", school)
    drawn = Habits(
        setpoint_c=float(rng.uniform(20.8, 22.2)),
        setback_k=float(rng.uniform(1.0, 3.0)),
        airing=float(rng.uniform(0.3, 0.8)),
        base_w_m2=float(rng.uniform(2.6, 3.4)),
        light_w_m2=float(rng.uniform(7.0, 11.0)),
        fan_w_per_m3_s=float(rng.uniform(1500, 2400)),
        insulation=float(rng.uniform(1.1, 1.35)),
        infiltration_1_h=float(rng.uniform(0.10, 0.18)),
        kitchen_kwh_meal=float(rng.uniform(0.25, 0.5)),
        curve=float(rng.uniform(0.9, 1.15)),
        culvert=float(rng.uniform(0.01, 0.05)),
        phases=_phases(rng),
    )
    measures = [defect.amount for defect in defects if defect.kind is DefectKind.HEAT_MEASURE]
    # A new culvert can save no more than the old one lost.
    return replace(drawn, culvert=drawn.culvert + max(measures)) if measures else drawn


def _phases(rng: np.random.Generator) -> tuple[float, float, float]:
    first, second, third = rng.dirichlet((30, 30, 30)).tolist()
    return first, second, third


@dataclass(frozen=True)
class SchoolZones:
    """The zones of one school: its rooms in the site's order, then the rest of the building."""

    rooms: tuple[Room, ...]
    area_m2: Floats
    facing_rad: Floats  # the windows' direction, from south, west positive
    glass_m2: Floats
    stack_m3_s: Floats  # natural ventilation at 15 K difference
    infiltration_m3_s: Floats
    exposure: Floats  # to wind, around 1
    spots: Spots
    zones: Zones

    @property
    def count(self) -> int:
        """Number of zones."""
        return len(self.rooms)


@dataclass(frozen=True, eq=False)
class SimulatedSchool:
    """A school of the site as the model sees it; its zones follow one another from ``first_zone``."""

    seed: int
    key: str
    weather: Weather
    rooms: tuple[Room, ...]  # the last one is the rest of the building
    first_zone: int
    area_m2: float
    pupils: int
    habits: Habits
    built: SchoolZones
    timetable: Timetable
    ventilation_hours: str
    defects: tuple[Defect, ...]
    solar: Solar | None

    @property
    def zones(self) -> slice:
        """Its part of all zones."""
        return slice(self.first_zone, self.first_zone + self.built.count)


def school_zones(
    seed: int, school: str, rooms: Sequence[Room], attributes: SchoolAttributes | None, habits: Habits
) -> SchoolZones:
    """Zones of ``school``; what its tables leave open is filled with what is usual (see the functions below).

    Without Atemp the building is taken as twice its measured rooms, without pupils as what fills them.
    """
    atemp_m2, pupils = (attributes.atemp_m2, attributes.pupils) if attributes else (None, None)
    all_rooms = (*rooms, _rest(school, rooms, atemp_m2, pupils))
    area = np.array([room_area_m2(room) for room in all_rooms])
    volume = np.array([room.volume_m3 or room_area_m2(room) * 2.8 for room in all_rooms])
    kinds = [room.ventilation or Ventilation.F for room in all_rooms]
    flow = np.array([flow_l_s(room) / 1000 for room in all_rooms])
    fan = np.where([kind in _FAN_TYPES for kind in kinds], flow, 0.0)
    lossy = habits.insulation * float(np.mean([_LOSSY[kind] for kind in kinds]))
    air_out = area * 0.40 * lossy
    mass_out = area * 0.70 * lossy
    infiltration = volume * habits.infiltration_1_h / 3600
    recovery = np.array([_RECOVERY.get(kind, 0.0) for kind in kinds])
    preheated = np.array([kind in (Ventilation.FT, Ventilation.FTX, Ventilation.VAV) for kind in kinds])
    # Supply air that no coil has warmed is the radiators' to warm.
    cold_w_k = AIR_J_M3K * (infiltration + np.where(preheated, 0.0, flow))
    rng = stream(seed, "facing", school)
    mixing = stream(seed, "mixing", school).uniform(-1, 1, len(all_rooms))
    return SchoolZones(
        rooms=all_rooms,
        area_m2=area,
        facing_rad=rng.uniform(-np.pi, np.pi, len(all_rooms)),
        glass_m2=area * np.where(np.arange(len(all_rooms)) < len(rooms), 0.16, 0.09),
        stack_m3_s=flow - fan,
        infiltration_m3_s=infiltration,
        exposure=1 + 0.3 * stream(seed, "exposure", school).uniform(-1, 1, len(all_rooms)),
        spots=spots(seed, school, preheated),
        zones=Zones(
            volume_m3=volume,
            hub=np.full(len(all_rooms), len(all_rooms) - 1),
            # Supply air that short-circuits to the exhaust leaves some of the room's air standing.
            mixing=np.where(preheated, 0.95 + 0.06 * mixing, 1.0),
            fan_m3_s=fan,
            demand_controlled=np.array([kind is Ventilation.VAV for kind in kinds]),
            preheated=preheated,
            recovery=recovery,
            air_j_k=volume * AIR_J_M3K * AIR_HEAT_FACTOR,
            mass_j_k=area * 260e3,
            air_mass_w_k=area * 9.0,
            air_out_w_k=air_out,
            mass_out_w_k=mass_out,
            radiator_w=(air_out + mass_out + cold_w_k) * DESIGN_SPAN_K * 1.15,
        ),
    )


def room_area_m2(room: Room) -> float:
    """The room's area, 60 m² where the table does not say."""
    return room.area_m2 or 60.0


def flow_l_s(room: Room) -> float:
    """Air flow in use: as measured (OVK), else as designed, else 7 L/s a person and 0.35 L/s m² (AFS).

    Natural ventilation (S) without a figure is taken as 25 % of that.
    """
    given = room.ovk_flow_l_s if room.ovk_flow_l_s is not None else room.design_flow_l_s
    if given is not None:
        return given
    due = 7 * full_group(room) + 0.35 * room_area_m2(room)
    return 0.25 * due if room.ventilation is Ventilation.S else due


def simulated_schools(site: Site, scenario: Scenario) -> tuple[SimulatedSchool, ...]:
    """Every school of ``site``, its zones numbered one after the other."""
    weather = weather_of(scenario)
    found = []
    first = 0
    for school in site.schools:
        attributes = site.attributes_on(school.key, scenario.first_day)
        rooms = site.rooms_of(school.key)
        planted = tuple(defect for defect in scenario.defects if defect.school == school.key)
        habits = habits_of(scenario.seed, school.key, planted)
        built = school_zones(scenario.seed, school.key, rooms, attributes, habits)
        found.append(
            SimulatedSchool(
                seed=scenario.seed,
                key=school.key,
                weather=weather,
                rooms=built.rooms,
                first_zone=first,
                area_m2=float(built.area_m2.sum()),
                pupils=seated_pupils(built.rooms),
                habits=habits,
                built=built,
                timetable=site.timetable(school.key),
                ventilation_hours=(attributes and attributes.ventilation_hours) or "06:00-17:30",
                defects=planted,
                solar=next((plant for plant in scenario.solar if plant.school == school.key), None),
            )
        )
        first += built.count
    return tuple(found)


def weather_of(scenario: Scenario) -> Weather:
    """The weather that ``scenario`` names: its table's, or the synthetic one of its seed."""
    if scenario.weather_hours:
        return WeatherFromTable(scenario.weather_hours)
    return SyntheticWeather(scenario.seed)


def seated_pupils(rooms: Sequence[Room]) -> int:
    """Pupils that fill the classrooms; those in a hall come from the classrooms and are not counted twice."""
    return sum(
        full_group(room)
        for room in rooms
        if room.age_group is not AgeGroup.ADULT and (room.key == REST_KEY or full_group(room) < HALL_PERSONS)
    )


def join_zones(parts: Sequence[Zones]) -> Zones:
    """The zones of all schools side by side."""
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in Zones.__dataclass_fields__
    }
    sizes = [part.volume_m3.size for part in parts]
    joined["hub"] = joined["hub"] + np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    return Zones(**joined)


def start_state(zones: Zones) -> State:
    """A plausible winter night to start from; a few days later nothing of it is left."""
    count = zones.volume_m3.size
    return State(
        co2_ppm=np.full(count, 440.0),
        vapour_g_m3=np.full(count, 6.0),
        air_c=np.full(count, 20.5),
        mass_c=np.full(count, 20.0),
        valve=np.full(count, 0.3),
        damper=np.where(zones.demand_controlled, DAMPER_MIN, 1.0),
    )


def _rest(school: str, rooms: Sequence[Room], atemp_m2: float | None, pupils: int | None) -> Room:
    measured = sum(room_area_m2(room) for room in rooms)
    seated = seated_pupils(rooms)
    area = max((atemp_m2 or 2 * measured) - measured, 0.1 * measured, 20.0)
    persons = max((pupils or seated) - seated, 0)
    ages = [room.age_group for room in rooms if room.age_group]
    return Room(
        school=school,
        key=REST_KEY,
        name="Rest of the building",
        area_m2=area,
        volume_m3=area * 3.0,
        persons=persons,
        age_group=AgeGroup.AGE_6_10 if AgeGroup.AGE_6_10 in ages else AgeGroup.AGE_11_15,
        ventilation=Ventilation.FTX,
        openable_windows=True,
        design_flow_l_s=7 * persons + 0.9 * area,
    )

"""What acts on a school's zones in a day: people, sun, lamps, schedules, thermostats, planted defects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classroom.places import AgeGroup
from simulators.defects import DefectKind
from simulators.heating import radiator_share
from simulators.people import Crowd
from simulators.physics import Drive, Floats, co2_generation_m3_s
from simulators.schedule import WARM_TO_MIN, Schedule
from simulators.weather import WeatherDay
from simulators.zones import SchoolZones, SimulatedSchool

_PUPIL_W, _ADULT_W = 65.0, 80.0  # sensible heat
_PUPIL_VAPOUR_G_S, _ADULT_VAPOUR_G_S = 40 / 3600, 55 / 3600
_AIRING_1_H = 7.0  # air change of a room with its windows wide open, at 15 K and 4 m/s
_DOOR_OPEN_M3_S, _DOOR_SHUT_M3_S = 0.08, 0.002  # both ways alike
_SOLAR_SHARE = 0.30  # of the sun on the glass that gets in past frames and curtains
_DAYLIGHT_LUX_PER_W_M2 = 1.4  # desk light per irradiance: daylight factor 1.3 %, 110 lm/W
_LAMP_LUX, _ENOUGH_LUX = 380.0, 500.0
_APPLIANCE_W_PER_PUPIL = 6.0  # tablets, a projector, shared out
_EARLY_FROM_MIN = 60  # when the heating starts that starts too early


@dataclass(frozen=True)
class Lit:
    """A school's electricity in its zones [W], summed ``(1440,)``, and light on the desks ``(1440, Z)``."""

    base_w: Floats
    light_w: Floats
    appliance_w: Floats
    lux: Floats


@dataclass(frozen=True)
class Rules:
    """How the school is run this day, defects included, ``(1440,)`` each but the first."""

    fans: Floats  # (1440, Z)
    setpoint_c: Floats
    base: Floats  # times its usual base load
    transmission: Floats
    bought: Floats  # bought heat, times what it would be without a measure


def rules(school: SimulatedSchool, clocks: Schedule) -> Rules:
    """The day's rules: the school's habits, changed by each defect on its days."""
    habits = school.habits
    fans = np.repeat(clocks.fans[:, None], school.built.count, axis=1)
    warm, day_c = clocks.warm.copy(), np.full(clocks.warm.shape, habits.setpoint_c)
    base, transmission, bought = np.ones((3, clocks.warm.size))
    for defect in school.defects:
        there = clocks.share_of(defect.holds_on)
        if not there.any():
            continue
        warm = np.maximum(warm, there * _kept_warm(defect.kind, clocks))
        fans = np.maximum(fans, (there * _kept_running(defect.kind, clocks))[:, None])
        if defect.kind is DefectKind.SETPOINT_HIGH:
            day_c = np.where(there > 0, defect.amount, day_c)
        elif defect.kind is DefectKind.BASE_LOAD_UP:
            base = base * (1 + defect.amount * there)
        elif defect.kind is DefectKind.UNDERVENTILATED_ROOM:
            zone = next(i for i, room in enumerate(school.rooms) if room.key == defect.room)
            fans[:, zone] *= 1 - (1 - defect.amount) * there
        elif defect.kind is DefectKind.INSULATION:
            transmission = transmission * (1 - defect.amount * there)
        elif defect.kind is DefectKind.HEAT_MEASURE:
            bought = bought * (1 - defect.amount * there)
    return Rules(fans, day_c - (1 - warm) * habits.setback_k, base, transmission, bought)


def _kept_warm(kind: DefectKind, clocks: Schedule) -> Floats:
    """1 in the minutes in which a defect keeps the day set point, ``(1440,)``."""
    if kind is DefectKind.HEATING_IN_HOLIDAYS:
        return clocks.holiday
    if kind is DefectKind.HEATING_ON_WEEKENDS:
        return (1 - clocks.open) * (1 - clocks.holiday)
    if kind is DefectKind.HEATING_STARTS_EARLY:
        early = (clocks.local_minute >= _EARLY_FROM_MIN) & (clocks.local_minute < WARM_TO_MIN)
        return clocks.open * early
    return np.full(clocks.open.shape, float(kind is DefectKind.HEATING_AT_NIGHT))


def _kept_running(kind: DefectKind, clocks: Schedule) -> Floats:
    """1 in the minutes in which a defect keeps the fans running, ``(1440,)``."""
    if kind is DefectKind.VENTILATION_ON_CLOSED_DAYS:
        return clocks.due
    return np.full(clocks.open.shape, float(kind is DefectKind.VENTILATION_ALL_NIGHT))


@dataclass(frozen=True)
class Surroundings:
    """What comes to a school's zones whatever its rules are, ``(1440, Z)``."""

    co2_m3_s: Floats
    vapour_g_s: Floats
    people_w: Floats
    sun_w: Floats
    natural_m3_s: Floats
    door_m3_s: Floats
    lux: Floats
    light_w: Floats
    appliance_w: Floats


def surroundings(school: SimulatedSchool, weather: WeatherDay, crowd: Crowd) -> Surroundings:
    """People, sun, wind and light of a school's zones on a UTC day."""
    built, pupils, adults = school.built, crowd.pupils, crowd.adults
    generation = np.array([co2_generation_m3_s(room.age_group or AgeGroup.AGE_6_10) for room in school.rooms])
    daylight = (_DAYLIGHT_LUX_PER_W_M2 * weather.irradiance_w_m2)[:, None]
    lamps = ((pupils + adults) > 0) & (daylight < _ENOUGH_LUX)
    return Surroundings(
        co2_m3_s=pupils * generation + adults * co2_generation_m3_s(AgeGroup.ADULT),
        vapour_g_s=pupils * _PUPIL_VAPOUR_G_S + adults * _ADULT_VAPOUR_G_S,
        people_w=pupils * _PUPIL_W + adults * _ADULT_W,
        sun_w=_sun_through_windows(built, weather),
        natural_m3_s=_natural_flow(built, weather, crowd.windows),
        door_m3_s=_door_flow(crowd.doors),
        lux=np.minimum(daylight, 3000.0) + lamps * _LAMP_LUX,
        light_w=lamps * (built.area_m2 * school.habits.light_w_m2),
        appliance_w=pupils * _APPLIANCE_W_PER_PUPIL,
    )


def day_drive(
    school: SimulatedSchool, weather: WeatherDay, around: Surroundings, run: Rules
) -> tuple[Drive, Lit]:
    """The drive of one school's zones for a UTC day, and its electric side."""
    built, habits = school.built, school.habits
    base_w = run.base[:, None] * (built.area_m2 * habits.base_w_m2)
    shape = base_w.shape
    drive = Drive(
        outdoor_c=weather.temperature_c[:, None],
        outdoor_vapour_g_m3=weather.vapour_g_m3[:, None],
        outdoor_co2_ppm=weather.co2_ppm[:, None],
        co2_m3_s=around.co2_m3_s,
        vapour_g_s=around.vapour_g_s,
        gain_air_w=base_w + around.light_w + around.appliance_w + around.people_w,
        gain_mass_w=around.sun_w,
        natural_m3_s=around.natural_m3_s,
        door_m3_s=around.door_m3_s,
        transmission=np.broadcast_to(run.transmission[:, None], shape),
        fan_share=run.fans,
        setpoint_c=np.broadcast_to(run.setpoint_c[:, None], shape),
        heating=np.broadcast_to(radiator_share(weather, habits.curve)[:, None], shape),
    )
    lit = Lit(base_w.sum(axis=1), around.light_w.sum(axis=1), around.appliance_w.sum(axis=1), around.lux)
    return drive, lit


def _natural_flow(built: SchoolZones, weather: WeatherDay, windows: Floats) -> Floats:
    """Infiltration, stack and windows [m³/s]: driven by temperature difference and wind."""
    lift = np.sqrt(np.abs(21 - weather.temperature_c) / 15)[:, None]
    wind = (weather.wind_m_s / 4)[:, None] * built.exposure
    leak = built.infiltration_m3_s * (0.55 + 0.25 * lift + 0.20 * wind)
    wide_open = built.zones.volume_m3 * (_AIRING_1_H / 3600) * (0.4 + 0.4 * lift + 0.2 * wind)
    return np.asarray(leak + built.stack_m3_s * lift + windows * wide_open)


def _door_flow(doors: Floats) -> Floats:
    """Air exchanged with the hub [m³/s]; the hub has no door to itself."""
    flow = _DOOR_SHUT_M3_S + (_DOOR_OPEN_M3_S - _DOOR_SHUT_M3_S) * doors
    flow[:, -1] = 0.0
    return flow


def _sun_through_windows(built: SchoolZones, weather: WeatherDay) -> Floats:
    """Solar gain [W] by zone: beam by the angle to the glass, diffuse from half the sky."""
    height = np.maximum(np.sin(weather.sun_elevation_rad), 0.0)
    clear = 1000 * np.maximum(height, 0.05)
    beam_share = np.clip(weather.irradiance_w_m2 / clear - 0.2, 0, 0.8)
    towards = np.cos(weather.sun_elevation_rad)[:, None] * np.cos(
        weather.sun_azimuth_rad[:, None] - built.facing_rad
    )
    beam = beam_share[:, None] * np.maximum(towards, 0) / np.maximum(height, 0.12)[:, None]
    diffuse = 0.5 * (1 - beam_share)[:, None] + 0.1
    on_glass = np.minimum(weather.irradiance_w_m2[:, None] * (beam + diffuse), 900.0)
    return np.asarray(on_glass * built.glass_m2 * _SOLAR_SHARE)

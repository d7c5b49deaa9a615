"""What acts on a school's zones in a day: people, sun, lamps, schedules, thermostats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from classroom.places import AgeGroup, DayType
from classroom.timetable import parse_hours
from simulators.physics import Drive, co2_generation_m3_s
from simulators.weather import MINUTES, WeatherDay
from simulators.zones import SchoolZones, SimulatedSchool

Floats = NDArray[np.float64]

_PUPIL_W, _ADULT_W = 65.0, 80.0  # sensible heat
_PUPIL_VAPOUR_G_S, _ADULT_VAPOUR_G_S = 40 / 3600, 55 / 3600
_AIRING_1_H = 7.0  # air change of a room with its windows wide open, at 15 K and 4 m/s
_SOLAR_SHARE = 0.30  # of the sun on the glass that gets in past frames and curtains
_DAYLIGHT_LUX_PER_W_M2 = 1.4  # desk light per irradiance: daylight factor 1.3 %, 110 lm/W
_LAMP_LUX, _ENOUGH_LUX = 380.0, 500.0
_APPLIANCE_W_PER_PUPIL = 6.0  # tablets, a projector, shared out
_WARM_AFTERNOON_C = 15.0  # mean of the day before above which the heating is off


@dataclass(frozen=True)
class Lit:
    """Electricity by zone ``(1440, Z)``, light on the desks, and when the day's schedules run ``(1440,)``."""

    zone_w: Floats
    lux: Floats
    school_day: Floats  # 0/1 by minute
    local_minute: NDArray[np.int64]


def day_drive(
    school: SimulatedSchool,
    start: datetime,
    weather: WeatherDay,
    pupils: Floats,
    adults: Floats,
    windows: Floats,
) -> tuple[Drive, Lit]:
    """The drive of one school's zones for the UTC day at ``start``, and its electric side."""
    built, habits = school.built, school.habits
    local_minute, school_day, fans, warm = _schedules(school, start)
    generation = np.array([co2_generation_m3_s(room.age_group or AgeGroup.AGE_6_10) for room in school.rooms])
    occupied = (pupils + adults) > 0
    daylight = _DAYLIGHT_LUX_PER_W_M2 * weather.irradiance_w_m2[:, None] * np.ones(built.count)
    lamps = occupied & (daylight < _ENOUGH_LUX)
    zone_w = lamps * built.area_m2 * habits.light_w_m2 + pupils * _APPLIANCE_W_PER_PUPIL
    zone_w = zone_w + built.area_m2 * habits.base_w_m2
    outdoor = weather.temperature_c
    curve = np.clip((17.5 - outdoor) / 29.5 * 1.2 + 0.1, 0, 1)  # supply temperature follows outdoors
    heating = np.where(weather.mean_24h_c > _WARM_AFTERNOON_C, 0.0, curve)
    drive = Drive(
        outdoor_c=outdoor,
        outdoor_vapour_g_m3=weather.vapour_g_m3,
        outdoor_co2_ppm=weather.co2_ppm,
        co2_m3_s=pupils * generation + adults * co2_generation_m3_s(AgeGroup.ADULT),
        vapour_g_s=pupils * _PUPIL_VAPOUR_G_S + adults * _ADULT_VAPOUR_G_S,
        gain_air_w=zone_w + pupils * _PUPIL_W + adults * _ADULT_W,
        gain_mass_w=_sun_through_windows(built, weather),
        natural_m3_s=_natural_flow(built, weather, windows),
        fan_share=np.repeat(fans[:, None], built.count, axis=1),
        setpoint_c=np.repeat(
            (habits.setpoint_c - (1 - warm) * habits.setback_k)[:, None], built.count, axis=1
        ),
        heating=np.repeat(heating[:, None], built.count, axis=1),
    )
    lux = np.minimum(daylight, 3000.0) + lamps * _LAMP_LUX
    return drive, Lit(zone_w, lux, school_day, local_minute)


def _schedules(school: SimulatedSchool, start: datetime) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Local minute of the day, school day 0/1, fans 0/1 and day set point 0/1, for each UTC minute."""
    zone = school.timetable.zone
    begin, end = parse_hours(school.ventilation_hours)
    local_minute = np.empty(MINUTES, dtype=np.int64)
    school_day, fans, warm = np.zeros((3, MINUTES))
    for hour in range(24):  # no zone changes its offset but at a full hour of UTC
        first = (start + timedelta(hours=hour)).astimezone(zone)
        span = slice(60 * hour, 60 * hour + 60)
        minute = first.hour * 60 + first.minute + np.arange(60)
        local_minute[span] = minute % 1440
        for day, here in _days_of(first.date(), minute):
            kind = school.timetable.day_type(day)
            at = minute[here] % 1440
            weekday = kind is not DayType.CLOSED
            school_day[span][here] = kind is DayType.SCHOOL_DAY
            fans[span][here] = weekday & (_minutes(begin) <= at) & (at < _minutes(end))
            warm[span][here] = weekday & (at >= 5 * 60) & (at < 17 * 60)
            for hired_from, hired_to in school.timetable.hired_evenings(day):
                local_from, local_to = hired_from.astimezone(zone).time(), hired_to.astimezone(zone).time()
                hired = (_minutes(local_from) - 30 <= at) & (at < _minutes(local_to))
                fans[span][here] = np.maximum(fans[span][here], hired)
    return local_minute, school_day, fans, warm


def _days_of(first: date, minute: NDArray[np.int64]) -> list[tuple[date, NDArray[np.bool_]]]:
    """The local day or two that an hour touches (two where the offset is not a whole hour)."""
    parts = [(first, minute < 1440), (first + timedelta(days=1), minute >= 1440)]
    return [(day, here) for day, here in parts if here.any()]


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _natural_flow(built: SchoolZones, weather: WeatherDay, windows: Floats) -> Floats:
    """Infiltration, stack and windows [m³/s]: driven by temperature difference and wind."""
    lift = np.sqrt(np.abs(21 - weather.temperature_c) / 15)[:, None]
    wind = (weather.wind_m_s / 4)[:, None]
    leak = built.infiltration_m3_s * (0.55 + 0.25 * lift + 0.20 * wind)
    wide_open = built.zones.volume_m3 * (_AIRING_1_H / 3600) * (0.4 + 0.4 * lift + 0.2 * wind)
    return np.asarray(leak + built.stack_m3_s * lift + windows * wide_open)


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

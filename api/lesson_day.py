"""A room's lessons of a local day, from the store: loaded, judged, and put into the answer's shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from analytics import thermal
from analytics.airing import HEAT_CARRIERS, Exchange, airings, exchange, recovery_of
from analytics.balance import Flow
from analytics.baseline_days import load_nights
from analytics.comfort import band, is_summer
from analytics.energy import to_us
from analytics.lessons import Doubt, LessonClimate, Taught, lesson_climates
from analytics.occupancy import SIGNS, moved
from analytics.points import microseconds
from analytics.rollups import DeviceSeries
from analytics.room_air import KEPT, USUAL_TEMPERATURE_C, co2_of_day, occupied_by_co2
from analytics.room_calendar import Day, room_days_of
from analytics.ventilation import Co2, DayAir, day_air, people_by_flow, volume_of
from analytics.verdicts import DISTRUSTED, inside
from api.lesson_models import AdaptiveOut, AirAndHeat, LessonOut, LessonsDay, NoAirings
from api.outdoors import outdoor_temperature
from classroom.factors import Cover, choose_factor
from classroom.places import Device, MeterRole, Room, Ventilation
from classroom.site import Site
from classroom.timetable import day_span
from store.base import Store

_QUANTITIES = ("co2_ppm", "temperature_c", "humidity_pct", *SIGNS)

Series = dict[str, dict[str, DeviceSeries]]


@dataclass(frozen=True)
class _Loaded:
    """A room's day from the store: trusted series by quantity and device, what is doubted, the air of it."""

    day: Day
    series: Series
    doubts: list[Doubt]
    co2: Co2 | None
    air: DayAir | None


def lessons_of(
    store: Store, site: Site, room: Room, day: date, now: datetime, *, with_models: bool = False
) -> LessonsDay:
    """Lessons, airings and ventilation of local ``day`` in ``room``, as far as it has come by ``now``.

    ``with_models`` adds PMV and the adaptive band, which take some seconds the first time.

    Raises:
        StoreError: the store cannot serve now.
    """
    span, now_us = day_span(day, site.zone), to_us(now)
    loaded = _load(store, site, room, day, now)
    taught = [Taught(start, end, told) for (start, end), told in loaded.day.lessons]
    placed = site.devices_in_room(room.school, room.key)
    climates = lesson_climates(
        taught,
        day.month,
        now_us,
        {quantity: list(of.values()) for quantity, of in loaded.series.items()},
        [device.interval_s for device in placed],
        loaded.doubts,
        site.settings.analytics,
        () if loaded.air is None else loaded.air.by_lesson,
        _presence(room, loaded),
    )
    before = span[0] - timedelta(days=thermal.RUNNING_DAYS)
    outdoor = outdoor_temperature(store, site, room.school, before, span[1])
    gained, setting = _against_heat(site, room, loaded, outdoor)
    timetable = site.timetable(room.school)
    return LessonsDay(
        school=room.school,
        room=room.key,
        date=day,
        day_type=timetable.day_type(day),
        name=timetable.day_name(day),
        until=min(now, span[1]),
        baseline_ppm=None if loaded.co2 is None else loaded.co2.baseline_ppm,
        lessons=[
            _lesson(room, loaded, at, climate, with_models=with_models) for at, climate in enumerate(climates)
        ],
        airings=gained,
        airings_reason=_no_airings(room, loaded),
        ventilation=setting,
        adaptive=_adaptive(outdoor, site, day) if with_models else None,
    )


def _load(store: Store, site: Site, room: Room, day: date, now: datetime) -> _Loaded:
    span = day_span(day, site.zone)
    placed = site.devices_in_room(room.school, room.key)
    keys = sorted({device.key for device in placed})
    readings = store.read_readings(keys, _QUANTITIES, *span)
    verdicts = store.read_verdicts(keys, *span)
    series = _trusted_series(placed, readings[readings["flag"] == 0], verdicts)
    (told,) = room_days_of(site, room, [day], to_us(now))
    # The nights of a running day too: its baseline looks back.
    nights = load_nights(store, site, room.school, {room.key: [day]}, max(now, span[1]))
    sensors = co2_of_day(series.get("co2_ppm", {}), nights, span)
    co2 = next(iter(sensors.values()), None)
    warm = [one.value for one in series.get("temperature_c", {}).values()]
    temperature = float(np.concatenate(warm).mean()) if warm else USUAL_TEMPERATURE_C
    air = None if co2 is None else day_air(room, told.lessons, told.ventilated, co2, temperature)
    return _Loaded(told, series, _doubts(verdicts), co2, air)


def _trusted_series(placed: Sequence[Device], readings: pd.DataFrame, verdicts: pd.DataFrame) -> Series:
    """Readings that no verdict distrusts, by quantity and device, while it hung in the room."""
    verdicts = verdicts[verdicts["verdict"].isin(DISTRUSTED)]
    found: Series = {}
    for (key, quantity), group in readings.groupby(["device", "quantity"], sort=True, observed=True):
        time_us, value = microseconds(group["time"]), group["value"].to_numpy(dtype=float)
        mine = verdicts[(verdicts["device"] == key) & (verdicts["quantity"] == quantity)]
        good = ~inside(time_us, microseconds(mine["start"]), microseconds(mine["end"]))
        hung = np.zeros(len(time_us), dtype=bool)
        interval_s = 600
        for device in placed:
            if device.key == key:
                interval_s = device.interval_s
                begun = device.valid_from is None or time_us >= to_us(device.valid_from)
                over = device.valid_to is not None and time_us >= to_us(device.valid_to)
                hung |= np.asarray(begun & ~np.asarray(over))
        kept = good & hung
        if kept.any():
            found.setdefault(str(quantity), {})[str(key)] = DeviceSeries(
                interval_s, time_us[kept], value[kept]
            )
    return found


def _doubts(verdicts: pd.DataFrame) -> list[Doubt]:
    rows = zip(
        verdicts["quantity"],
        verdicts["verdict"],
        microseconds(verdicts["start"]).tolist(),
        microseconds(verdicts["end"]).tolist(),
        strict=True,
    )
    return [Doubt(str(quantity), str(kind), start, end) for quantity, kind, start, end in rows]


def _presence(room: Room, loaded: _Loaded) -> DeviceSeries | None:
    """1 and 0 at each CO2 reading: whether somebody was there, by CO2 or seen moving."""
    co2, air = loaded.co2, loaded.air
    if co2 is None or air is None:
        return None
    signs = [
        (one.interval_s, one.time_us, one.value, least)
        for quantity, least in SIGNS.items()
        for one in loaded.series.get(quantity, {}).values()
    ]
    here = occupied_by_co2(room, [(loaded.day, co2, air)])[0] | moved(co2.time_us, signs)
    return DeviceSeries(co2.interval_s, co2.time_us, here.astype(float))


def _lesson(room: Room, loaded: _Loaded, at: int, one: LessonClimate, *, with_models: bool) -> LessonOut:
    co2, warm = one.co2, one.temperature
    flow = one.flow if isinstance(one.flow, Flow) and co2.reason is None else None
    part = loaded.air.parts[at] if loaded.air is not None and at < len(loaded.air.parts) else "no_baseline"
    why = None if flow is not None else co2.reason or (one.flow if isinstance(one.flow, str) else None)
    felt = None
    if with_models and warm.mean_c is not None:
        summer = is_summer(loaded.day.day.month)
        felt = thermal.predicted(warm.mean_c, _humidity(loaded.series, one.lesson), summer=summer)
    return LessonOut(
        start=one.lesson.start,
        end=one.lesson.end,
        group_size=one.lesson.group_size,
        people_estimated=None if co2.reason else people_by_flow(room, part),
        occupied_share=None if co2.reason else one.occupied_share,
        level=co2.level,
        reason=co2.reason,
        co2_mean_ppm=co2.mean_ppm,
        co2_p95_ppm=co2.p95_ppm,
        co2_max_ppm=co2.max_ppm,
        co2_above_limit_share=co2.above_limit_share,
        co2_coverage=co2.coverage,
        temperature_mean_c=warm.mean_c,
        comfort_share=warm.comfort_share,
        overheating_k_h=warm.overheating_k_h,
        underheating_k_h=warm.underheating_k_h,
        temperature_category=warm.category,
        temperature_coverage=warm.coverage,
        temperature_reason=warm.reason,
        air_change_rate_per_h=flow and flow.rate_1_h,
        air_change_rate_low_per_h=flow and flow.rate_low_1_h,
        air_change_rate_high_per_h=flow and flow.rate_high_1_h,
        airflow_l_s_person=flow and flow.person_l_s,
        airflow_low_l_s_person=flow and flow.person_low_l_s,
        airflow_high_l_s_person=flow and flow.person_high_l_s,
        air_reason="no_baseline" if why == "not_asked" else why,
        pmv=felt and felt.pmv,
        ppd_pct=felt and felt.ppd_pct,
    )


def _humidity(series: Series, lesson: Taught) -> float | None:
    found = [
        one.value[(one.time_us >= to_us(lesson.start)) & (one.time_us < to_us(lesson.end))]
        for one in series.get("humidity_pct", {}).values()
    ]
    values = np.concatenate(found) if found else np.array([])
    return float(values.mean()) if len(values) else None


def _no_airings(room: Room, loaded: _Loaded) -> NoAirings | None:
    """Why airings of the day cannot be told from its ventilation; None where they can."""
    if room.openable_windows is False:
        return "no_windows"
    if len(loaded.day.lessons) < 2:
        return "no_breaks"
    if volume_of(room) is None:
        return "no_volume"
    if "co2_ppm" not in loaded.series:
        return "no_readings"
    if loaded.co2 is None or loaded.air is None:
        return "no_baseline"
    return None if loaded.air.in_use() is not None else "no_air_change_rate"


def _against_heat(
    site: Site, room: Room, loaded: _Loaded, outdoor: pd.Series
) -> tuple[list[AirAndHeat], AirAndHeat | None]:
    """Airings of the day, and its ventilation while the fans run, each with the heat it asks for."""
    size, co2, air = volume_of(room), loaded.co2, loaded.air
    rate = None if air is None else air.in_use()
    if size is None or co2 is None or air is None or rate is None:
        return [], None
    people = None if air.flow is None else air.flow.people
    limit = band(site.settings.analytics, summer=is_summer(loaded.day.day.month)).high_c
    factor = _factor(site, room.school, loaded.day.day)

    def cost(extra_m3: float, start_us: int, end_us: int, recovery: float) -> AirAndHeat:
        found = exchange(
            extra_m3,
            (end_us - start_us) / 1e6,
            people,
            _indoor(loaded.series, start_us, end_us),
            _mean_between(outdoor, start_us, end_us),
            overheated_above_c=limit,
            recovery=recovery,
            factor=factor,
        )
        return _answer(found, start_us, end_us)

    spans = [span for span, _ in loaded.day.lessons if room.openable_windows is not False]
    gained = [
        cost(one.extra_m3, one.start_us, one.end_us, 0.0)
        for one in airings(co2, spans, rate[0].rate_1_h, size[0])
    ]
    if not loaded.day.ended or room.ventilation is Ventilation.S:
        return gained, None
    moved = _moved_m3(room, loaded.day, rate[0].rate_1_h * size[0])
    if moved is None:
        return gained, None
    air_m3, start_us, end_us = moved
    setting = cost(air_m3, start_us, end_us, recovery_of(room.ventilation))
    return gained, setting.model_copy(update={"l_s_person": air.flow and air.flow.person_l_s})


def _moved_m3(room: Room, day: Day, flow_m3_h: float) -> tuple[float, int, int] | None:
    """Air that the fans moved on a day [m³], and from when to when; demand control idles without a class."""
    running = [(to_us(start), to_us(end)) for start, end in day.ventilated]
    if not running:
        return None
    hours = sum(end - start for start, end in running) / 3.6e9
    taught = sum((end - start).total_seconds() for start, end in day.occupied) / 3_600
    idle = KEPT.get(room.ventilation, 1.0) if room.ventilation is not None else 1.0
    full = min(taught, hours)
    return flow_m3_h * (full + idle * (hours - full)), min(running)[0], max(end for _, end in running)


def _answer(found: Exchange, start_us: int, end_us: int) -> AirAndHeat:
    start, end = (pd.Timestamp(us, unit="us", tz="UTC").to_pydatetime() for us in (start_us, end_us))
    return AirAndHeat(
        start=start,
        end=end,
        extra_m3=found.extra_m3,
        l_s_person=found.l_s_person,
        heat_kwh=found.heat_kwh,
        free=found.free,
        kgco2e=found.kgco2e,
        factor=found.factor,
    )


def _indoor(series: Series, start_us: int, end_us: int) -> float | None:
    """Mean room temperature [°C] between two times, half an hour wider."""
    margin = 1_800_000_000
    values = [
        one.value[(one.time_us >= start_us - margin) & (one.time_us < end_us + margin)]
        for one in series.get("temperature_c", {}).values()
    ]
    joined = np.concatenate(values) if values else np.array([])
    return float(joined.mean()) if len(joined) else None


def _mean_between(outdoor: pd.Series, start_us: int, end_us: int) -> float | None:
    start, end = (pd.Timestamp(us, unit="us", tz="UTC") for us in (start_us, end_us))
    here = outdoor[(outdoor.index >= start.floor("h")) & (outdoor.index < end)]
    return float(here.mean()) if len(here) else None


def _factor(site: Site, school: str, day: date) -> tuple[str, float] | None:
    """Id and gCO2e/kWh of the heat that the school buys, as its site has chosen: direct, or life cycle where
    that cannot be parted."""
    carriers = {meter.carrier for meter in site.meters_of(school, role=MeterRole.MAIN)}
    carrier = next((one for one in HEAT_CARRIERS if one in carriers), None)
    if carrier is None:
        return None
    chosen = site.settings.factors.chosen
    lines: tuple[Cover, ...] = ("direct", "lifecycle")
    found = (choose_factor(site.factors, carrier, "location", day.year, chosen, line) for line in lines)
    factor = next(filter(None, found), None)
    return None if factor is None else (factor.id, factor.g_per_kwh)


def _adaptive(outdoor: pd.Series, site: Site, day: date) -> AdaptiveOut | None:
    """The adaptive band of ``day`` from the daily means before it."""
    if outdoor.empty:
        return None
    local = pd.DatetimeIndex(outdoor.index).tz_convert(site.zone).tz_localize(None).normalize()
    daily = outdoor.groupby(local).mean()
    before = daily[daily.index < pd.Timestamp(day)].sort_index(ascending=False)
    if before.empty:
        return None
    running = thermal.running_mean_c(before.tolist())
    found = thermal.adaptive(running)
    return AdaptiveOut(
        running_mean_c=running,
        comfort_c=found and found.comfort_c,
        low_c=found and found.low_c,
        high_c=found and found.high_c,
    )

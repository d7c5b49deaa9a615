"""What a school draws from its meters: electricity, district heat and solar cells, a value a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulators.drive import Lit, Rules
from simulators.physics import Course, Drive, Floats
from simulators.schedule import Schedule
from simulators.solar import solar_w
from simulators.weather import WeatherDay
from simulators.zones import SimulatedSchool

_OUTDOOR_LAMPS_W_M2 = 0.15
_CIRCULATION_W_M2 = 0.4  # hot water kept going round, day and night
_HOT_WATER_W_M2 = 2.0  # drawn on school days
_COOKING = ((6 * 60, 0.3), (8 * 60, 0.8), (10 * 60, 1.0), (12 * 60, 0.9), (13 * 60, 0.4), (14 * 60, 0.0))
_TAPPING = ((6 * 60, 0.4), (8 * 60, 0.8), (11 * 60, 1.6), (13 * 60, 1.4), (14 * 60, 0.7), (17 * 60, 0.0))


@dataclass(frozen=True)
class Power:
    """Means of the minute [W]: of one school ``(1440,)``, of a town ``(1440, S)``.

    ``use_w`` is the sum of its five parts and outdoor lamps; what the solar cells do not give comes in at the
    main meter, what they give beyond it goes out. ``heat_w`` is bought and the sum of its four parts.
    """

    use_w: Floats
    base_w: Floats
    light_w: Floats
    appliance_w: Floats
    fan_w: Floats
    kitchen_w: Floats
    solar_w: Floats
    import_w: Floats
    export_w: Floats
    heat_w: Floats
    radiator_w: Floats
    coil_w: Floats
    hot_water_w: Floats
    culvert_w: Floats  # lost on the way from the meter to the school
    phase_w: Floats  # (…, 3): net at the main meter, negative is exported


def school_power(
    school: SimulatedSchool, course: Course, lit: Lit, weather: WeatherDay, clocks: Schedule, run: Rules
) -> Power:
    """A school's powers in a day; ``course`` is that of all zones."""
    habits, zones = school.habits, school.zones
    fan_flow = course.fan_m3_s[:, zones]
    full = school.built.zones.fan_m3_s
    # Half the power goes into pressure that falls with the flow squared: throttling saves more than flow.
    part = np.divide(fan_flow, full, out=np.zeros_like(fan_flow), where=full > 0)
    fan_w = (fan_flow * habits.fan_w_per_m3_s * (0.5 + 0.5 * part**2)).sum(axis=1)
    meals_w = school.pupils * habits.kitchen_kwh_meal * 1000 / _hours(_COOKING)
    kitchen_w = meals_w * _profile(_COOKING, clocks.local_minute) * clocks.school_day
    outdoor_lamps_w = school.area_m2 * _OUTDOOR_LAMPS_W_M2 * (weather.irradiance_w_m2 < 2)
    uneven_w = lit.base_w + lit.light_w + lit.appliance_w + outdoor_lamps_w
    use_w = uneven_w + fan_w + kitchen_w
    made_w = np.zeros_like(use_w) if school.solar is None else solar_w(school.solar, weather)
    # Fans, kitchen and inverter draw on three phases alike, lamps and sockets as they were wired.
    even_w = (fan_w + kitchen_w - made_w) / 3
    coil_w = course.coil_w[:, zones].sum(axis=1)
    radiator_w = course.radiator_w[:, zones].sum(axis=1)
    tapping = _profile(_TAPPING, clocks.local_minute) * clocks.school_day
    hot_water_w = school.area_m2 * (_CIRCULATION_W_M2 + _HOT_WATER_W_M2 * tapping)
    arriving_w = radiator_w + coil_w + hot_water_w
    heat_w = arriving_w / (1 - habits.culvert) * run.bought
    return Power(
        use_w=use_w,
        base_w=lit.base_w,
        light_w=lit.light_w,
        appliance_w=lit.appliance_w,
        fan_w=fan_w,
        kitchen_w=kitchen_w,
        solar_w=made_w,
        import_w=np.maximum(use_w - made_w, 0),
        export_w=np.maximum(made_w - use_w, 0),
        heat_w=heat_w,
        radiator_w=radiator_w,
        coil_w=coil_w,
        hot_water_w=hot_water_w,
        culvert_w=heat_w - arriving_w,
        phase_w=uneven_w[:, None] * np.array(habits.phases) + even_w[:, None],
    )


def join_powers(parts: Sequence[Power]) -> Power:
    """The powers of all schools side by side, ``(1440, S)`` and ``(1440, S, 3)``."""
    names = Power.__dataclass_fields__
    return Power(**{name: np.stack([getattr(part, name) for part in parts], axis=1) for name in names})


def join_drives(parts: Sequence[Drive]) -> Drive:
    """The drives of all schools side by side; outdoors stay ``(1440, 1)`` where all have the same weather."""
    joined = {}
    for name in Drive.__dataclass_fields__:
        values = [getattr(part, name) for part in parts]
        if name.startswith("outdoor_"):
            shared = all(np.may_share_memory(value, values[0]) for value in values)
            widths = [part.co2_m3_s.shape[1] for part in parts]
            values = values[:1] if shared else [v.repeat(w, 1) for v, w in zip(values, widths, strict=True)]
        joined[name] = values[0] if len(values) == 1 else np.concatenate(values, axis=1)
    return Drive(**joined)


@dataclass(frozen=True)
class Registers:
    """Registers at the borders of the day's minutes, ``(1441, S)`` since the first day."""

    use_kwh: Floats
    import_kwh: Floats
    export_kwh: Floats
    solar_kwh: Floats
    fan_kwh: Floats
    kitchen_kwh: Floats
    heat_kwh: Floats
    coil_kwh: Floats
    hot_water_kwh: Floats
    volume_m3: Floats  # of the network's water through the heat meter
    phase_import_kwh: Floats  # (1441, S, 3)
    phase_export_kwh: Floats

    def end(self) -> Registers:
        """The last border alone."""
        return Registers(**{name: getattr(self, name)[-1:].copy() for name in Registers.__dataclass_fields__})


def registers(before: Registers | None, power: Power, flow_m3_h: Floats) -> Registers:
    """The registers of a day that go on from the day ``before``; they begin at zero."""
    rates = {
        name: getattr(power, name.replace("_kwh", "_w")) / 60e3
        for name in Registers.__dataclass_fields__
        if hasattr(power, name.replace("_kwh", "_w"))
    }
    rates["volume_m3"] = flow_m3_h / 60
    rates["phase_import_kwh"] = np.maximum(power.phase_w, 0) / 60e3
    rates["phase_export_kwh"] = np.maximum(-power.phase_w, 0) / 60e3
    counted = {}
    for name, rate in rates.items():
        start = np.zeros_like(rate[:1]) if before is None else getattr(before, name)[-1:]
        counted[name] = np.concatenate([start, rate]).cumsum(axis=0)
    return Registers(**counted)


def _profile(steps: tuple[tuple[int, float], ...], local_minute: NDArray[np.int64]) -> Floats:
    starts, levels = zip(*steps, strict=True)
    index = np.searchsorted(starts, local_minute, side="right") - 1
    return np.where(index >= 0, np.asarray(levels)[index], 0.0)


def _hours(steps: tuple[tuple[int, float], ...]) -> float:
    """Full-load hours of a profile."""
    return sum(level * (following - start) / 60 for (start, level), (following, _) in pairwise(steps))

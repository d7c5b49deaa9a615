"""Air against heat: what an airing, and the ventilation's setting, give in air and cost in heat.

Air that comes in cold must be warmed: Q · 1.2 kg/m³ · 1.005 kJ/kgK · (T_in - T_out). What a heat exchanger
recovers is not bought, nor what an overheated room gives away, nor anything on days on which no heating is
needed. Through a window nothing is recovered. Emissions are those of the heat bought "in our accounts", with
the factor that the site chose: not what the world avoids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.ventilation import Co2
from classroom.places import Ventilation
from classroom.quantity import Carrier
from classroom.timetable import Span

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AIR_J_M3K = 1_206.0
"""Heat capacity of air at 20 °C: 1.2 kg/m³ × 1005 J/kg K."""

HEATING_LIMIT_C = 17.0
"""At and above this outdoor temperature nothing is bought to heat (graddagar 17)."""

RECOVERY = {Ventilation.FTX: 0.75, Ventilation.VAV: 0.75}
"""Temperature efficiency of heat recovery; other systems have none. Field knowledge: rotors reach 0.7 to
0.85."""

HEAT_CARRIERS = (Carrier.DISTRICT_HEAT, Carrier.PELLETS, Carrier.GAS, Carrier.OIL, Carrier.ELECTRICITY)
"""What a school heats with: the first of these that its main meters have."""

LEAST_GAIN_1_H = 1.5
"""An airing brings at least so many changes an hour more than the ventilation."""

LEAST_FALL_PPM = 80.0
LONGEST_BREAK_S = 5_400.0
_LEAST_S, _FLOOR_PPM = 240.0, 30.0


class Airing(NamedTuple):
    """A break in which windows stood open: outdoor air beyond the ventilation's."""

    start_us: int
    end_us: int
    rate_1_h: float
    extra_m3: float


@dataclass(frozen=True)
class Exchange:
    """Air gained and heat to be bought for it. ``heat_kwh`` is None where no outdoor temperature is known;
    ``free`` says why it is 0: ``overheated`` or ``no_heating``. ``kgco2e`` is None without heat or factor."""

    extra_m3: float
    l_s_person: float | None
    heat_kwh: float | None
    free: str | None
    kgco2e: float | None
    factor: str | None


def airings(co2: Co2, lessons: Sequence[Span], rate_1_h: float, volume_m3: float) -> list[Airing]:
    """Breaks between ``lessons`` in which CO2 fell faster than the ventilation (``rate_1_h``) explains.

    The rate is that between the highest reading of the break and the lowest after it (two points, ASTM E741):
    a break is too short for a regression, and people who stay, and air that is nearly outdoors', make it too
    low, never too high.
    """
    found = []
    for (_, start), (end, _) in pairwise(lessons):
        seconds = (end - start).total_seconds()
        if not _LEAST_S <= seconds <= LONGEST_BREAK_S:
            continue
        first, last = np.searchsorted(
            co2.time_us, [round(start.timestamp() * 1e6), round(end.timestamp() * 1e6) + 1]
        )
        one = _airing(co2.time_us[first:last], co2.ppm[first:last] - co2.baseline_ppm, rate_1_h, volume_m3)
        if one is not None:
            found.append(one)
    return found


def _airing(time_us: Ints, excess_ppm: Floats, rate_1_h: float, volume_m3: float) -> Airing | None:
    if len(time_us) < 2:
        return None
    top = int(np.argmax(excess_ppm))
    low = top + int(np.argmin(excess_ppm[top:]))
    hours = float(time_us[low] - time_us[top]) / 3.6e9
    if hours * 3_600 < _LEAST_S or excess_ppm[top] - excess_ppm[low] < LEAST_FALL_PPM:
        return None
    rate = float(np.log(excess_ppm[top] / max(float(excess_ppm[low]), _FLOOR_PPM))) / hours
    if rate < rate_1_h + LEAST_GAIN_1_H:
        return None
    extra = volume_m3 * (rate - rate_1_h) * hours
    return Airing(int(time_us[top]), int(time_us[low]), rate, extra)


def exchange(
    extra_m3: float,
    seconds: float,
    people: float | None,
    indoor_c: float | None,
    outdoor_c: float | None,
    *,
    overheated_above_c: float,
    recovery: float = 0.0,
    factor: tuple[str, float] | None = None,
) -> Exchange:
    """What ``extra_m3`` of outdoor air over ``seconds`` give and cost.

    ``recovery`` is the share of heat that comes back (0 through a window), ``factor`` id and gCO2e/kWh of the
    heat bought. A room above ``overheated_above_c`` has heat to give away.
    """
    l_s = None if not people or seconds <= 0 else extra_m3 * 1_000 / seconds / people
    if indoor_c is None or outdoor_c is None:
        return Exchange(extra_m3, l_s, None, None, None, None)
    free = None
    if indoor_c > overheated_above_c:
        free = "overheated"
    elif outdoor_c >= min(HEATING_LIMIT_C, indoor_c):
        free = "no_heating"
    heat = 0.0 if free else heat_kwh(extra_m3, indoor_c, outdoor_c, recovery)
    return Exchange(
        extra_m3=extra_m3,
        l_s_person=l_s,
        heat_kwh=heat,
        free=free,
        kgco2e=None if factor is None else heat * factor[1] / 1_000,
        factor=None if factor is None else factor[0],
    )


def heat_kwh(air_m3: float, indoor_c: float, outdoor_c: float, recovery: float = 0.0) -> float:
    """Heat that warms ``air_m3`` of outdoor air to the room's temperature [kWh], after recovery."""
    return air_m3 * AIR_J_M3K * max(0.0, indoor_c - outdoor_c) * (1 - recovery) / 3.6e6


def recovery_of(system: Ventilation | None) -> float:
    """Share of the heat in extracted air that the system brings back."""
    return 0.0 if system is None else RECOVERY.get(system, 0.0)

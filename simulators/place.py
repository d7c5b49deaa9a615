"""The air at the sensor: a spot on one wall, neither the room's mean nor without delay.

CO2 there is the room's mean with its excess over outdoors scaled by the spot (near the breath of a class or
near the supply air) and delayed by mixing, the housing and the instrument; temperature is drawn towards the
wall it hangs on. The models of ``analytics`` know nothing of this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.chance import stream
from simulators.physics import Course, Floats, State
from simulators.weather import saturation_g_m3


@dataclass(frozen=True)
class Spots:
    """Where the sensors hang, one a zone (shape ``(Z,)`` each)."""

    excess: Floats  # CO2 excess at the spot to that of the room's mean
    co2_lag_min: Floats
    wall: Floats  # weight of the wall's temperature
    temperature_lag_min: Floats


def spots(seed: int, school: str, well_mixed: NDArray[np.bool_]) -> Spots:
    """The spots of a school's zones; a room that only its exhaust stirs is mixed less well."""
    rng = stream(seed, "spots", school)
    unit = rng.uniform(-1, 1, (4, well_mixed.size))
    return Spots(
        excess=1 + unit[0] * np.where(well_mixed, 0.05, 0.10),
        co2_lag_min=4.0 + 1.5 * unit[1],
        wall=0.20 + 0.10 * unit[2],
        temperature_lag_min=8.0 + 3.0 * unit[3],
    )


@dataclass(frozen=True)
class Place:
    """Air at the sensors at the borders of the minutes, ``(1441, Z)`` each."""

    co2_ppm: Floats
    temperature_c: Floats
    humidity_pct: Floats

    def end(self) -> Place:
        """The last border alone."""
        return Place(self.co2_ppm[-1:].copy(), self.temperature_c[-1:].copy(), self.humidity_pct[-1:].copy())


def start_place(state: State) -> Place:
    """Sensors that have hung in still air for long: what they say is the room's mean."""
    humidity = np.minimum(100 * state.vapour_g_m3 / saturation_g_m3(state.air_c), 100)
    return Place(state.co2_ppm[None], state.air_c[None], humidity[None])


def at_sensors(spots: Spots, before: Place, course: Course, outdoor_co2_ppm: Floats) -> Place:
    """A day at the sensors; ``before`` is the day before (its last border is where this one begins)."""
    outdoor = outdoor_co2_ppm if outdoor_co2_ppm.ndim == 2 else outdoor_co2_ppm[:, None]
    near = outdoor + spots.excess * (course.co2_ppm - outdoor)
    touched = course.air_c + spots.wall * (course.mass_c - course.air_c)
    co2 = lagged(before.co2_ppm[-1], near, spots.co2_lag_min)
    temperature = lagged(before.temperature_c[-1], touched, spots.temperature_lag_min)
    humidity = np.minimum(100 * course.vapour_g_m3 / saturation_g_m3(temperature[1:]), 100)
    return Place(co2, temperature, np.concatenate([before.humidity_pct[-1:], humidity]))


def lagged(start: Floats, series: Floats, lag_min: Floats) -> Floats:
    """First-order response with time constant ``lag_min`` to ``series`` ``(n, Z)``, at its n + 1 borders.

    A recurrence y = k y + (1 - k) x, solved by doubling: after the step ``reach`` each value holds the
    weights of twice as many before it.
    """
    keep = np.exp(-1 / lag_min)
    response = np.concatenate([start[None], (1 - keep) * series])
    reach = 1
    while reach < len(response):
        response[reach:] = response[reach:] + keep**reach * response[:-reach]
        reach *= 2
    return response

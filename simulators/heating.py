"""A school's district heating: the curve of its supply temperature, and what its heat meter sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.physics import Floats
from simulators.weather import WeatherDay

SUMMER_C = 15.0
"""Mean of the day before above which the radiators' pump stands still."""

_DESIGN_OUTDOOR_C = -12.0
_KWH_M3K = 1.16  # water at district heating temperatures
_STANDING_FLOW_M3_H = 0.02  # hot water's circulation never stops


def radiator_share(weather: WeatherDay, curve: float) -> Floats:
    """Share of the radiators' largest output that the supply temperature allows, ``(1440,)``.

    The curve rises as it gets colder; ``curve`` 1 is set right, above 1 warmer than needed.
    """
    colder = (17.5 - weather.temperature_c) / (17.5 - _DESIGN_OUTDOOR_C)
    share = np.clip(curve * colder * 1.2 + 0.1, 0, 1)
    return np.asarray(np.where(weather.mean_24h_c > SUMMER_C, 0.0, share))


@dataclass(frozen=True)
class Substation:
    """What the heat meter sees of the network's water, means of the minute, ``(1440,)`` or ``(1440, S)``."""

    flow_m3_h: Floats
    flow_temperature_c: Floats
    return_temperature_c: Floats


def substation(heat_w: Floats, area_m2: float, weather: WeatherDay) -> Substation:
    """The water that carries ``heat_w``: power = flow x 1.16 kWh/m³K x (flow - return temperature).

    The network's temperature follows outdoors: 68 °C in summer, 95 °C in hard frost. The return is the
    warmer the harder the exchanger works, and warm when nothing but circulation is drawn.
    """
    outdoor = weather.temperature_c
    supply = 68 + 27 * np.clip((8 - outdoor) / 20, 0, 1)
    load = np.minimum(heat_w / (55.0 * area_m2), 1.2)
    back = 36 + 12 * load + 10 * np.exp(-load / 0.03)
    flow = np.maximum(heat_w / 1000 / (_KWH_M3K * (supply - back)), _STANDING_FLOW_M3_H)
    # Where the least flow is more than the heat needs, the water comes back warmer.
    back = supply - heat_w / 1000 / (_KWH_M3K * flow)
    return Substation(flow, supply, back)

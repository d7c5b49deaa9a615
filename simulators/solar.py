"""What solar cells on a roof make."""

from __future__ import annotations

import numpy as np

from simulators.physics import Floats
from simulators.scenario import Solar
from simulators.weather import WeatherDay

_SYSTEM_SHARE = 0.86  # inverter, cables, dirt
_LOSS_PER_K = 0.004  # of crystalline silicon above 25 °C
_WARMER_K_PER_W_M2 = 0.025  # a module on a roof above the air
_ALBEDO = 0.2


def on_plane_w_m2(weather: WeatherDay, tilt_rad: float, facing_rad: float) -> Floats:
    """Irradiance on a tilted plane: beam by its angle, other light by the part of the view it fills.

    The clearer the sky, the more of the light is beam (as in :mod:`simulators.drive`, which does windows).
    """
    height = np.maximum(np.sin(weather.sun_elevation_rad), 0.0)
    beam_share = np.clip(weather.irradiance_w_m2 / (1000 * np.maximum(height, 0.05)) - 0.2, 0, 0.8)
    towards = height * np.cos(tilt_rad) + np.cos(weather.sun_elevation_rad) * np.sin(tilt_rad) * np.cos(
        weather.sun_azimuth_rad - facing_rad
    )
    beam = beam_share * np.maximum(towards, 0) / np.maximum(height, 0.08)
    sky = (1 - beam_share) * (1 + np.cos(tilt_rad)) / 2 + _ALBEDO * (1 - np.cos(tilt_rad)) / 2
    return np.asarray(np.minimum(weather.irradiance_w_m2 * (beam + sky), 1200.0))


def solar_w(plant: Solar, weather: WeatherDay) -> Floats:
    """Power of a plant behind its inverter [W], a value a minute."""
    plane = on_plane_w_m2(weather, np.radians(plant.tilt_deg), np.radians(plant.facing_deg))
    module_c = weather.temperature_c + _WARMER_K_PER_W_M2 * plane
    output = plane * (1 - _LOSS_PER_K * (module_c - 25)) * _SYSTEM_SHARE * plant.peak_kw
    return np.asarray(np.clip(output, 0, 1000 * plant.peak_kw))

"""The physics of rooms: CO2, water vapour and heat in 1-minute steps, all zones side by side.

Air exchange, heat gains and weather are constant within a minute, controllers (thermostat, damper) within a
block of five; between their steps the balances are linear, so every minute is solved exactly, and what flows
in a minute is taken from the exact mean of that minute. That is why the balances close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classroom.places import AgeGroup
from simulators.weather import MINUTES, saturation_g_m3

Floats = NDArray[np.float64]

BLOCK_MIN = 5  # controllers act once a block
STEP_S = 60.0
AIR_J_M3K = 1206.0  # heat capacity of air per volume (1.2 kg/m³ x 1005 J/kg K)
AIR_HEAT_FACTOR = 5.0  # air node = air, furniture and the first millimetres of walls
SUPPLY_C = 18.0  # set point of the supply air's heating coil
BYPASS_ABOVE_C = 15.0  # outdoors: heat recovery is bypassed to cool
DAMPER_LOW_PPM, DAMPER_HIGH_PPM, DAMPER_MIN = 600.0, 900.0, 0.3  # demand control
THERMOSTAT_BAND_K = 1.5
VALVE_LAG = 0.3  # share of the way to its target that a valve or damper moves in a block

_G_L_S: dict[AgeGroup, tuple[float, float, float, float]] = {
    # Persily & de Jonge (2017), Table 4, L/s at 0 °C and 101 kPa: M and F at the two activity levels nearest
    # to the group's: pupils 1.2 and 1.4 met (seated class), adults 1.6 and 2.0 met (a teacher on her feet).
    AgeGroup.AGE_3_5: (0.0023, 0.0026, 0.0021, 0.0024),
    AgeGroup.AGE_6_10: (0.0030, 0.0035, 0.0027, 0.0032),
    AgeGroup.AGE_11_15: (0.0041, 0.0048, 0.0035, 0.0041),
    AgeGroup.AGE_16_20: (0.0045, 0.0053, 0.0036, 0.0042),
    AgeGroup.ADULT: (0.0061, 0.0076, 0.0047, 0.0059),
}


def co2_generation_m3_s(group: AgeGroup) -> float:
    """CO2 that one person of ``group`` gives off at 22 °C [m³/s]; half are boys, half girls."""
    return sum(_G_L_S[group]) / 4 / 1000 * (273 + 22) / 273


@dataclass(frozen=True)
class Zones:
    """What does not change: one value a zone (shape ``(Z,)``)."""

    volume_m3: Floats
    fan_m3_s: Floats  # mechanical flow when its fan runs at full speed
    demand_controlled: NDArray[np.bool_]
    preheated: NDArray[np.bool_]  # supply air passes a coil (FT, FTX, VAV)
    recovery: Floats  # temperature efficiency 0-1
    air_j_k: Floats
    mass_j_k: Floats
    air_mass_w_k: Floats
    air_out_w_k: Floats  # windows and doors
    mass_out_w_k: Floats  # walls, roof, floor
    radiator_w: Floats  # largest output at the design outdoor temperature


@dataclass(frozen=True)
class State:
    """What passes from one day to the next (shape ``(Z,)`` each)."""

    co2_ppm: Floats
    vapour_g_m3: Floats
    air_c: Floats
    mass_c: Floats
    valve: Floats  # 0-1
    damper: Floats  # 0-1


@dataclass(frozen=True)
class Drive:
    """What acts on the zones in a day: ``(1440,)`` outdoors, ``(1440, Z)`` inside."""

    outdoor_c: Floats
    outdoor_vapour_g_m3: Floats
    outdoor_co2_ppm: Floats
    co2_m3_s: Floats
    vapour_g_s: Floats
    gain_air_w: Floats  # people, lamps, appliances
    gain_mass_w: Floats  # sun on surfaces
    natural_m3_s: Floats  # infiltration, stack, open windows
    fan_share: Floats  # 0-1 by schedule
    setpoint_c: Floats
    heating: Floats  # output of the radiators that the supply temperature allows, 0-1


@dataclass(frozen=True)
class Course:
    """A day of the zones, ``(1440, Z)``: levels at the end of each minute, flows as its mean."""

    start: State
    co2_ppm: Floats
    vapour_g_m3: Floats
    air_c: Floats
    mass_c: Floats
    co2_mean_ppm: Floats
    air_mean_c: Floats
    fan_m3_s: Floats
    flow_m3_s: Floats
    radiator_w: Floats
    coil_w: Floats
    loss_w: Floats  # to the outside: transmission and ventilation after recovery

    def relative_humidity_pct(self) -> Floats:
        """Relative humidity at the end of each minute, at most 100 %."""
        return np.asarray(np.minimum(100 * self.vapour_g_m3 / saturation_g_m3(self.air_c), 100))


def relax(start: Floats, equilibrium: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Exact course of ``dx/dt = rate (equilibrium - x)`` over steps within which both are constant.

    ``rate`` is per step, ``(n, Z)``; gives x at the end of each step and its mean within it, ``(n, Z)`` each.
    For a few steps at a time: the running product of decays must not underflow.
    """
    kept = np.exp(-rate)
    decay = kept.cumprod(axis=0)
    gone = 1 - kept
    ends = decay * (start + (equilibrium * gone / decay).cumsum(axis=0))
    starts = np.concatenate([start[None], ends[:-1]])
    return ends, equilibrium + (starts - equilibrium) * gone / rate


def run_day(zones: Zones, state: State, drive: Drive) -> tuple[State, Course]:
    """The zones through one day: the state at its end and its course."""
    blocks: list[tuple[Floats, ...]] = []
    now = state
    for first in range(0, MINUTES, BLOCK_MIN):
        now, block = _run_block(zones, now, drive, slice(first, first + BLOCK_MIN))
        blocks.append(block)
    return now, Course(state, *(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _run_block(zones: Zones, state: State, drive: Drive, span: slice) -> tuple[State, tuple[Floats, ...]]:
    valve, damper = _controllers(zones, state, drive, span.start)
    fan = zones.fan_m3_s * drive.fan_share[span] * damper  # a damper without control stands open
    flow = fan + drive.natural_m3_s[span]
    exchange = flow * (STEP_S / zones.volume_m3)

    co2, co2_mean = relax(
        state.co2_ppm, drive.outdoor_co2_ppm[span, None] + 1e6 * drive.co2_m3_s[span] / flow, exchange
    )
    vapour, _ = relax(
        state.vapour_g_m3, drive.outdoor_vapour_g_m3[span, None] + drive.vapour_g_s[span] / flow, exchange
    )

    outdoor = drive.outdoor_c[span, None]
    recovery = np.where((outdoor > BYPASS_ABOVE_C) & (state.air_c > 21.5), 0.0, zones.recovery)
    recovered_c = outdoor + recovery * (state.air_c - outdoor)
    coil_lift_k = np.where(zones.preheated, np.maximum(SUPPLY_C - recovered_c, 0), 0.0)
    radiator_w = valve * zones.radiator_w * drive.heating[span]
    fan_w_k, natural_w_k = AIR_J_M3K * fan, AIR_J_M3K * drive.natural_m3_s[span]
    # To the air the mass stands still within a block; what the air gives it is counted and handed over.
    total_w_k = fan_w_k + natural_w_k + zones.air_out_w_k + zones.air_mass_w_k
    source_w = (
        fan_w_k * (recovered_c + coil_lift_k)
        + (natural_w_k + zones.air_out_w_k) * outdoor
        + zones.air_mass_w_k * state.mass_c
        + radiator_w
        + drive.gain_air_w[span]
    )
    air, air_mean = relax(state.air_c, source_w / total_w_k, total_w_k * (STEP_S / zones.air_j_k))
    to_mass_w = zones.air_mass_w_k * (air_mean - state.mass_c)
    mass_loss_w = zones.mass_out_w_k * (state.mass_c - outdoor)
    kept_w = to_mass_w + drive.gain_mass_w[span] - mass_loss_w
    mass = state.mass_c + kept_w.cumsum(axis=0) * (STEP_S / zones.mass_j_k)
    loss_w = (
        mass_loss_w
        + (zones.air_out_w_k + natural_w_k) * (air_mean - outdoor)
        + fan_w_k * (air_mean - recovered_c)
    )
    coil_w = fan_w_k * coil_lift_k
    end = State(co2[-1], vapour[-1], air[-1], mass[-1], valve, damper)
    return end, (co2, vapour, air, mass, co2_mean, air_mean, fan, flow, radiator_w, coil_w, loss_w)


def _controllers(zones: Zones, state: State, drive: Drive, minute: int) -> tuple[Floats, Floats]:
    """Valve and damper for the next block: proportional to the deviation, with a lag."""
    wish = _share((drive.setpoint_c[minute] - state.air_c) / THERMOSTAT_BAND_K + 0.5)
    valve = state.valve + VALVE_LAG * (wish - state.valve)
    need = _share((state.co2_ppm - DAMPER_LOW_PPM) / (DAMPER_HIGH_PPM - DAMPER_LOW_PPM))
    target = DAMPER_MIN + (1 - DAMPER_MIN) * need
    damper = state.damper + VALVE_LAG * (target - state.damper)
    return valve, np.where(zones.demand_controlled, damper, 1.0)


def _share(value: Floats) -> Floats:
    """Held between 0 and 1 (np.clip takes three times as long on a few zones)."""
    return np.asarray(np.minimum(np.maximum(value, 0.0), 1.0))

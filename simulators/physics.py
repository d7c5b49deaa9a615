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
    hub: NDArray[np.int64]  # the zone behind the door: the rest of the building, the last of each school
    mixing: Floats  # CO2 of the extracted air to that of the room, both above the supply air's
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
    """What acts on the zones in a day, ``(1440, Z)``; outdoors ``(1440, 1)`` where all have one weather."""

    outdoor_c: Floats
    outdoor_vapour_g_m3: Floats
    outdoor_co2_ppm: Floats
    co2_m3_s: Floats
    vapour_g_s: Floats
    gain_air_w: Floats  # people, lamps, appliances
    gain_mass_w: Floats  # sun on surfaces
    natural_m3_s: Floats  # infiltration, stack, open windows
    door_m3_s: Floats  # exchanged with the hub
    transmission: Floats  # share of the walls' losses that is left
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
    flow_m3_s: Floats  # outdoor air: fan and natural
    radiator_w: Floats
    coil_w: Floats
    loss_w: Floats  # to the outside: transmission and ventilation after recovery
    door_w: Floats  # heat that came through the door
    door_co2_m3_s: Floats  # CO2 that came through the door

    def relative_humidity_pct(self) -> Floats:
        """Relative humidity at the end of each minute, at most 100 %."""
        return np.asarray(np.minimum(100 * self.vapour_g_m3 / saturation_g_m3(self.air_c), 100))


def relax(start: Floats, equilibrium: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Exact course of ``dx/dt = rate (equilibrium - x)`` over steps within which both are constant.

    ``rate`` is per step, ``(…, n, Z)``, ``start`` is ``(…, Z)``; gives x at the end of each step and its
    mean, ``(…, n, Z)`` each. For a few steps at a time: the running product of decays must not underflow.
    """
    kept = np.exp(-rate)
    decay = kept.cumprod(axis=-2)
    borders = np.empty((*rate.shape[:-2], rate.shape[-2] + 1, rate.shape[-1]))
    borders[..., 0, :] = start
    borders[..., 1:, :] = decay * (start[..., None, :] + ((1 - kept) / decay * equilibrium).cumsum(axis=-2))
    ends = borders[..., 1:, :]
    return ends, equilibrium - (ends - borders[..., :-1, :]) / rate


@dataclass(frozen=True)
class _Known:
    """What of the balances is known before the day begins: by block, ``(288, 5, Z)``, doors ``(288, Z)``."""

    outdoor_c: Floats
    outdoor_co2: Floats  # ppm
    outdoor_vapour_g_m3: Floats
    fan_m3_s: Floats  # before dampers
    natural_m3_s: Floats
    natural_co2: Floats  # ppm m³/s that come in with natural air and from people
    natural_vapour_g_s: Floats
    out_w_k: Floats  # natural air, windows and doors, and to the mass
    out_w: Floats  # what comes in through them at outdoor temperature, and gains
    mass_out_w_k: Floats
    gain_mass_w: Floats
    radiator_w: Floats  # with open valves
    door_m3_s: Floats
    setpoint_c: Floats  # (288, Z)
    warm_out: list[bool]


def _known(zones: Zones, drive: Drive) -> _Known:
    out_w_k = AIR_J_M3K * drive.natural_m3_s + zones.air_out_w_k * drive.transmission
    natural = drive.natural_m3_s
    parts = {
        "outdoor_c": drive.outdoor_c,
        "outdoor_co2": drive.outdoor_co2_ppm,
        "outdoor_vapour_g_m3": drive.outdoor_vapour_g_m3,
        "fan_m3_s": zones.fan_m3_s * drive.fan_share,
        "natural_m3_s": natural,
        "natural_co2": natural * drive.outdoor_co2_ppm + 1e6 * drive.co2_m3_s,
        "natural_vapour_g_s": natural * drive.outdoor_vapour_g_m3 + drive.vapour_g_s,
        "out_w_k": out_w_k + zones.air_mass_w_k,
        "out_w": out_w_k * drive.outdoor_c + drive.gain_air_w,
        "mass_out_w_k": zones.mass_out_w_k * drive.transmission,
        "gain_mass_w": drive.gain_mass_w,
        "radiator_w": zones.radiator_w * drive.heating,
    }
    blocks = {name: part.reshape(-1, BLOCK_MIN, part.shape[1]) for name, part in parts.items()}
    warm_out = np.asarray((blocks["outdoor_c"] > BYPASS_ABOVE_C).any(axis=(1, 2)))
    return _Known(
        **blocks,
        door_m3_s=drive.door_m3_s.reshape(-1, BLOCK_MIN, zones.hub.size).mean(axis=1),
        setpoint_c=drive.setpoint_c[::BLOCK_MIN],
        warm_out=[bool(warm) for warm in warm_out],
    )


class _Doors:
    """Which zone lies behind each zone's door; zones of a school stand together, its hub is the last."""

    def __init__(self, hub: NDArray[np.int64]) -> None:
        self._hub = hub
        self._hubs = np.unique(hub)
        self._firsts = np.concatenate([[0], self._hubs[:-1] + 1])

    def exchange(self, levels: Floats, flow_m3_s: Floats) -> Floats:
        """CO2 [ppm m³/s], vapour [g/s] and heat [W] that come through each zone's door, ``(3, Z)``.

        What a room gets its hub loses, to the last digit: nothing is made or lost in a doorway.
        """
        carried = flow_m3_s * (levels[:, self._hub] - levels)
        carried[2] *= AIR_J_M3K
        carried[:, self._hubs] = -np.add.reduceat(carried, self._firsts, axis=1)
        return carried


@dataclass
class _Now:
    """The state as the loop carries it: CO2, vapour and air temperature stand in ``levels``, ``(3, Z)``."""

    levels: Floats
    mass_c: Floats
    valve: Floats
    damper: Floats


_FLOWS = ("mass_c", "fan_m3_s", "flow_m3_s", "radiator_w", "coil_w", "loss_w")


def run_day(zones: Zones, state: State, drive: Drive) -> tuple[State, Course]:
    """The zones through one day: the state at its end and its course."""
    known, doors = _known(zones, drive), _Doors(zones.hub)
    now = _Now(
        np.stack([state.co2_ppm, state.vapour_g_m3, state.air_c]), state.mass_c, state.valve, state.damper
    )
    blocks, count = MINUTES // BLOCK_MIN, zones.hub.size
    levels, means = np.empty((2, blocks, 3, BLOCK_MIN, count))
    flows = np.empty((len(_FLOWS), blocks, BLOCK_MIN, count))
    through = np.empty((blocks, 3, count))
    for block in range(blocks):
        through[block] = doors.exchange(now.levels, known.door_m3_s[block])
        levels[block], means[block] = _run_block(zones, now, known, block, through[block], flows[:, block])
    (co2, vapour, air), (co2_mean, _, air_mean) = (
        part.swapaxes(0, 1).reshape(3, MINUTES, count) for part in (levels, means)
    )
    passed = through.repeat(BLOCK_MIN, axis=0)
    co2_end, vapour_end, air_end = now.levels
    end = State(co2_end, vapour_end, air_end, now.mass_c, now.valve, now.damper)
    return end, Course(
        start=state,
        co2_ppm=co2,
        vapour_g_m3=vapour,
        air_c=air,
        co2_mean_ppm=co2_mean,
        air_mean_c=air_mean,
        door_w=passed[:, 2],
        door_co2_m3_s=passed[:, 0] / 1e6,
        **dict(zip(_FLOWS, flows.reshape(len(_FLOWS), MINUTES, count), strict=True)),
    )


def _run_block(
    zones: Zones, now: _Now, known: _Known, block: int, through: Floats, flows: Floats
) -> tuple[Floats, Floats]:
    """Five minutes: moves ``now``, fills ``flows`` and gives levels at the minutes' ends and their means."""
    _controllers(zones, now, known.setpoint_c[block])
    outdoor, natural = known.outdoor_c[block], known.natural_m3_s[block]
    air_c = now.levels[2]
    fan = known.fan_m3_s[block] * now.damper  # a damper without control stands open
    stirred = fan * zones.mixing  # the part of the fans' air that carries the room's own
    leaving = stirred + natural
    exchange = leaving * (STEP_S / zones.volume_m3)

    recovery = zones.recovery
    if known.warm_out[block]:
        recovery = np.where((outdoor > BYPASS_ABOVE_C) & (air_c > 21.5), 0.0, recovery)
    recovered_c = outdoor + recovery * (air_c - outdoor)
    coil_lift_k = np.maximum(SUPPLY_C - recovered_c, 0) * zones.preheated
    fan_w_k = AIR_J_M3K * fan
    coil_w = fan_w_k * coil_lift_k
    radiator_w = now.valve * known.radiator_w[block]
    # To the air the mass stands still within a block; what the air gives it is counted and handed over.
    total_w_k = fan_w_k + known.out_w_k[block]
    to_air_w = known.out_w[block] + fan_w_k * recovered_c + coil_w + radiator_w
    to_air_w += zones.air_mass_w_k * now.mass_c + through[2]

    equilibrium, rate = np.empty((2, 3, *fan.shape))
    equilibrium[0] = (stirred * known.outdoor_co2[block] + known.natural_co2[block] + through[0]) / leaving
    equilibrium[1] = (
        stirred * known.outdoor_vapour_g_m3[block] + known.natural_vapour_g_s[block] + through[1]
    ) / leaving
    equilibrium[2] = to_air_w / total_w_k
    rate[:2] = exchange
    rate[2] = total_w_k * (STEP_S / zones.air_j_k)
    ends, means = relax(now.levels, equilibrium, rate)

    air_mean = means[2]
    mass_loss_w = known.mass_out_w_k[block] * (now.mass_c - outdoor)
    kept_w = zones.air_mass_w_k * (air_mean - now.mass_c) + known.gain_mass_w[block] - mass_loss_w
    flows[0] = now.mass_c + kept_w.cumsum(axis=0) * (STEP_S / zones.mass_j_k)
    flows[1], flows[2], flows[3], flows[4] = fan, fan + natural, radiator_w, coil_w
    out_w_k = known.out_w_k[block] - zones.air_mass_w_k
    flows[5] = mass_loss_w + out_w_k * (air_mean - outdoor) + fan_w_k * (air_mean - recovered_c)
    now.levels, now.mass_c = ends[:, -1], flows[0, -1]
    return ends, means


def _controllers(zones: Zones, now: _Now, setpoint_c: Floats) -> None:
    """Valve and damper for the next block: proportional to the deviation, with a lag."""
    co2_ppm, _, air_c = now.levels
    wish = _share((setpoint_c - air_c) / THERMOSTAT_BAND_K + 0.5)
    now.valve = now.valve + VALVE_LAG * (wish - now.valve)
    need = _share((co2_ppm - DAMPER_LOW_PPM) / (DAMPER_HIGH_PPM - DAMPER_LOW_PPM))
    target = DAMPER_MIN + (1 - DAMPER_MIN) * need
    damper = now.damper + VALVE_LAG * (target - now.damper)
    now.damper = np.where(zones.demand_controlled, damper, 1.0)


def _share(value: Floats) -> Floats:
    """Held between 0 and 1 (np.clip takes three times as long on a few zones)."""
    return np.asarray(np.minimum(np.maximum(value, 0.0), 1.0))

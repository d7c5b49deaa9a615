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
    """What of the balances is known before the day begins, by block: ``(288, 5, Z)`` if not said otherwise.

    ``carried`` and ``outdoor`` hold CO2 and vapour, ``(288, 2, 5, Z)``; controllers hold valve and damper.
    """

    outdoor_c: Floats
    outdoor: Floats  # ppm, g/m³
    carried: Floats  # ppm m³/s and g/s that come in with natural air and from people
    fan_w_k: Floats  # before dampers
    natural_m3_s: Floats
    out_w_k: Floats  # natural air, windows and doors, and to the mass
    out_w: Floats  # what comes in through them at outdoor temperature, and gains
    mass_out_w_k: Floats
    gain_mass_w: Floats
    radiator_w: Floats  # with open valves
    door_m3_s: Floats  # (288, Z)
    wish: Floats  # (288, 2, Z): where the controllers would go at 0 °C and 0 ppm
    warm_out: list[bool]


def _known(zones: Zones, drive: Drive) -> _Known:
    natural, outdoor_c = drive.natural_m3_s, drive.outdoor_c
    out_w_k = AIR_J_M3K * natural + zones.air_out_w_k * drive.transmission

    def blocks(part: Floats) -> Floats:
        return part.reshape(-1, BLOCK_MIN, part.shape[1])

    co2 = natural * drive.outdoor_co2_ppm + 1e6 * drive.co2_m3_s
    vapour = natural * drive.outdoor_vapour_g_m3 + drive.vapour_g_s
    valve = drive.setpoint_c[::BLOCK_MIN] / THERMOSTAT_BAND_K + 0.5
    damper = DAMPER_MIN - (1 - DAMPER_MIN) * DAMPER_LOW_PPM / (DAMPER_HIGH_PPM - DAMPER_LOW_PPM)
    warm_out = blocks(outdoor_c).max(axis=(1, 2)) > BYPASS_ABOVE_C
    return _Known(
        outdoor_c=blocks(outdoor_c),
        outdoor=np.stack([blocks(drive.outdoor_co2_ppm), blocks(drive.outdoor_vapour_g_m3)], axis=1),
        carried=np.stack([blocks(co2), blocks(vapour)], axis=1),
        fan_w_k=blocks(AIR_J_M3K * zones.fan_m3_s * drive.fan_share),
        natural_m3_s=blocks(natural),
        out_w_k=blocks(out_w_k + zones.air_mass_w_k),
        out_w=blocks(out_w_k * outdoor_c + drive.gain_air_w),
        mass_out_w_k=blocks(zones.mass_out_w_k * drive.transmission),
        gain_mass_w=blocks(drive.gain_mass_w),
        radiator_w=blocks(zones.radiator_w * drive.heating),
        door_m3_s=blocks(drive.door_m3_s).mean(axis=1),
        wish=np.stack([valve, np.full(valve.shape, damper)], axis=1),
        warm_out=np.atleast_1d(warm_out).tolist(),
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


class _Loop:
    """The zones on their way through a day, five minutes at a time.

    ``levels`` holds CO2, vapour and air temperature, ``(3, Z)``, ``opened`` valve and damper, ``(2, Z)``.
    Only what decides the next block is computed here; what follows from it, for the whole day after.
    """

    def __init__(self, zones: Zones, state: State, known: _Known) -> None:
        self._zones, self._known, self._doors = zones, known, _Doors(zones.hub)
        self.levels = np.stack([state.co2_ppm, state.vapour_g_m3, state.air_c])
        self.mass_c = state.mass_c
        self.opened = np.stack([state.valve, state.damper])
        # Both controllers are straight lines between two ends; a damper without control has one end: open.
        per_ppm = (1 - DAMPER_MIN) / (DAMPER_HIGH_PPM - DAMPER_LOW_PPM)
        self._slope = np.array([[-1 / THERMOSTAT_BAND_K], [per_ppm]])
        always_open = np.where(zones.demand_controlled, DAMPER_MIN, 1.0)
        self._least = np.stack([np.zeros(always_open.size), always_open])
        self._stirred = zones.mixing / AIR_J_M3K  # the part of the fans' air that carries the room's own
        self._supply_c = np.where(zones.preheated, SUPPLY_C, -np.inf)
        self._per_volume = STEP_S / zones.volume_m3
        self._per_air = STEP_S / zones.air_j_k
        self._per_mass = STEP_S / zones.mass_j_k
        self._rate, self._equilibrium = np.empty((2, 3, BLOCK_MIN, zones.hub.size))

    def block(self, number: int, done: _Done) -> None:
        """One block: moves the state and writes it down in ``done``."""
        zones, known = self._zones, self._known
        through = done.through[number] = self._doors.exchange(self.levels, known.door_m3_s[number])
        target = np.minimum(
            np.maximum(self._slope * self.levels[2::-2] + known.wish[number], self._least), 1.0
        )
        self.opened = self.opened + VALVE_LAG * (target - self.opened)
        done.valve[number], done.mass_start_c[number] = self.opened[0], self.mass_c
        valve, damper = self.opened

        outdoor_c, air_c = known.outdoor_c[number], self.levels[2]
        recovery = zones.recovery
        if known.warm_out[number]:
            recovery = np.where((outdoor_c > BYPASS_ABOVE_C) & (air_c > 21.5), 0.0, recovery)
        fan_w_k = np.multiply(known.fan_w_k[number], damper, out=done.fan_w_k[number])
        recovered_c = np.add(outdoor_c, recovery * (air_c - outdoor_c), out=done.recovered_c[number])
        stirred = fan_w_k * self._stirred
        leaving = stirred + known.natural_m3_s[number]
        # To the air the mass stands still within a block; what the air gives it is counted and handed over.
        total_w_k = fan_w_k + known.out_w_k[number]
        to_air_w = known.out_w[number] + fan_w_k * np.maximum(recovered_c, self._supply_c)
        to_air_w += valve * known.radiator_w[number] + (zones.air_mass_w_k * self.mass_c + through[2])

        rate, equilibrium = self._rate, self._equilibrium
        rate[:2] = leaving * self._per_volume
        rate[2] = total_w_k * self._per_air
        equilibrium[:2] = (
            stirred * known.outdoor[number] + known.carried[number] + through[:2, None]
        ) / leaving
        equilibrium[2] = to_air_w / total_w_k
        ends, means = relax(self.levels, equilibrium, rate)
        done.levels[number], done.means[number] = ends, means

        kept_w = zones.air_mass_w_k * (means[2] - self.mass_c) + known.gain_mass_w[number]
        kept_w -= known.mass_out_w_k[number] * (self.mass_c - outdoor_c)
        mass = done.mass_c[number] = self.mass_c + kept_w.cumsum(axis=0) * self._per_mass
        self.levels, self.mass_c = ends[:, -1], mass[-1]


class _Done:
    """What the loop wrote down, by block."""

    def __init__(self, count: int) -> None:
        blocks = MINUTES // BLOCK_MIN
        self.levels, self.means = np.empty((2, blocks, 3, BLOCK_MIN, count))
        self.mass_c, self.fan_w_k, self.recovered_c = np.empty((3, blocks, BLOCK_MIN, count))
        self.through = np.empty((blocks, 3, count))
        self.valve, self.mass_start_c = np.empty((2, blocks, count))


def run_day(zones: Zones, state: State, drive: Drive) -> tuple[State, Course]:
    """The zones through one day: the state at its end and its course."""
    known, done = _known(zones, drive), _Done(zones.hub.size)
    loop = _Loop(zones, state, known)
    for number in range(MINUTES // BLOCK_MIN):
        loop.block(number, done)
    co2_ppm, vapour_g_m3, air_c = loop.levels
    valve, damper = loop.opened
    return State(co2_ppm, vapour_g_m3, air_c, loop.mass_c, valve, damper), _course(zones, state, known, done)


def _course(zones: Zones, state: State, known: _Known, done: _Done) -> Course:
    """The day's levels and flows from what the loop wrote down."""

    def minutes(part: Floats) -> Floats:
        return part.reshape(MINUTES, -1)

    levels, means = done.levels.swapaxes(0, 1), done.means.swapaxes(0, 1)
    fan_m3_s = done.fan_w_k / AIR_J_M3K
    lift_k = np.where(zones.preheated, np.maximum(SUPPLY_C - done.recovered_c, 0), 0.0)
    outside_w_k = known.out_w_k - zones.air_mass_w_k
    loss_w = (
        known.mass_out_w_k * (done.mass_start_c[:, None] - known.outdoor_c)
        + outside_w_k * (means[2] - known.outdoor_c)
        + done.fan_w_k * (means[2] - done.recovered_c)
    )
    through = done.through.repeat(BLOCK_MIN, axis=0)
    return Course(
        start=state,
        co2_ppm=minutes(levels[0]),
        vapour_g_m3=minutes(levels[1]),
        air_c=minutes(levels[2]),
        mass_c=minutes(done.mass_c),
        co2_mean_ppm=minutes(means[0]),
        air_mean_c=minutes(means[2]),
        fan_m3_s=minutes(fan_m3_s),
        flow_m3_s=minutes(fan_m3_s + known.natural_m3_s),
        radiator_w=minutes(done.valve[:, None] * known.radiator_w),
        coil_w=minutes(done.fan_w_k * lift_k),
        loss_w=minutes(loss_w),
        door_w=through[:, 2],
        door_co2_m3_s=through[:, 0] / 1e6,
    )

"""Planted faults in what a device measures and shows: pure functions of its days, called in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulators.devices import Samples, Spoil, Values, ms, unit
from simulators.fault_log import FaultLog
from simulators.faults import (
    AtDevice,
    ClockOff,
    CounterReset,
    Drift,
    MeterSwap,
    PlantedFault,
    Rollover,
    SelfCalibration,
    Sentinel,
    Spike,
    Stuck,
)

Mask = NDArray[np.bool_]

_DAY_MS = 86_400_000
MAIN_REGISTERS = ("energy_kwh", "heat_kwh", "solar_kwh")


def spoil_of(fault: PlantedFault, index: int, seed: int, log: FaultLog) -> Spoil | None:
    """What ``fault`` does to the values of its device; None where it does nothing to them."""
    wrong: _Wrong
    match fault:
        case Drift() | Spike() | Sentinel():
            wrong = _added(fault, seed)
        case Stuck():
            wrong = _Stuck(fault)
        case SelfCalibration():
            wrong = _SelfCalibrated(fault)
        case CounterReset() | MeterSwap():
            wrong = _NewRegister(ms(fault.start), fault.to_kwh)
        case Rollover():
            wrong = _RolledOver(fault)
        case ClockOff():
            return _clock_off(fault, index, log)
        case _:
            return None

    def spoil(samples: Samples, values: Values) -> tuple[Samples, Values]:
        changed, touched = wrong(samples, values)
        log.count(index, samples.time_ms[touched])
        return samples, {**values, **changed}

    return spoil


_Wrong = Callable[[Samples, Values], tuple[Values, Mask]]
"""Changed values, and which samples were touched."""


def _within(fault: AtDevice, samples: Samples) -> Mask:
    return (ms(fault.start) <= samples.time_ms) & (samples.time_ms < ms(fault.end))


def _added(fault: Drift | Spike | Sentinel, seed: int) -> _Wrong:
    """Wrong by an amount that depends on nothing but the time."""

    def wrong(samples: Samples, values: Values) -> tuple[Values, Mask]:
        touched = _within(fault, samples)
        if fault.quantity not in values:
            return {}, np.zeros_like(touched)
        given = values[fault.quantity]
        if isinstance(fault, Drift):
            days = (samples.time_ms - ms(fault.start)) / _DAY_MS
            return {fault.quantity: np.where(touched, given + fault.per_day * days, given)}, touched
        touched &= unit(samples.slot, seed + 7) < fault.share
        instead = given + fault.size if isinstance(fault, Spike) else np.full_like(given, fault.value)
        return {fault.quantity: np.where(touched, instead, given)}, touched

    return wrong


class _Stuck:
    """Repeats the values of the first sample."""

    def __init__(self, fault: Stuck) -> None:
        self._fault = fault
        self._kept: dict[str, float] = {}

    def __call__(self, samples: Samples, values: Values) -> tuple[Values, Mask]:
        touched = _within(self._fault, samples)
        keys = [key for key in values if self._fault.quantity in (None, key)]
        if not touched.any():
            return {}, touched
        first = int(np.argmax(touched))
        for key in keys:
            self._kept.setdefault(key, float(values[key][first]))
        return {key: np.where(touched, self._kept[key], values[key]) for key in keys}, touched


class _SelfCalibrated:
    """Adds what made the lowest reading of each completed period 400 ppm."""

    def __init__(self, fault: SelfCalibration) -> None:
        self._fault = fault
        self._offset_ppm = 0.0
        self._lowest_ppm = np.inf
        self._period = 0

    def __call__(self, samples: Samples, values: Values) -> tuple[Values, Mask]:
        touched = _within(self._fault, samples)
        co2 = values["co2_ppm"].copy()
        since_ms = samples.time_ms - ms(self._fault.start)
        periods = since_ms // round(self._fault.every_days * _DAY_MS)
        for period in np.unique(periods[touched]).tolist():
            if period != self._period:
                if np.isfinite(self._lowest_ppm):
                    self._offset_ppm += self._fault.baseline_ppm - self._lowest_ppm
                self._period, self._lowest_ppm = period, np.inf
            here = touched & (periods == period)
            co2[here] += self._offset_ppm
            self._lowest_ppm = min(self._lowest_ppm, float(co2[here].min()))
        return {"co2_ppm": co2}, touched


class _NewRegister:
    """Registers that begin anew at a time: the main one at ``to_kwh``, phases at a third of it."""

    def __init__(self, start_ms: int, to_kwh: float) -> None:
        self._start_ms = start_ms
        self._to_kwh = to_kwh
        self._at_start: dict[str, float] = {}
        self._before: dict[str, float] = {}

    def __call__(self, samples: Samples, values: Values) -> tuple[Values, Mask]:
        touched = samples.time_ms >= self._start_ms
        keys = _registers(values)
        if touched.any() and not self._at_start:
            first = int(np.argmax(touched))
            for key in keys:
                # The register restarts between two reports; it has counted since the one before.
                before = float(values[key][first - 1]) if first else self._before.get(key)
                self._at_start[key] = float(values[key][first]) if before is None else before
        for key in keys:
            self._before[key] = float(values[key][-1])
        if not touched.any():
            return {}, touched
        return {
            key: np.where(touched, values[key] - self._at_start[key] + self._begin(key), values[key])
            for key in keys
        }, touched

    def _begin(self, key: str) -> float:
        if key in MAIN_REGISTERS:
            return self._to_kwh
        return self._to_kwh / 3 if key in ("energy_l1_kwh", "energy_l2_kwh", "energy_l3_kwh") else 0.0


class _RolledOver:
    """A register of so many digits, which has ``left_kwh`` to go at the device's first report."""

    def __init__(self, fault: Rollover) -> None:
        self._size_kwh = 10.0**fault.digits
        self._begin_kwh = self._size_kwh - min(fault.left_kwh, self._size_kwh)
        self._first_kwh: float | None = None

    def __call__(self, _: Samples, values: Values) -> tuple[Values, Mask]:
        key = next(key for key in MAIN_REGISTERS if key in values)
        if self._first_kwh is None:
            self._first_kwh = float(values[key][0])
        counted = values[key] - self._first_kwh + self._begin_kwh
        rolled = counted >= self._size_kwh
        return {key: np.mod(counted, self._size_kwh)}, rolled


def _registers(values: Values) -> list[str]:
    return [key for key in values if key.endswith(("_kwh", "volume_m3"))]


def _clock_off(fault: ClockOff, index: int, log: FaultLog) -> Spoil:
    def spoil(samples: Samples, values: Values) -> tuple[Samples, Values]:
        touched = _within(fault, samples)
        log.count(index, samples.time_ms[touched])
        wrong = np.where(touched, samples.clock_ms + round(fault.offset_s * 1000), samples.clock_ms)
        return replace(samples, clock_ms=wrong), values

    return spoil

"""From true values to what devices say: when they sample, what they measure, in which format they report.

A device is three parts: ``measure`` takes the truth of a day at the device's moments, with its own error and
noise; planted faults falsify that (simulators.wrong_values); ``write`` rounds it to the resolution of the
format and makes messages, which planted faults lose, copy or hold up (simulators.wrong_delivery).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from classroom.places import Device
from simulators.chance import stream
from simulators.school import TownDay
from simulators.weather import MINUTES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

Values = dict[str, Floats]
"""What a device measures, by quantity key: one value a sample, before the format's resolution."""

Post = tuple[int, str, bytes, bool]
"""A message on its way: when (ms since 1970), topic, payload, retained."""

JITTER_S = 3.0  # a device's clock is not the second hand of a station
BORDERS = np.arange(MINUTES + 1, dtype=np.float64)


@dataclass(frozen=True)
class Samples:
    """When a device reports in a day: ``slot`` counts its intervals since 1970.

    ``clock_ms`` is the same by the device's own clock, which may be wrong; ``lost`` marks what no radio
    carried (a device that joins anew). ``rng`` is the day's noise.
    """

    slot: Integers
    time_ms: Integers
    clock_ms: Integers
    day_ms: int
    rng: np.random.Generator

    @property
    def minute(self) -> Floats:
        """Minutes since the day began, with fraction."""
        return (self.time_ms - self.day_ms) / 60_000

    def only(self, kept: Mask) -> Samples:
        """Those that ``kept`` marks."""
        return replace(self, slot=self.slot[kept], time_ms=self.time_ms[kept], clock_ms=self.clock_ms[kept])


def iso_ms(times_ms: Integers) -> list[bytes]:
    """Times as UTC ``YYYY-MM-DDTHH:MM:SS.mmm``."""
    texts = np.datetime_as_string(times_ms.astype("datetime64[ms]"), unit="ms")
    return list(texts.astype("S23").tolist())


Measure = Callable[[TownDay, Samples], Values]
Write = Callable[[Samples, Values], list[Post]]
Spoil = Callable[[Samples, Values], tuple[Samples, Values]]
"""A planted fault in what a device measures or shows; called for every day in order, it may remember."""


@dataclass(frozen=True)
class Instrument:
    """A device in one place."""

    placed: Device
    seed: int
    measure: Measure
    write: Write
    spoilt: tuple[Spoil, ...] = ()
    announced: tuple[Post, ...] = ()  # what a server says of the device by itself

    def posts(self, day: TownDay) -> list[Post]:
        """The day's messages as they leave the device, in time order."""
        samples = self._samples(day.start)
        hangs = self._hangs(samples.time_ms)
        if not hangs.any():
            return []
        values = self.measure(day, samples)  # of the whole day, so that noise does not hang on the placement
        if not hangs.all():
            samples = samples.only(hangs)
            values = {key: column[hangs] for key, column in values.items()}
        for spoil in self.spoilt:
            samples, values = spoil(samples, values)
        return self.write(samples, values)

    def _samples(self, start: datetime) -> Samples:
        """The moments of the reports in the UTC day at ``start``.

        Each interval of the clock holds exactly one report: at the device's own phase, give or take 3 s.
        """
        interval_ms = self.placed.interval_s * 1000
        begin_ms = ms(start)
        end_ms = begin_ms + MINUTES * 60_000
        slots = np.arange(begin_ms // interval_ms - 1, end_ms // interval_ms + 1, dtype=np.int64)
        jitter_ms = min(JITTER_S * 1000, 0.05 * interval_ms)
        phase_ms = interval_ms * (0.1 + 0.8 * float(unit(np.array([0]), self.seed)[0]))
        offset_ms = phase_ms + jitter_ms * (2 * unit(slots, self.seed) - 1)
        times_ms = slots * interval_ms + np.round(offset_ms).astype(np.int64)
        here = (begin_ms <= times_ms) & (times_ms < end_ms)
        kept = times_ms[here]
        return Samples(slots[here], kept, kept, begin_ms, stream(self.seed, "noise", start.toordinal()))

    def _hangs(self, times_ms: Integers) -> Mask:
        """When the device hangs here."""
        here = np.ones(times_ms.size, dtype=np.bool_)
        if self.placed.valid_from is not None:
            here &= times_ms >= ms(self.placed.valid_from)
        if self.placed.valid_to is not None:
            here &= times_ms < ms(self.placed.valid_to)
        return here


def ms(time: datetime) -> int:
    """Milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def unit(numbers: Integers, seed: int) -> Floats:
    """A number in [0, 1) for each of ``numbers``, so that no order of drawing matters."""
    return np.asarray((_mixed(numbers, seed) >> np.uint64(11)) / 2.0**53)


def identities(numbers: Integers, seed: int) -> list[str]:
    """32 hex digits for each of ``numbers`` that no other number has and every run gives again."""
    halves = np.stack([_mixed(numbers, seed), _mixed(numbers, seed ^ 0xFFFFFFFF)], axis=1)
    digits = halves.astype(">u8").tobytes().hex()
    return [digits[first : first + 32] for first in range(0, len(digits), 32)]


def _mixed(numbers: Integers, seed: int) -> NDArray[np.uint64]:
    """splitmix64 of each number."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))

"""From true values to what devices say: sampling, noise, resolution, registers, formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
from numpy.typing import NDArray

from classroom.places import Device, Meter, MeterRole
from classroom.quantity import Carrier
from classroom.site import overlap
from simulators.chance import stream
from simulators.lorawan import chirpstack_topic, chirpstack_up, elsys_ers_co2, tts_topic, tts_up
from simulators.school import Town, TownDay
from simulators.weather import MINUTES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_EUI = re.compile(r"^[0-9a-f]{16}$")
_NATIVE_NAME = re.compile(r"^[^/+#\x00]+$")
_JITTER_S = 3.0  # a device's clock is not the second hand of a station
_MOTIONS_PER_PERSON_MINUTE = 0.35
_BORDERS = np.arange(MINUTES + 1, dtype=np.float64)


@dataclass(frozen=True)
class Samples:
    """When a device reports in a day: ``slot`` counts its intervals since 1970, ``second`` from midnight."""

    slot: Integers
    second: Floats
    text: Sequence[str]  # UTC, ``YYYY-MM-DDTHH:MM:SS.mmm``
    rng: np.random.Generator

    @property
    def minute(self) -> Floats:
        """Minutes since the day began, with fraction."""
        return self.second / 60


Report = Callable[[TownDay, Samples], list[bytes]]


@dataclass(frozen=True)
class Instrument:
    """A device in one place: where it publishes, when, and how it turns truth into payloads."""

    placed: Device
    topic: str
    seed: int
    report: Report

    def reports(self, day: TownDay) -> list[tuple[int, bytes]]:
        """Times (ms since 1970) and payloads of the day's reports, in time order."""
        slots, times_ms = self._times(day.start)
        samples = Samples(
            slot=slots,
            second=(times_ms - int(day.start.timestamp()) * 1000) / 1000,
            text=np.datetime_as_string(times_ms.astype("datetime64[ms]"), unit="ms").tolist(),
            rng=stream(self.seed, "noise", day.start.toordinal()),
        )
        return list(zip(times_ms.tolist(), self.report(day, samples), strict=True))

    def _times(self, start: datetime) -> tuple[Integers, Integers]:
        """Slots and times of the reports in the UTC day at ``start``.

        Each interval of the clock holds exactly one report: at the device's own phase, give or take 3 s.
        """
        interval_ms = self.placed.interval_s * 1000
        begin_ms = int(start.timestamp()) * 1000
        end_ms = begin_ms + MINUTES * 60_000
        slots = np.arange(begin_ms // interval_ms - 1, end_ms // interval_ms + 1, dtype=np.int64)
        jitter_ms = min(_JITTER_S * 1000, 0.05 * interval_ms)
        phase_ms = interval_ms * float(stream(self.seed, "phase").uniform(0.1, 0.9))
        offset_ms = phase_ms + jitter_ms * (2 * _unit(slots, self.seed) - 1)
        times_ms = slots * interval_ms + np.round(offset_ms).astype(np.int64)
        here = (begin_ms <= times_ms) & (times_ms < end_ms)
        return slots[here], times_ms[here]


def instruments(town: Town) -> tuple[list[Instrument], list[tuple[str, str]]]:
    """Instruments for every placement the simulator can play, and (device, reason) for those it cannot."""
    played: list[Instrument] = []
    silent: list[tuple[str, str]] = []
    for placed in town.site.devices:
        made = _instrument(town, placed)
        if isinstance(made, Instrument):
            played.append(made)
        else:
            silent.append((placed.key, made))
    return played, silent


def _instrument(town: Town, placed: Device) -> Instrument | str:
    """The device's instrument, or why it stays silent."""
    seed = int(stream(town.scenario.seed, "device", placed.key).integers(2**32))
    name = placed.key.removeprefix(f"{placed.school}/")
    native = name != placed.key and _NATIVE_NAME.match(name) is not None
    topic = f"classroom/{placed.school}/{placed.room or placed.meter}/{name}"
    if placed.meter is not None and native:
        meter = _meter(town, placed, seed)
        return Instrument(placed, topic, seed, meter) if meter else "nothing in the town that it could count"
    if placed.room is not None and native:
        zone = town.zone_index(placed.school, placed.room)
        return Instrument(placed, topic, seed, _native_room(zone, placed, seed))
    if placed.room is not None and _EUI.match(placed.key):
        zone = town.zone_index(placed.school, placed.room)
        speaks_tts = placed.key in town.scenario.the_things_stack
        topic = tts_topic(placed.key) if speaks_tts else chirpstack_topic(placed.key)
        return Instrument(placed, topic, seed, _elsys(town, zone, placed, seed))
    return f"its key is neither {placed.school}/name nor the devEUI of a room device"


@dataclass(frozen=True)
class _RoomValues:
    """What a wall sensor measures, before its resolution."""

    co2_ppm: Floats
    temperature_c: Floats
    humidity_pct: Floats
    lux: Floats
    motions: Integers


def _measure(day: TownDay, zone: int, samples: Samples, interval_s: int, seed: int) -> _RoomValues:
    """True values at the samples with the sensor's own error and noise.

    NDIR: ±(20 ppm + 2 %) of its own and 4 ppm of noise; ±0.2 K and ±2 % RH of its own.
    """
    own = stream(seed, "error").uniform(-1, 1, 4)
    course, rng, count = day.course, samples.rng, samples.second.size
    start = course.start

    def at(before: Floats, course_of: Floats) -> Floats:
        levels = np.concatenate([before[zone : zone + 1], course_of[:, zone]])
        return np.asarray(np.interp(samples.minute, _BORDERS, levels))

    co2 = at(start.co2_ppm, course.co2_ppm) * (1 + 0.02 * own[0]) + 20 * own[1]
    humidity = np.interp(samples.minute, _BORDERS[1:], course.relative_humidity_pct()[:, zone])
    crowd = np.concatenate([[0.0], np.cumsum(day.people[:, zone])])
    person_minutes = np.interp(samples.minute, _BORDERS, crowd) - np.interp(
        samples.minute - interval_s / 60, _BORDERS, crowd
    )
    return _RoomValues(
        co2_ppm=co2 + rng.normal(0, 4, count),
        temperature_c=at(start.air_c, course.air_c) + 0.2 * own[2] + rng.normal(0, 0.03, count),
        humidity_pct=np.clip(humidity + 2 * own[3] + rng.normal(0, 0.3, count), 0, 100),
        lux=np.interp(samples.minute, _BORDERS[1:], day.lux[:, zone]) * rng.uniform(0.97, 1.03, count),
        motions=rng.poisson(_MOTIONS_PER_PERSON_MINUTE * person_minutes),
    )


def _native_room(zone: int, placed: Device, seed: int) -> Report:
    """The project's own JSON: CO2 to 1 ppm, temperature to 0.1 K, humidity to 0.1 %, motion yes or no."""

    def report(day: TownDay, samples: Samples) -> list[bytes]:
        values = _measure(day, zone, samples, placed.interval_s, seed)
        columns = (values.co2_ppm, values.temperature_c, values.humidity_pct, values.motions > 0)
        return [
            b'{"time":"%sZ","co2_ppm":%d,"temperature_c":%.1f,"humidity_pct":%.1f,"motion":%s}'
            % (text.encode(), round(co2), temperature, humidity, b"true" if moved else b"false")
            for text, co2, temperature, humidity, moved in zip(
                samples.text, *(column.tolist() for column in columns), strict=True
            )
        ]

    return report


def _elsys(town: Town, zone: int, placed: Device, seed: int) -> Report:
    """An Elsys ERS CO2 that joined on the first day, behind a network server that knows no codec."""
    tts = placed.key in town.scenario.the_things_stack
    first_slot = int(town.start.timestamp()) // placed.interval_s - 1
    name = f"ERS {placed.school} {placed.room}"
    battery_mv = 3640 - seed % 60

    def report(day: TownDay, samples: Samples) -> list[bytes]:
        values = _measure(day, zone, samples, placed.interval_s, seed)
        columns = (
            samples.slot,
            values.temperature_c,
            values.humidity_pct,
            values.lux,
            values.motions,
            values.co2_ppm,
        )
        payloads = []
        for text, slot, temperature, humidity, lux, motions, co2 in zip(
            samples.text, *(column.tolist() for column in columns), strict=True
        ):
            data = elsys_ers_co2(temperature, humidity, lux, motions, co2, battery_mv)
            f_cnt = slot - first_slot
            envelope = (
                tts_up(placed.key, text, f_cnt, data)
                if tts
                else chirpstack_up(placed.key, name, text, f_cnt, data)
            )
            payloads.append(orjson.dumps(envelope))
        return payloads

    return report


def _meter(town: Town, placed: Device, seed: int) -> Report | None:
    """A meter's registers; None where the town has nothing for it to count.

    Main meters of one carrier share the school's use equally. A sub meter counts the fans (electricity) or
    the supply-air coils (district heat). A meter shared with others shows the whole (``share``), and a device
    behind transformers shows what its ``scale`` leaves. Registers show what is complete: 0.01 kWh
    electricity, 0.1 kWh heat.
    """
    meter = next(m for m in town.site.meters_of(placed.school) if m.key == placed.meter)
    if meter.role not in (MeterRole.MAIN, MeterRole.SUB):
        return None
    main = meter.role is MeterRole.MAIN
    share = 1 / (_mains_beside(town, meter) if main else 1) / meter.share / placed.scale
    school = town.school_index(placed.school)
    first_kwh = float(stream(seed, "register").integers(20_000, 400_000))

    def electricity(day: TownDay, samples: Samples) -> list[bytes]:
        register = (day.electricity_kwh if main else day.fan_kwh)[:, school]
        power = (day.electricity_w if main else day.fan_w)[:, school]
        kwh = np.floor(100 * (first_kwh + share * np.interp(samples.minute, _BORDERS, register))) / 100
        watts = share * power[np.minimum(samples.minute.astype(np.int64), MINUTES - 1)]
        watts = watts * samples.rng.normal(1, 0.005, watts.size)
        return [
            b'{"time":"%sZ","energy_kwh":%.2f,"power_w":%d}' % (text.encode(), total, round(now))
            for text, total, now in zip(samples.text, kwh.tolist(), watts.tolist(), strict=True)
        ]

    def heat(day: TownDay, samples: Samples) -> list[bytes]:
        register = (day.heat_kwh if main else day.coil_kwh)[:, school]
        kwh = np.floor(10 * (first_kwh + share * np.interp(samples.minute, _BORDERS, register))) / 10
        return [
            b'{"time":"%sZ","heat_kwh":%.1f}' % (text.encode(), total)
            for text, total in zip(samples.text, kwh.tolist(), strict=True)
        ]

    return {Carrier.ELECTRICITY: electricity, Carrier.DISTRICT_HEAT: heat}.get(meter.carrier)


def _mains_beside(town: Town, meter: Meter) -> int:
    """Main meters of the same carrier that count at the same time as ``meter``, itself among them."""
    mains = town.site.meters_of(meter.school, meter.carrier, MeterRole.MAIN)
    together = [m for m in mains if overlap(m.valid_from, m.valid_to, meter.valid_from, meter.valid_to)]
    return len({m.key for m in together})


def _unit(numbers: Integers, seed: int) -> Floats:
    """A number in [0, 1) for each of ``numbers``: splitmix64, so that no order of drawing matters."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)) / 2.0**53)

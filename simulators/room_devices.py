"""Devices on a classroom's wall: what they measure and how they say it."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np

from classroom.places import Device
from simulators.chance import stream
from simulators.devices import (
    BORDERS,
    Floats,
    Measure,
    Post,
    Samples,
    Values,
    Write,
    identities,
    iso_ms,
    ms,
    unit,
)
from simulators.fault_log import FaultLog
from simulators.keys import Speaks, spoken
from simulators.lorawan import (
    ELSYS_PORT,
    MILESIGHT_PORT,
    chirpstack_join,
    chirpstack_topic,
    chirpstack_uplink,
    elsys_ers_co2,
    milesight_am307,
    tts_topic,
    tts_uplink,
)
from simulators.school import Town, TownDay
from simulators.zigbee2mqtt import climate_sensor

MOTIONS_PER_PERSON_MINUTE = 0.35
REJOIN_DAYS = 45
"""A LoRaWAN device joins anew about so often: its battery was changed, its session was lost."""


def co2_error(seed: int) -> tuple[float, float]:
    """A CO2 sensor's own error: by what it multiplies the true value, and what it adds [ppm]."""
    own = _own_errors(seed)
    return float(1 + 0.02 * own[0]), float(20 * own[1])


def _own_errors(seed: int) -> Floats:
    """CO2 in percent and by an offset, temperature, humidity: each in [-1, 1] of what is allowed."""
    return stream(seed, "error").uniform(-1, 1, 4)


def measure_room(zone: int, interval_s: int, seed: int) -> Measure:
    """True values at the sensor's place with its own error and noise.

    NDIR: ±(20 ppm + 2 %) of its own and 4 ppm of noise; ±0.2 K and ±2 % RH of its own, 0.03 K and 0.3 % of
    noise; light ±3 %; motions by the people of the interval.
    """
    own = _own_errors(seed)
    factor, offset_ppm = co2_error(seed)

    def measure(day: TownDay, samples: Samples) -> Values:
        rng, minute = samples.rng, samples.minute

        def at(borders: Floats) -> Floats:
            return np.interp(minute, BORDERS, borders[:, zone])

        crowd = np.concatenate([[0.0], np.cumsum(day.pupils[:, zone] + day.adults[:, zone])])
        before = np.interp(minute - interval_s / 60, BORDERS, crowd)
        person_minutes = np.interp(minute, BORDERS, crowd) - before
        co2, count = at(day.place.co2_ppm), minute.size
        humidity = at(day.place.humidity_pct) + 2 * own[3] + rng.normal(0, 0.3, count)
        return {
            "co2_ppm": co2 * factor + offset_ppm + rng.normal(0, 4, count),
            "temperature_c": at(day.place.temperature_c) + 0.2 * own[2] + rng.normal(0, 0.03, count),
            "humidity_pct": np.minimum(np.maximum(humidity, 0.0), 100.0),
            "illuminance_lux": np.interp(minute, BORDERS[1:], day.lux[:, zone])
            * rng.uniform(0.97, 1.03, count),
            "motion_count": rng.poisson(MOTIONS_PER_PERSON_MINUTE * person_minutes).astype(np.float64),
            "pressure_hpa": 1013 + 8 * np.sin(samples.time_ms / 4.5e8) + rng.normal(0, 0.1, count),
        }

    return measure


def native_room(topic: str) -> Write:
    """The project's own JSON: CO2 to 1 ppm, temperature to 0.1 K, humidity to 0.1 %, motion yes or no."""

    def write(samples: Samples, values: Values) -> list[Post]:
        columns = (values[key].tolist() for key in ("co2_ppm", "temperature_c", "humidity_pct"))
        moved = (values["motion_count"] > 0).tolist()
        rows = zip(samples.time_ms.tolist(), iso_ms(samples.clock_ms), *columns, moved, strict=True)
        return [
            (
                time_ms,
                topic,
                b'{"time":"%sZ","co2_ppm":%d,"temperature_c":%.1f,"humidity_pct":%.1f,"motion":%s}'
                % (text, round(co2), warm, humid, b"true" if motion else b"false"),
                False,
            )
            for time_ms, text, co2, warm, humid, motion in rows
        ]

    return write


class Joins:
    """When a LoRaWAN device joins: once in every REJOIN_DAYS, and 1-3 reports before it are lost."""

    def __init__(self, first_slot: int, interval_s: int, seed: int) -> None:
        self._first = first_slot
        self._period = max(4, REJOIN_DAYS * 86_400 // interval_s)
        self._seed = seed

    def heard(self, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Frame counter at each slot (0 is the first after a join), and whether it is lost."""
        last = np.maximum(self._join(slots // self._period - 1), self._first)
        here, following = self._join(slots // self._period), self._join(slots // self._period + 1)
        last = np.where(here <= slots, np.maximum(here, self._first), last)
        coming = np.where(here > slots, here, following)
        gap = 1 + (3 * unit(coming, self._seed + 2)).astype(np.int64)
        return slots - last, (coming - slots <= gap) & (coming > self._first)

    def _join(self, period: np.ndarray) -> np.ndarray:
        """The slot of the join in a period; 4 slots at its end are none's, so that no gap meets the next."""
        place = (self._period - 4) * unit(period, self._seed + 1)
        return period * self._period + place.astype(np.int64)


def lorawan_room(town: Town, placed: Device, seed: int, log: FaultLog) -> Write:
    """An Elsys ERS CO2 or Milesight AM307, behind a network server that knows no codec."""
    elsys = spoken(placed) is Speaks.ELSYS
    tts = placed.key in town.scenario.the_things_stack
    first_slot = ms(town.start) // (placed.interval_s * 1000) - 1
    joins = Joins(first_slot, placed.interval_s, seed)
    maker, profile, port = (
        ("ERS", "Elsys ERS CO2", ELSYS_PORT) if elsys else ("AM307", "Milesight AM307", MILESIGHT_PORT)
    )
    name = f"{maker} {placed.school} {placed.room}"
    uplink = tts_uplink(placed.key, port) if tts else chirpstack_uplink(placed.key, name, profile, port)
    topic = tts_topic(placed.key) if tts else chirpstack_topic(placed.key)
    battery_mv = 3640 - seed % 60

    def write(samples: Samples, values: Values) -> list[Post]:
        data = elsys_ers_co2(values, battery_mv) if elsys else milesight_am307(values, 100 - seed % 30)
        f_cnt, lost = joins.heard(samples.slot)
        log.lost_joining(placed, samples.time_ms[lost])
        times = (samples.time_ms.tolist(), iso_ms(samples.clock_ms), iso_ms(samples.time_ms))
        posts: list[Post] = []
        digits = identities(samples.time_ms, seed)
        rows = zip(*times, f_cnt.tolist(), data, lost.tolist(), digits, strict=True)
        for time_ms, heard_at, served_at, count, payload, gone, known in rows:
            if gone:
                continue
            if count == 0 and not tts:
                joined = chirpstack_join(placed.key, name, profile, served_at.decode(), known)
                posts.append((time_ms, chirpstack_topic(placed.key, "join"), joined, False))
            posts.append((time_ms, topic, uplink(heard_at, served_at, count, payload, known), False))
        return posts

    return write


def zigbee_room(topic: str, zone: tzinfo, seed: int) -> Write:
    """A climate sensor with CO2 behind Zigbee2MQTT, on a battery."""
    return climate_sensor(topic, zone, battery_pct=100 - seed % 40)

"""Outdoor sensors at a school's wall: stations of ``stations.csv`` that stand at a simulated school."""

from __future__ import annotations

import numpy as np

from classroom.places import Device
from classroom.site import Site
from simulators.chance import stream
from simulators.devices import Floats, Instrument, Measure, Post, Samples, Values, Write, iso_ms
from simulators.school import Town, TownDay
from simulators.weather import MONTH_MEAN_C

INTERVAL_S = 600
"""It reports every ten minutes."""

_MINUTES = np.arange(1440) + 0.5


def outdoor_tables(school: str) -> dict[str, list[dict[str, object]]]:
    """Rows of ``stations.csv`` and ``normal_years.csv``: a sensor at ``school``, its simulated climate."""
    key = f"{school}/ute-1"
    return {
        "stations.csv": [{"key": key, "name": "Utegivare", "school": school}],
        "normal_years.csv": [
            {"station": key, "month": month, "temperature_c": mean_c}
            for month, mean_c in enumerate(MONTH_MEAN_C, start=1)
        ],
    }


def outdoor_devices(site: Site) -> list[Device]:
    """The stations whose key is ``<school>/<name>``, as devices; others are a weather service's."""
    return [
        Device(key=station.key, school=station.school, interval_s=INTERVAL_S)
        for station in site.stations
        if station.school is not None and station.key.startswith(f"{station.school}/")
    ]


def outdoor_sensors(town: Town) -> list[Instrument]:
    """An instrument for each of :func:`outdoor_devices`."""
    found = []
    for placed in outdoor_devices(town.site):
        seed = int(stream(town.scenario.seed, "device", placed.key).integers(2**32))
        topic = f"classroom/{placed.school}/outdoor/{placed.key.removeprefix(f'{placed.school}/')}"
        found.append(Instrument(placed, seed, _measure(seed), _write(topic)))
    return found


def _measure(seed: int) -> Measure:
    """Outdoor temperature with ±0.3 K of its own error and 0.05 K of noise."""
    own_k = 0.3 * float(stream(seed, "error").uniform(-1, 1))

    def measure(day: TownDay, samples: Samples) -> Values:
        true: Floats = np.interp(samples.minute, _MINUTES, day.weather.temperature_c)
        return {"outdoor_temperature_c": true + own_k + samples.rng.normal(0, 0.05, samples.minute.size)}

    return measure


def _write(topic: str) -> Write:
    """The project's own JSON, to 0.1 K."""

    def write(samples: Samples, values: Values) -> list[Post]:
        times = zip(samples.time_ms.tolist(), iso_ms(samples.clock_ms), strict=True)
        return [
            (time_ms, topic, b'{"time":"%sZ","outdoor_temperature_c":%.1f}' % (text, value), False)
            for (time_ms, text), value in zip(times, values["outdoor_temperature_c"].tolist(), strict=True)
        ]

    return write

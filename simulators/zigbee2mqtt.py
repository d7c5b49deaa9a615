"""States as Zigbee2MQTT publishes them (zigbee2mqtt.io, "MQTT topics and messages").

JSON with the keys in alphabetical order, ``last_seen`` as ISO 8601 in local time (``ISO_8601_local``), and
beside it ``<topic>/availability``, retained. A device on a battery counts as offline after 25 hours of
silence, one on the mains after 10 minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from simulators.devices import Integers, Post, Samples, Values, Write

BATTERY_TIMEOUT_MS = 25 * 3_600_000
MAINS_TIMEOUT_MS = 10 * 60_000
ONLINE, OFFLINE = b'{"state":"online"}', b'{"state":"offline"}'


def topic_of(key: str) -> str:
    """Topic of the device ``z2m/<friendly name>``."""
    return f"zigbee2mqtt/{key.removeprefix('z2m/')}"


def climate_sensor(topic: str, zone: tzinfo, battery_pct: int) -> Write:
    """CO2 to 1 ppm, temperature to 0.01 K, humidity to 0.01 %, a battery."""

    def write(samples: Samples, values: Values) -> list[Post]:
        columns = (values[key].tolist() for key in ("co2_ppm", "humidity_pct", "temperature_c"))
        rows = zip(samples.time_ms.tolist(), local_iso(samples.clock_ms, zone), *columns, strict=True)
        return [
            (
                time_ms,
                topic,
                b'{"battery":%d,"co2":%d,"humidity":%.2f,"last_seen":"%s","linkquality":%d,"temperature":%.2f}'
                % (battery_pct, round(co2), humid, seen, 60 + time_ms // 1000 % 90, warm),
                False,
            )
            for time_ms, seen, co2, humid, warm in rows
        ]

    return write


def power_plug(topic: str, zone: tzinfo) -> Write:
    """Energy to 0.01 kWh (what is complete), power to 0.1 W, voltage and current of one phase."""

    def write(samples: Samples, values: Values) -> list[Post]:
        times, columns = samples.time_ms.tolist(), (values["energy_kwh"].tolist(), values["power_w"].tolist())
        rows = zip(times, local_iso(samples.clock_ms, zone), *columns, strict=True)
        return [
            (
                time_ms,
                topic,
                b'{"current":%.2f,"energy":%.2f,"last_seen":"%s","linkquality":%d,"power":%.1f,"state":"ON",'
                b'"voltage":%d}'
                % (watts / 230, int(100 * kwh + 1e-6) / 100, seen, 60 + time_ms // 1000 % 90, watts, 230),
                False,
            )
            for time_ms, seen, kwh, watts in rows
        ]

    return write


def local_iso(times_ms: Integers, zone: tzinfo) -> list[bytes]:
    """Times as local ISO 8601 with their offset, to the second."""
    return [
        datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(zone).isoformat().encode()
        for time_ms in times_ms.tolist()
    ]


def announced(
    topic: str, *, battery: bool, begin_ms: int, silences_ms: Iterable[tuple[int, int]]
) -> tuple[Post, ...]:
    """What ``<topic>/availability`` says: online from ``begin_ms``, offline where a silence was too long."""
    timeout_ms = BATTERY_TIMEOUT_MS if battery else MAINS_TIMEOUT_MS
    said = [(begin_ms, ONLINE)]
    for start_ms, end_ms in silences_ms:
        if end_ms - start_ms > timeout_ms and end_ms > begin_ms:
            said += [(start_ms + timeout_ms, OFFLINE), (end_ms, ONLINE)]
    return tuple((time_ms, f"{topic}/availability", state, True) for time_ms, state in said)

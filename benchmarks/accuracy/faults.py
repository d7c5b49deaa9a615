"""Faults for a school's year: at its meters one after another all year long, at three of its sensors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from classroom.places import Device
from classroom.site import Site
from simulators.keys import Speaks, spoken

Table = dict[str, Any]

_HOUR = timedelta(hours=1)
_SPACED = timedelta(days=16)  # between the beginnings of a meter's faults
_ANY_METER: tuple[tuple[str, float, Table], ...] = (  # kind, length [h], its own keys
    ("outage", 1.2, {}),
    ("outage", 5, {}),
    ("outage", 30, {}),
    ("outage", 100, {}),
    ("duplicates", 200, {"share": 0.2}),
    ("garbage", 100, {"share": 0.1}),
    ("sentinel", 48, {"value": 0.0, "share": 0.05}),
    ("spike", 48, {"size": 7000.0, "share": 0.03}),
    ("counter_reset", 0, {}),
    ("rollover", 0, {"digits": 6}),
    ("meter_swap", 0, {"to_kwh": 12.0}),
)
_OWN_TIME: tuple[tuple[str, float, Table], ...] = (  # of meters whose messages say when they were read
    ("late", 60, {}),
    ("reordered", 200, {}),
    ("clock_off", 40, {"offset_s": 7200.0}),
    ("clock_off", 40, {"offset_s": -40_000_000.0}),
)
_REGISTER = {"fjarrvarme": "heat_kwh", "sol": "solar_kwh", "el-ut": "energy_export_kwh"}  # else energy_kwh
_NEW_REGISTERS = ("counter_reset", "meter_swap")


class SensorFault(NamedTuple):
    """What is wrong with a CO2 sensor: ``kind`` for people, ``verdict`` that must be given."""

    device: str
    kind: str
    verdict: str
    start: datetime
    end: datetime
    table: Table


def meter_faults(site: Site, first: date, rng: np.random.Generator) -> Iterator[Table]:
    """Each device at a meter has faults of all kinds that it can have, in an order of chance, over the year
    (either its register passes its end, or it is reset and swapped); once the whole school is away for 8
    hours."""
    start = datetime.combine(first, datetime.min.time(), UTC) + timedelta(days=5)
    for device in site.devices:
        if device.meter is None or device.valid_to is not None:
            continue
        kinds = list(_ANY_METER if spoken(device) is Speaks.P1 else _ANY_METER + _OWN_TIME)
        rolls = rng.random() < 0.4 and spoken(device) is not Speaks.SHELLY  # which has no last digit
        kinds = [one for one in kinds if (one[0] not in _NEW_REGISTERS if rolls else one[0] != "rollover")]
        at = max(start, device.valid_from or start)
        for number in rng.permutation(len(kinds)):
            kind, hours, own = kinds[number]
            at += float(rng.uniform(0.7, 1.3)) * _SPACED
            yield from _of_meter(device, kind, at, hours, own)
    away = start + timedelta(days=float(rng.uniform(20, 330)))
    yield {"kind": "outage", "school": site.schools[0].key, "start": away, "end": away + 8 * _HOUR}


def _of_meter(device: Device, kind: str, at: datetime, hours: float, own: Table) -> Iterator[Table]:
    table: Table = {"kind": kind, "device": device.key, **own}
    if kind == "rollover":
        yield {**table, "left_kwh": 9000.0}  # it passes its end some weeks or months on
        return
    table["start"] = at
    if hours:
        table["end"] = at + hours * _HOUR
    if kind in ("sentinel", "spike"):
        table["quantity"] = _REGISTER.get(device.meter or "", "energy_kwh")
    yield table


_SENSOR: tuple[tuple[str, str, float, Table], ...] = (  # for people, verdict, length [d], table
    ("slow drift up", "drift", 45, {"kind": "drift", "per_day": 4.0}),
    ("slow drift down", "drift", 45, {"kind": "drift", "per_day": -4.0}),
    ("fast drift up", "drift", 20, {"kind": "drift", "per_day": 15.0}),
    ("fast drift down", "drift", 14, {"kind": "drift", "per_day": -15.0}),
    ("step up", "drift", 14, {"kind": "spike", "size": 110.0, "share": 1.0}),
    ("step down", "drift", 14, {"kind": "spike", "size": -90.0, "share": 1.0}),
    ("stuck", "stale", 10, {"kind": "stuck"}),
    ("CO2 stuck", "stale", 10, {"kind": "stuck", "quantity": "co2_ppm"}),
    ("temperature stuck", "stale", 10, {"kind": "stuck", "quantity": "temperature_c"}),
)


def sensor_faults(site: Site, first: date, turn: int, rng: np.random.Generator) -> list[SensorFault]:
    """Two of the school's sensors get a fault each, kinds by ``turn``: in spring or early summer, and in
    autumn; the others are healthy."""
    sensors = [device.key for device in site.devices if device.room is not None]
    begins = [((60, 100), (130, 170))[turn % 2], (250, 300)]
    found = []
    for place, struck in enumerate(rng.permutation(len(sensors))[:2].tolist()):
        kind, verdict, days, table = _SENSOR[(2 * turn + place) % len(_SENSOR)]
        day = first + timedelta(days=float(rng.uniform(*begins[place])))
        start = datetime.combine(day, datetime.min.time(), UTC) + float(rng.uniform(0, 24)) * _HOUR
        end = start + timedelta(days=days)
        table = {**table, "device": sensors[struck], "start": start, "end": end}
        found.append(SensorFault(sensors[struck], kind, verdict, start, end, table))
    return found

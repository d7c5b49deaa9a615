"""A day of a school's meters, computed from readings: what the tests of energy share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from classroom.metric import Interval, Metric, Scope
from classroom.places import Device, Meter
from classroom.quantity import Carrier
from classroom.reading import Reading

DAY = date(2026, 3, 3)
MIDNIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)  # 00:00 in Stockholm
DAYS = timedelta(days=1)
HOURS = timedelta(hours=1)

Rolled = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]
MakeRegister = Callable[..., list[Reading]]

EL = Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY)
M1 = Device(key="m1", school="berga", meter="el")
Compute = Callable[..., list[Metric]]


def pick(
    metrics: Sequence[Metric],
    scope: Scope = Scope.METER,
    name: str = "energy_kwh",
    key: str | None = None,
    carrier: Carrier = Carrier.ELECTRICITY,
) -> Metric:
    (found,) = (
        m
        for m in metrics
        if (m.scope, m.metric, m.interval, m.carrier) == (scope, name, Interval.DAY, carrier)
        and key in (None, m.id)
    )
    return found


def hours(metrics: Sequence[Metric], scope: Scope = Scope.METER) -> list[float | None]:
    return [m.value for m in metrics if m.interval is Interval.HOUR and m.scope is scope]


def around(
    make: MakeRegister, device: str = "m1", quantity: str = "energy_kwh", **more: float
) -> list[Reading]:
    """Readings from an hour before the day to an hour after it."""
    return make(device, quantity, MIDNIGHT - HOURS, 26, **more)

"""Bills: an amount of a period that stays one amount. Months and years may use it, days and hours say
``billed``.

A bill is carried by the day on which it begins, as the energy of a gap is (``…_unresolved_…``), and reaches
the day on which it ends: longer intervals that hold it whole add it. Readings speak before bills: where a
meter has any in a bill's period, the bill is left aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from analytics.coverage import reasons
from analytics.meters import PeriodEnergy
from analytics.points import HOUR_US, microseconds
from classroom.metric import Status
from classroom.quantity import BILL_QUANTITIES

LONGEST = timedelta(days=400)
"""Longest period of a bill, so far back must be looked."""

BILLED = "billed"
CALCULATED = "bill_calculated"


class Bill(NamedTuple):
    """A bill of a device's meter, from one local midnight to another [us]."""

    device: str
    start_us: int
    end_us: int
    kwh: float
    final: bool


def bills_of(hours: pd.DataFrame) -> list[Bill]:
    """Bills in rollups (HOUR_COLUMNS), those that begin later last."""
    rows = hours[hours["quantity"].isin(BILL_QUANTITIES) & (hours["count"] > 0)]
    if rows.empty:
        return []
    told: dict[tuple[str, int], dict[str, float]] = {}
    columns = (rows["device"], microseconds(rows["last_time"]), rows["quantity"], rows["last"])
    for device, start_us, quantity, value in zip(*(list(column) for column in columns), strict=True):
        told.setdefault((str(device), int(start_us)), {})[quantity] = float(value)
    kwh, length, final = BILL_QUANTITIES
    found = [
        Bill(device, start_us, start_us + round(of[length] * HOUR_US), of[kwh], of.get(final) == 1)
        for (device, start_us), of in told.items()
        if kwh in of and length in of
    ]
    return sorted(found, key=lambda bill: (bill.start_us, bill.device))


def billed_day(
    bills: Sequence[Bill], energy: Sequence[PeriodEnergy | None], start_us: int, weight: float
) -> list[PeriodEnergy | None]:
    """A meter's periods of a local day without readings that one of its ``bills`` covers; others as they
    are."""
    day = energy[0]
    covering = [bill for bill in bills if bill.start_us <= start_us < bill.end_us]
    if not covering or day is None or day.coverage > 0 or day.accounted > 0:
        return list(energy)
    bill = covering[-1]
    begins = bill.start_us == start_us
    kwh = weight * bill.kwh if begins else 0.0
    told = day._replace(
        status=Status.NO_DATA,
        reason=reasons(BILLED, None if bill.final else CALCULATED),
        accounted=1.0,
        carried_kwh=kwh,
        carried_to_us=bill.end_us if begins else 0,
        billed=begins,
    )
    return [told, *[None] * (len(energy) - 1)]


def bill_hours(lengths: pd.DataFrame) -> pd.DataFrame:
    """CHANGED_COLUMNS of the hours in which a day of a bill may begin; ``lengths`` are readings of its length
    (READING_COLUMNS), superseded ones too, so that a bill that became shorter leaves nothing behind."""
    rows = lengths[lengths["quantity"] == BILL_QUANTITIES[1]]
    longest = LONGEST // timedelta(hours=1)
    found = [
        (device, time + timedelta(hours=hour))
        for device, time, length in zip(rows["device"], rows["time"], rows["value"], strict=True)
        for hour in range(0, min(round(length), longest), 12)
    ]
    hours = pd.DataFrame(found, columns=["device", "hour"])
    return hours.astype({"hour": "datetime64[us, UTC]"})

"""Bills: an amount of a period that stays one amount. Months and years may use it, days and hours say
``billed``.

A bill is carried by the day on which it begins, as the energy of a gap is (``…_unresolved_…``), and reaches
the day on which it ends: longer intervals that hold it whole add it. Readings speak before bills: where a
meter has any in a bill's period, the bill is left aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd

from analytics.coverage import reasons
from analytics.meters import PeriodEnergy
from analytics.points import HOUR_US, microseconds
from classroom.metric import Status
from classroom.quantity import BILL_LENGTHS, BILL_QUANTITIES, BILLS, bill_quantities

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
    """Bills in rollups (HOUR_COLUMNS) by their beginning; of those that begin together the longest last."""
    rows = hours[hours["quantity"].isin(BILL_QUANTITIES) & (hours["count"] > 0)]
    if rows.empty:
        return []
    told: dict[tuple[str, int], dict[str, float]] = {}
    columns = (rows["device"], microseconds(rows["last_time"]), rows["quantity"], rows["last"])
    for device, start_us, quantity, value in zip(*(list(column) for column in columns), strict=True):
        told.setdefault((str(device), int(start_us)), {})[quantity] = float(value)
    found: dict[tuple[str, int, int], Bill] = {}
    for (device, start_us), of in told.items():
        for kwh, length, final in BILLS.values():
            if kwh not in of or length not in of:
                continue
            bill = Bill(device, start_us, start_us + round(of[length] * HOUR_US), of[kwh], of.get(final) == 1)
            key = device, start_us, bill.end_us
            if key not in found or kwh == bill_quantities(of[length])[0]:  # of two, the one where it belongs
                found[key] = bill
    return sorted(found.values(), key=lambda bill: (bill.start_us, bill.end_us, bill.device))


def _speaking(bills: Sequence[Bill], start_us: int) -> Bill | None:
    """The one of ``bills`` that a day tells: of those that cover it the one that began last.

    Of several that begin together the day can carry only one: the shortest whose successors fill the longest,
    so that months stand and the year is their sum; else the longest, so that the year lacks nothing.
    """
    covering = [bill for bill in bills if bill.start_us <= start_us < bill.end_us]
    together = [bill for bill in covering if bill.start_us == covering[-1].start_us]
    return next((bill for bill in together if _reaches(bills, bill.end_us, together[-1].end_us)), None)


def _reaches(bills: Sequence[Bill], from_us: int, to_us: int) -> bool:
    """Whether bills that follow each other lead from one time exactly to the other."""
    while from_us < to_us:
        ends = [bill.end_us for bill in bills if bill.start_us == from_us and bill.end_us <= to_us]
        if not ends:
            return False
        from_us = max(ends)
    return True


def billed_day(
    bills: Sequence[Bill], energy: Sequence[PeriodEnergy | None], start_us: int, weight: float
) -> list[PeriodEnergy | None]:
    """A meter's periods of a local day without readings that one of its ``bills`` covers; others as they
    are."""
    day = energy[0]
    bill = _speaking(bills, start_us)
    if bill is None or day is None or day.coverage > 0 or day.accounted > 0:
        return list(energy)
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
    rows = lengths[lengths["quantity"].isin(BILL_LENGTHS)]
    longest = LONGEST // timedelta(hours=1)
    found = [
        (device, time + timedelta(hours=hour))
        for device, time, length in zip(rows["device"], rows["time"], rows["value"], strict=True)
        for hour in range(0, min(round(length), longest), 12)
    ]
    return _hours(found)


def beginnings(lengths: pd.DataFrame, reach: datetime) -> pd.DataFrame:
    """CHANGED_COLUMNS of the first hours of bills that reach beyond ``reach``: which of those that begin
    together speaks depends on the bills inside the longest."""
    rows = lengths[lengths["quantity"].isin(BILL_LENGTHS)]
    return _hours(
        [
            (device, time)
            for device, time, length in zip(rows["device"], rows["time"], rows["value"], strict=True)
            if time + timedelta(hours=length) > reach
        ]
    )


def _hours(found: Sequence[tuple[str, datetime]]) -> pd.DataFrame:
    hours = pd.DataFrame(found, columns=["device", "hour"])
    return hours.astype({"hour": "datetime64[us, UTC]"})

"""Values that whoever sent them had estimated: a grid company fills what its meter did not tell.

Beside such a value stands a mark (:data:`classroom.quantity.ESTIMATED_MARKS`); it is energy like any other,
and what rests on it is ``estimated``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.points import HOUR_US, RegisterSeries, microseconds
from classroom.quantity import ESTIMATED_MARKS

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MARKS = frozenset(ESTIMATED_MARKS.values())
"""Quantities that are marks."""

VALUES_ESTIMATED = "values_estimated"
"""Reason of a figure that rests on such values."""


def with_marks(
    series: Mapping[tuple[str, str], RegisterSeries], hours: pd.DataFrame
) -> dict[tuple[str, str], RegisterSeries]:
    """``series`` by (device, quantity) that know in which hours their values are estimated; ``hours`` are
    the rollups (HOUR_COLUMNS) that hold the marks."""
    marks = hours[hours["quantity"].isin(MARKS) & (hours["count"] > 0) & (hours["max"] > 0)]
    marked = {
        (str(device), str(mark)): microseconds(group["hour"])
        for (device, mark), group in marks.groupby(["device", "quantity"], sort=False, observed=True)
    }
    return {
        (device, quantity): one._replace(estimated_us=marked[device, mark])
        if (mark := ESTIMATED_MARKS.get(quantity, "")) and (device, mark) in marked
        else one
        for (device, quantity), one in series.items()
    }


def at_boundaries(series: RegisterSeries, time_us: Ints, start_us: Ints, end_us: Ints) -> Bools:
    """Of each period whether a register's points ``time_us`` that its energy is read at, on or on either side
    of its start and end, are estimated; what lies between them does not matter."""
    found = np.zeros(len(start_us), dtype=bool)
    if not len(series.estimated_us) or not len(time_us):
        return found
    marked = np.isin(time_us - time_us % HOUR_US, series.estimated_us)
    last = len(time_us) - 1
    for boundary_us in (start_us, end_us):
        before = np.searchsorted(time_us, boundary_us, "right") - 1  # the point at it or before
        after = np.searchsorted(time_us, boundary_us, "left")  # and that at it or after
        found |= marked[before.clip(min=0)] & (before >= 0)
        found |= marked[after.clip(max=last)] & (after <= last)
    return found

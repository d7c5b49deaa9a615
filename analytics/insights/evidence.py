"""Lines of charts from series: few digits, gaps kept."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.insights.model import EvidenceLine


def line(name: str, unit: str, by_day: pd.Series, digits: int = 2) -> EvidenceLine:
    """A line over local days; a NaN is a gap."""
    days = pd.DatetimeIndex(by_day.index)
    values = by_day.to_numpy(np.float64)
    points = tuple(
        (f"{day:%Y-%m-%d}", None if np.isnan(value) else round(float(value), digits))
        for day, value in zip(days, values, strict=True)
    )
    return EvidenceLine(name=name, unit=unit, points=points)


def by_hour(name: str, unit: str, values: pd.Series, digits: int = 2) -> EvidenceLine:
    """A line over the hours of the day, indexed 0 to 23."""
    ordered = values.sort_index()
    points = tuple(
        (f"{hour:02d}:00", None if np.isnan(value) else round(float(value), digits))
        for hour, value in zip(ordered.index.tolist(), ordered.tolist(), strict=True)
    )
    return EvidenceLine(name=name, unit=unit, points=points)

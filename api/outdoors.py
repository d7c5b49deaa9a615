"""Outdoor temperature at a school, of the nearest station that has any."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from analytics.outdoor import outdoor_hours
from classroom.site import Site
from reports.daily import FARTHEST_KM
from store.base import Store


def outdoor_temperature(store: Store, site: Site, school: str, start: datetime, end: datetime) -> pd.Series:
    """Hourly outdoor temperature [°C] by UTC hour from ``start`` to ``end``; empty without a station.

    Raises:
        StoreError: the store cannot serve now.
    """
    for station, km in site.stations_near(school):
        if km > FARTHEST_KM:
            break
        hours = outdoor_hours(store, station.key, start, end)
        if len(hours):
            return pd.Series(hours["mean"].to_numpy(dtype=float), index=pd.DatetimeIndex(hours["hour"]))
    return pd.Series(dtype=float)

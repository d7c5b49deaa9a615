"""Outdoor temperature of a weather station, whatever its readings are called."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from store.base import Store

_QUANTITIES = ("outdoor_temperature_c", "temperature_c")


def outdoor_hours(store: Store, station: str, start: datetime, end: datetime) -> pd.DataFrame:
    """Hourly rollups (HOUR_COLUMNS) of ``station``'s outdoor temperature that hold a reading, by hour.

    A sensor of one's own that stands as a station says ``temperature_c`` of whatever air is around it: where
    it stands is outdoors. Where both are told of an hour, ``outdoor_temperature_c`` counts.

    Raises:
        StoreError: the store cannot serve now.
    """
    hours = store.read_hours([station], _QUANTITIES, start, end)
    hours = hours[hours["count"] > 0].sort_values("quantity", kind="stable")  # "outdoor_…" is first
    return hours.drop_duplicates("hour").sort_values("hour", ignore_index=True)

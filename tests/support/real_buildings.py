"""Real buildings and their weather: hourly values of the shared folder, which lies beside the clone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "energy"

REFERENCE = FOLDER / "reference_opendsm_1.2.7_daily_gas.json"
"""What OpenDSM's daily model makes of their gas."""

MAPPING = """
[time]
column = "time_utc"
format = "%Y-%m-%dT%H:%M:%SZ"
basis = "utc"
stands_for = "start"
interval = "hour"

[[value]]
column = "gas_kwh"
device = "{key}/gas"
quantity = "consumption"
unit = "kWh"

[[value]]
column = "electricity_kwh"
device = "{key}/el"
quantity = "consumption"
unit = "kWh"
"""
"""How the file of the building ``{key}`` is imported."""


def real_days(building: str) -> pd.DataFrame:
    """Daily gas and temperature in UTC (:data:`analytics.signature.DAY_COLUMNS`), zeros as in the source."""
    meter = pd.read_csv(FOLDER / f"{building}_hourly.csv.gz", index_col=0, parse_dates=True)
    weather = pd.read_csv(FOLDER / "weather_hourly.csv.gz", index_col=0, parse_dates=True)
    days = pd.DataFrame(
        {
            "energy_kwh": meter["gas_kwh"].resample("D").sum(min_count=1),
            "temperature_c": weather["temperature_c"].resample("D").mean(),
        }
    )
    days.index = pd.DatetimeIndex(days.index).tz_localize(None)
    return days.assign(day_type=np.where(days.index.day_of_week < 5, "school_day", "closed"))

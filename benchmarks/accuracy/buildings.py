"""Two real buildings beside OpenDSM's daily model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from accuracy.page import Row, Section, Seeds
from analytics.savings import uncertainty_kwh
from analytics.signature import fit_signature

DATA = Path(__file__).parents[3] / "shared" / "data" / "energy"
"""The project's shared folder, beside the clone."""

TEXT = """
No simulation: hourly gas of two university buildings, 2019 to 2022 (EECi/Cambridge Estates Building
Energy Archive, MIT), summed to UTC days, zeros as in the source. The baseline is 2019, predicted is 2022.
The reference is what OpenDSM 1.2.7's daily model gives for the same days. The buildings have no school
calendar: weekdays stand for school days.
"""


def real_days(building: str) -> pd.DataFrame:
    """Daily gas and temperature of a building (:data:`analytics.signature.DAY_COLUMNS`)."""
    meter = pd.read_csv(DATA / f"{building}_hourly.csv.gz", index_col=0, parse_dates=True)
    weather = pd.read_csv(DATA / "weather_hourly.csv.gz", index_col=0, parse_dates=True)
    days = pd.DataFrame(
        {
            "energy_kwh": meter["gas_kwh"].resample("D").sum(min_count=1),
            "temperature_c": weather["temperature_c"].resample("D").mean(),
        }
    )
    days.index = pd.DatetimeIndex(days.index).tz_localize(None)
    return days.assign(day_type=np.where(days.index.day_of_week < 5, "school_day", "closed"))


def buildings(_: Seeds) -> list[Row]:
    """The rows of the section; none where the shared folder is not there."""
    reference = DATA / "reference_opendsm_1.2.7_daily_gas.json"
    if not reference.is_file():
        return [Row("buildings", f"{DATA} is not here")]
    rows = []
    for name, theirs in sorted(json.loads(reference.read_text())["results"].items()):
        days = real_days(name)
        found = fit_signature(days.loc["2019"], ["school_day"])
        assert found is not None
        ratio = found.quality.cvrmse / theirs["cvrmse_adj"]
        total = float(found.predict(days.loc["2022"]).sum())
        apart = abs(total - theirs["predicted_2022_kwh"])
        allowed = theirs["predicted_unc_2022_kwh"] + 0.03 * theirs["predicted_2022_kwh"]
        own = uncertainty_kwh(found.quality, total, 365)
        rows += [
            Row(
                f"{name}: CVRMSE of 2019, adjusted, ours ÷ OpenDSM's",
                f"{found.quality.cvrmse:.3f} ÷ {theirs['cvrmse_adj']:.3f} = {ratio:.2f}",
                "≤ 1.1",
                ratio <= 1.1,
            ),
            Row(
                f"{name}: predicted total of 2022, ours and OpenDSM's",
                f"{total:.0f} and {theirs['predicted_2022_kwh']:.0f} kWh, {apart:.0f} apart",
                f"≤ {allowed:.0f} kWh apart",
                apart <= allowed,
            ),
            Row(
                f"{name}: half width of our 90 % interval, OpenDSM's",
                f"{own:.0f}, {theirs['predicted_unc_2022_kwh']:.0f} kWh",
            ),
        ]
    return rows


SECTION = Section("buildings", "Real buildings", TEXT, buildings)

"""A run rolls up a month of some devices at a time, whatever the number of schools."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from analytics import rolling


def test_parts_are_some_devices_of_a_month_and_together_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "_DEVICES_A_PART", 2)
    times = [datetime(2026, month, 1, hour, tzinfo=UTC) for month in (1, 2) for hour in (0, 1)]
    rows = [
        (device, time) for time in times for device in ("c", "a", "b") if (device, time.month) != ("b", 2)
    ]
    hours = pd.DataFrame(rows, columns=["device", "hour"])
    parts = [hours.iloc[part] for part in rolling._parts(hours)]
    told = [(sorted(set(part["device"])), part["hour"].dt.month.unique().tolist()) for part in parts]
    assert told == [(["a", "c"], [1]), (["b"], [1]), (["a", "c"], [2])]
    assert sorted(map(tuple, pd.concat(parts).to_numpy().tolist())) == sorted(rows)

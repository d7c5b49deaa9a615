"""What findings are made from, out of a real store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.insights.load import load
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import Device, Station
from classroom.quantity import Carrier
from classroom.reading import Reading
from store.base import HOUR_COLUMNS, VERDICT_COLUMNS
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = datetime(2026, 2, 27, 8, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def rollup(device: str, quantity: str, hour: datetime, mean: float) -> dict[str, Any]:
    told = dict.fromkeys(HOUR_COLUMNS, 0)
    return told | {
        "device": device, "quantity": quantity, "hour": hour, "mean": mean, "min": mean, "max": mean,
        "count": 6, "first": mean, "last": mean, "first_time": hour, "last_time": hour, "coverage": 1.0,
    }  # fmt: skip


def energy(metric: str, carrier: Carrier, value: float | None) -> Metric:
    return Metric(
        time=HOUR, period_end=HOUR + timedelta(hours=1), interval=Interval.HOUR, school="berga",
        scope=Scope.SCHOOL, id="berga", metric=metric, carrier=carrier, basis=None, value=value, low=None,
        high=None, unit="kWh", coverage=1.0, status=Status.OK, reason=None, method="m/1", factors=(),
        fingerprint="f",
    )  # fmt: skip


def air(room: str, day: datetime, value: float | None) -> Metric:
    return Metric(
        time=day, period_end=day + timedelta(days=1), interval=Interval.DAY, school="berga", scope=Scope.ROOM,
        id=room, metric="airflow_l_s_person", carrier=None, basis=None, value=value, low=None, high=None,
        unit="L/s", coverage=1.0, status=Status.OK, reason=None, method="m/1", factors=(), fingerprint="f",
    )  # fmt: skip


@pytest.fixture
def filled(store: DuckDBStore) -> DuckDBStore:
    rows = [
        rollup("c1", "co2_ppm", HOUR, 800.0),
        rollup("c1b", "co2_ppm", HOUR, 900.0),
        rollup("c1", "temperature_c", HOUR, 21.0),
        rollup("c1", "co2_ppm", HOUR + timedelta(hours=3), 640.0),
        rollup("moved", "co2_ppm", HOUR, 700.0),
        rollup("near", "outdoor_temperature_c", HOUR, 3.0),
        rollup("far", "outdoor_temperature_c", HOUR, 9.0),
        rollup("m-heat", "volume_m3", HOUR - timedelta(hours=1), 100.0),
        rollup("m-heat", "volume_m3", HOUR, 102.5),
        rollup("m-heat", "volume_m3", HOUR + timedelta(hours=1), 3.0),  # a new meter
    ]
    frame = pd.DataFrame(rows)[list(HOUR_COLUMNS)]
    for column in ("hour", "first_time", "last_time"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    store.write_hours(frame)
    verdict = ("c1", "co2_ppm", HOUR + timedelta(hours=2), NOW, "stale", "stuck at 640")
    spans = pd.DataFrame([verdict], columns=list(VERDICT_COLUMNS))
    for column in ("start", "end"):
        spans[column] = pd.to_datetime(spans[column], utc=True).astype("datetime64[us, UTC]")
    store.write_verdicts("c1", "co2_ppm", spans)
    store.write_metrics(
        [
            energy("energy_kwh", Carrier.ELECTRICITY, 12.0),
            energy("energy_kwh", Carrier.DISTRICT_HEAT, 34.0),
            energy("exported_kwh", Carrier.ELECTRICITY, None),
            air("a1", datetime(2026, 2, 26, 23, tzinfo=UTC), 6.5),
            air("a1", datetime(2026, 2, 27, 23, tzinfo=UTC), None),
        ]
    )
    store.write_readings([Reading("c1", "co2_ppm", HOUR + timedelta(hours=3), 640.0)])
    return store


@pytest.fixture
def placed(make_site: Callable[..., Any]) -> Any:
    moved = HOUR - timedelta(days=1)
    return make_site(
        devices=[
            Device(key="c1", school="berga", room="a1", valid_from=LONG_AGO),
            Device(key="c1b", school="berga", room="a1", valid_from=LONG_AGO),
            Device(key="moved", school="berga", room="a1", valid_from=LONG_AGO, valid_to=moved),
            Device(key="moved", school="berga", room="a2", valid_from=moved),
            Device(key="m-heat", school="berga", meter="heat", valid_from=LONG_AGO),
        ],
        stations=[
            Station(key="far", name="Far", latitude=59.0, longitude=18.0),
            Station(key="near", name="Near", school="berga"),
        ],
    )


def test_hours_of_the_school(filled: DuckDBStore, placed: Any) -> None:
    data = load(filled, placed, "berga", NOW)
    assert (data.first, data.last) == (date(2026, 2, 27), date(2026, 3, 1))  # nothing is known before
    hour = data.hours.loc[pd.Timestamp(HOUR)]
    assert (hour["electricity_kwh"], hour["heat_kwh"], hour["outdoor_c"]) == (12.0, 34.0, 3.0)
    assert np.isnan(hour["exported_kwh"])
    assert hour["flow_m3"] == 2.5
    assert data.hours["flow_m3"].sum() == 2.5
    assert (hour["hour"], hour["day_type"], data.heat) == (9, "school_day", Carrier.DISTRICT_HEAT)
    assert data.hours["electricity_kwh"].notna().sum() == 1


def test_rooms_are_means_of_trusted_hours_where_devices_hung(filled: DuckDBStore, placed: Any) -> None:
    data = load(filled, placed, "berga", NOW)
    hour = pd.Timestamp(HOUR)
    co2_ppm, temperature_c = data.room_co2_ppm.stack(), data.room_temperature_c.stack()
    assert co2_ppm.dropna().to_dict() == {(hour, "a1"): 850.0, (hour, "a2"): 700.0}  # not the stuck hour
    assert temperature_c.dropna().to_dict() == {(hour, "a1"): 21.0}


def test_the_air_of_a_rooms_days_by_local_day(filled: DuckDBStore, placed: Any) -> None:
    days = load(filled, placed, "berga", NOW).room_days
    assert days["room"].tolist() == ["a1", "a1"]
    assert days["day"].tolist() == [pd.Timestamp("2026-02-27"), pd.Timestamp("2026-02-28")]
    assert days["airflow_l_s_person"].tolist() == pytest.approx([6.5, np.nan], nan_ok=True)


def test_a_stuck_sensor_is_told_with_its_reason(filled: DuckDBStore, placed: Any) -> None:
    senses = {one.device: one for one in load(filled, placed, "berga", NOW).senses}
    assert set(senses) == {"c1", "c1b", "moved", "m-heat"}
    assert (senses["c1"].verdict, senses["c1"].detail) == ("stale", "stuck at 640")
    assert senses["c1"].last_good == HOUR + timedelta(hours=3)
    assert senses["c1b"].last_good is None


def test_an_empty_store(store: DuckDBStore, placed: Any) -> None:
    data = load(store, placed, "berga", NOW)
    assert data.heat is None
    assert data.room_co2_ppm.isna().all().all()
    assert data.room_temperature_c.isna().all().all()
    assert data.room_days.empty
    assert data.first == data.last == date(2026, 3, 1)
    assert data.hours[["electricity_kwh", "outdoor_c"]].isna().all().all()

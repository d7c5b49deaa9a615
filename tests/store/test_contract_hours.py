"""Hourly rollups: computed from readings as plain pandas would, kept and replaced by series and hour."""

from __future__ import annotations

import struct
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.quantity import ESTIMATED_MARKS
from classroom.reading import Reading
from store.base import CHANGED_COLUMNS, HOUR_COLUMNS, Store
from store.inputs import reading_hash

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def co2(minute: float, value: float, device: str = "s/a", flag: int = 0) -> Reading:
    return Reading(device, "co2_ppm", NOON + timedelta(minutes=minute), value, flag)


def hours_of(*pairs: tuple[str, datetime]) -> pd.DataFrame:
    frame = pd.DataFrame(list(pairs), columns=list(CHANGED_COLUMNS))
    return frame.assign(hour=pd.to_datetime(frame["hour"], utc=True).dt.as_unit("us"))


def rollups(start: datetime, count: int, device: str = "s/a", mean: float = 600.0) -> pd.DataFrame:
    hour = pd.date_range(start, periods=count, freq="h", unit="us")
    return pd.DataFrame(
        {
            "device": device,
            "quantity": "co2_ppm",
            "hour": hour,
            "mean": np.arange(count) / 8 + mean,
            "min": 400.0,
            "max": 900.5,
            "count": 6,
            "first": 401.0,
            "first_time": hour + pd.Timedelta("1min"),
            "last": 402.0,
            "last_time": hour + pd.Timedelta("59min"),
            "coverage": 1.0,
            "flagged": 0,
            "inputs_hash": 2**52 - 1 - np.arange(count),
        }
    )[list(HOUR_COLUMNS)]


def test_means_are_those_of_the_rollups_with_good_readings(store: Store) -> None:
    other = rollups(NOON, 3, "s/b", mean=21.0).assign(quantity="temperature_c")
    refused = rollups(NOON + 5 * HOUR, 1).assign(count=0, mean=np.nan, flagged=6)
    store.write_hours(pd.concat([rollups(NOON, 4), other, refused]))
    asked = ["s/b", "s/a", "s/none"], ["temperature_c", "co2_ppm"], NOON + HOUR, NOON + 9 * HOUR
    means = store.read_hour_means(*asked)
    nan, noon_us = np.nan, round(NOON.timestamp()) * 1_000_000
    assert list(means.rows) == [("s/a", "co2_ppm"), ("s/b", "temperature_c")]
    assert means.hour_us.tolist() == [noon_us + n * 3_600_000_000 for n in range(1, 9)]
    expected = [[600.125, 600.25, 600.375, *[nan] * 5], [21.125, 21.25, *[nan] * 6]]
    assert np.array_equal(means.mean, expected, equal_nan=True)
    assert store.read_hour_means(["s/none"], ["co2_ppm"], *asked[2:]).rows == {}


@pytest.mark.parametrize("columns", [HOUR_COLUMNS, ("device", "quantity", "hour", "mean", "count")])
def test_nothing_has_the_columns_of_something(store: Store, columns: tuple[str, ...]) -> None:
    store.write_hours(rollups(NOON, 3))
    span = NOON, NOON + 9 * HOUR
    some = store.read_hours(["s/a"], None, *span, columns=columns)
    nothing = store.read_hours(["s/none"], None, *span, columns=columns)
    assert len(some) == 3
    pd.testing.assert_frame_equal(nothing, some.iloc[:0], check_index_type=False)


def test_hours_come_in_order_however_they_were_written(store: Store) -> None:
    """Later and earlier hours, one device after another and back, years apart."""
    for start, device in ((NOON, "s/b"), (NOON - 20_000 * HOUR, "s/a"), (NOON, "s/a"), (NOON - HOUR, "s/b")):
        store.write_hours(rollups(start, 1, device))
    asked = ["s/b", "s/a"], ["co2_ppm"], NOON - 30_000 * HOUR, NOON + HOUR
    found = store.read_hours(*asked)
    assert list(zip(found["device"], found["hour"], strict=True)) == [
        ("s/a", NOON - 20_000 * HOUR),
        ("s/a", NOON),
        ("s/b", NOON - HOUR),
        ("s/b", NOON),
    ]
    means = store.read_hour_means(*asked)
    assert [np.flatnonzero(~np.isnan(row)).tolist() for row in means.mean] == [
        [10_000, 30_000],
        [29_999, 30_000],
    ]


def mix(word: int) -> int:
    """SplitMix64's finalizer, in whole numbers."""
    word = (word + 0x9E3779B97F4A7C15) % 2**64
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % 2**64
    return word ^ (word >> 31)


def hash_of(*readings: Reading) -> int:
    """The hash of a rollup's readings, as its definition says."""
    found = 0
    for reading in readings:
        time_us = (reading.time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        (bits,) = struct.unpack("<Q", struct.pack("<d", reading.value + 0.0))
        found ^= mix(mix(mix(time_us % 2**64) ^ bits) ^ reading.flag) >> 12
    return found


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert tuple(found.columns) == HOUR_COLUMNS
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), check_dtype=False, rtol=1e-12)
    for name in ("hour", "first_time", "last_time"):
        assert str(found[name].dtype) == "datetime64[us, UTC]"


def test_an_hour_is_rolled_up_with_its_coverage(store: Store) -> None:
    store.write_readings([co2(50, 900), co2(0, 600), co2(5, 630), co2(10, 30_000, flag=1), co2(60, 1)])
    store.write_readings([Reading("s/a", "battery_v", NOON, 3.5)])
    found = store.compute_hours(hours_of(("s/a", NOON), ("s/none", NOON)), {"s/a": 600})
    assert list(found["quantity"]) == ["battery_v", "co2_ppm"]
    row = found.iloc[1].to_dict()
    assert row == {
        "device": "s/a",
        "quantity": "co2_ppm",
        "hour": pd.Timestamp(NOON),
        "mean": 710.0,
        "min": 600.0,
        "max": 900.0,
        "count": 3,
        "first": 600.0,
        "first_time": pd.Timestamp(NOON),
        "last": 900.0,
        "last_time": pd.Timestamp(NOON + timedelta(minutes=50)),
        "coverage": pytest.approx(2 / 6),  # 0 and 5 share a slot; the flagged reading fills none
        "flagged": 1,
        "inputs_hash": hash_of(co2(0, 600), co2(5, 630), co2(10, 30_000, flag=1), co2(50, 900)),
    }


def test_an_hour_with_flagged_readings_only_has_no_values(store: Store) -> None:
    store.write_readings([co2(0, 30_000, flag=1), co2(10, -127, flag=4)])
    found = store.compute_hours(hours_of(("s/a", NOON)), {"s/a": 600})
    assert (found["count"].item(), found["flagged"].item(), found["coverage"].item()) == (0, 2, 0.0)
    assert found[["mean", "min", "max", "first", "first_time", "last", "last_time"]].isna().all(axis=None)
    store.write_hours(found)
    assert_same(store.read_hours(["s/a"], None, NOON, NOON + HOUR), found)


def test_marks_of_estimated_values_are_rolled_up_beside_them_until_they_are_taken_back(store: Store) -> None:
    at = NOON + timedelta(minutes=15)
    pairs = sorted((f"m-{energy}", energy, mark) for energy, mark in ESTIMATED_MARKS.items())
    devices = [device for device, _, _ in pairs]
    store.write_readings([Reading(device, energy, at, 2.5) for device, energy, _ in pairs])
    for stands in (1.0, 0.0):
        store.write_readings([Reading(device, mark, at, stands) for device, _, mark in pairs])
        rolled = store.compute_hours(hours_of(*((device, NOON) for device in devices)), {})
        store.write_hours(rolled)
        found = store.read_hours(devices, None, NOON, NOON + HOUR)
        assert found[["device", "quantity", "max", "count"]].to_numpy().tolist() == [
            row
            for device, energy, mark in pairs
            for row in sorted([[device, energy, 2.5, 1], [device, mark, stands, 1]])
        ]


def test_the_hash_of_the_inputs_is_what_it_always_was() -> None:
    """Rollups of years ago hold it: a change here makes every one of them look wrong."""
    time_us = np.array([1_772_452_800_000_000, 1_772_453_100_000_000])
    hashes = reading_hash(time_us, np.array([600, -0.0]), np.array([0, 3]))
    assert hashes[0] == hash_of(co2(0, 600)) == 4_117_253_287_253_629
    assert hashes[0] ^ hashes[1] == hash_of(co2(0, 600), co2(5, 0, flag=3)) == 3_111_080_506_667_701


def test_the_hash_of_the_inputs_depends_on_nothing_else(store: Store) -> None:
    """Not on the order of receipt, nor on the slots; on each time, value and flag."""
    same = [co2(0, 600), co2(5, -0.0), co2(10, 1e-300), co2(59, 30_000, flag=1)]
    for device, batch in {
        "s/a": same,
        "s/b": same[::-1],
        "s/flag": [*same[:3], co2(59, 30_000, flag=3)],
        "s/time": [*same[:3], co2(59.5, 30_000, flag=1)],
        "s/value": [*same[:3], co2(59, 30_000.000000000004, flag=1)],
        "s/less": same[1:],
    }.items():
        for reading in batch:
            store.write_readings([reading._replace(device=device)])
    devices = ["s/a", "s/b", "s/flag", "s/less", "s/time", "s/value"]
    found = store.compute_hours(hours_of(*((device, NOON) for device in devices)), {"s/b": 60})
    assert list(found["device"]) == devices
    hashes = list(found["inputs_hash"])
    assert hashes[0] == hashes[1] == hash_of(*same)
    assert len(set(hashes)) == 5
    assert all(0 < number < 2**52 for number in hashes)
    store.write_hours(found)
    assert list(store.read_hours(devices, None, NOON, NOON + HOUR)["inputs_hash"]) == hashes


@pytest.mark.parametrize(
    ("interval_s", "slots"),
    [(600, 6), (3600, 1), (86_400, 1), (900, 4), (700, 5), (60, 60), (57, 63), (10, 360)],
)
def test_slots_follow_the_reporting_interval(store: Store, interval_s: int, slots: int) -> None:
    length_s = 3600 / slots
    for filled in (1, slots):
        device = f"s/{filled}"
        times = [NOON + timedelta(seconds=round(slot * length_s + 0.5, 3)) for slot in range(filled)]
        store.write_readings([Reading(device, "co2_ppm", time, 600.0) for time in times])
        found = store.compute_hours(hours_of((device, NOON)), {device: interval_s})
        assert found["coverage"].item() == pytest.approx(filled / slots)


def test_the_interval_is_ten_minutes_where_none_is_named(store: Store) -> None:
    store.write_readings([co2(0, 600), co2(10, 600), co2(20, 600)])
    assert store.compute_hours(hours_of(("s/a", NOON)), {})["coverage"].item() == 0.5
    with pytest.raises(ValueError, match="s/a"):
        store.compute_hours(hours_of(("s/a", NOON)), {"s/a": 0})


def test_only_the_named_hours_are_rolled_up_however_scattered(store: Store) -> None:
    every_day = [co2(1440 * day, day, device) for day in range(400) for device in ("s/a", "s/b")]
    store.write_readings(every_day)
    asked = [("s/a", NOON + timedelta(days=day)) for day in range(0, 400, 10)] + [("s/b", NOON)]
    found = store.compute_hours(hours_of(*asked, *asked), {})
    assert list(zip(found["device"], found["hour"], strict=True)) == asked
    assert list(found["mean"]) == [*range(0, 400, 10), 0]


def test_no_hours_asked_none_given(store: Store) -> None:
    store.write_readings([co2(0, 600)])
    for frame in (
        store.compute_hours(hours_of(), {}),
        store.compute_hours(hours_of(("s/a", NOON - HOUR)), {}),
        store.read_hours(["s/a"], None, NOON, NOON + HOUR),
        store.read_hours([], None, NOON, NOON + HOUR),
    ):
        assert frame.empty
        assert tuple(frame.columns) == HOUR_COLUMNS
    store.write_hours(rollups(NOON, 0))


def test_rollups_are_replaced_by_series_and_hour(store: Store) -> None:
    store.write_hours(pd.concat([rollups(NOON, 3), rollups(NOON, 2, "s/b")]))
    store.write_hours(rollups(NOON + HOUR, 1, mean=999.0))
    store.write_hours(pd.concat([rollups(NOON, 1, "s/b", mean=1.0), rollups(NOON, 1, "s/b", mean=2.0)]))
    found = store.read_hours(["s/b", "s/a"], ["co2_ppm"], NOON, NOON + 3 * HOUR)
    assert list(found["device"]) == ["s/a", "s/a", "s/a", "s/b", "s/b"]
    assert list(found["mean"]) == [600.0, 999.0, 600.25, 2.0, 600.125]
    assert store.read_hours(["s/a"], ["motion"], NOON, NOON + HOUR).empty
    assert len(store.read_hours(["s/a"], None, NOON, NOON + 2 * HOUR)) == 2
    some = ["device", "quantity", "hour", "count", "inputs_hash"]
    narrow = store.read_hours(["s/b", "s/a"], ["co2_ppm"], NOON, NOON + 3 * HOUR, columns=some)
    pd.testing.assert_frame_equal(narrow, found[some])


def test_a_year_of_hours_comes_back_as_written(store: Store) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    start, end = datetime(2025, 1, 1, tzinfo=zone), datetime(2026, 1, 1, tzinfo=zone)
    written = rollups(start.astimezone(UTC), 8760)
    store.write_hours(written)
    assert_same(store.read_hours(["s/a"], ["co2_ppm"], start, end), written)
    for day, hours in ((datetime(2025, 3, 30, tzinfo=zone), 23), (datetime(2025, 10, 26, tzinfo=zone), 25)):
        assert len(store.read_hours(["s/a"], None, day, day + timedelta(days=1))) == hours


def its(batch: list[Reading], device: str, quantity: str, hour: pd.Timestamp) -> list[Reading]:
    return [
        reading
        for reading in batch
        if reading[:2] == (device, quantity) and reading.time.replace(minute=0, second=0) == hour
    ]


def in_pandas(batch: list[Reading], slots: int) -> pd.DataFrame:
    """The definition of a rollup, slowly."""
    found = []
    frame = pd.DataFrame(batch, columns=list(Reading._fields)).sort_values("time")
    frame["hour"] = frame["time"].dt.floor("h")
    for (device, quantity, hour), group in frame.groupby(["device", "quantity", "hour"]):
        good = group[group["flag"] == 0]
        slot = (good["time"] - hour) // pd.Timedelta(hours=1 / slots)
        ends = (
            good.iloc[[0, -1]] if len(good) else pd.DataFrame({"value": [np.nan] * 2, "time": [pd.NaT] * 2})
        )
        value, time = list(ends["value"]), list(ends["time"])
        stats = (good["value"].mean(), good["value"].min(), good["value"].max(), len(good))
        rest = (slot.nunique() / slots, len(group) - len(good), hash_of(*its(batch, device, quantity, hour)))
        found.append((device, quantity, hour, *stats, value[0], time[0], value[1], time[1], *rest))
    expected = pd.DataFrame(found, columns=list(HOUR_COLUMNS))
    for name in ("hour", "first_time", "last_time"):
        expected[name] = pd.to_datetime(expected[name], utc=True).dt.as_unit("us")
    return expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(
        st.builds(
            Reading,
            st.sampled_from(["a", "b"]),
            st.sampled_from(["co2_ppm", "motion"]),
            st.integers(0, 4 * 3600 - 1).map(lambda second: NOON + timedelta(seconds=second)),
            st.floats(-1e6, 1e6),
            st.sampled_from([0, 0, 0, 2]),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda reading: reading[:3],
    ),
    slots=st.sampled_from([1, 6, 60, 360]),
)
def test_rollups_are_what_pandas_says(store: Store, drawn: list[Reading], slots: int) -> None:
    own = uuid.uuid4().hex
    batch = [reading._replace(device=own + reading.device) for reading in drawn]
    store.write_readings(batch)
    asked = hours_of(*{(reading.device, reading.time.replace(minute=0, second=0)) for reading in batch})
    found = store.compute_hours(asked, {own + device: 3600 // slots for device in "ab"})
    expected = in_pandas(batch, slots)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-6)
    store.write_hours(found)
    assert_same(store.read_hours([own + "a", own + "b"], None, NOON, NOON + 4 * HOUR), found)

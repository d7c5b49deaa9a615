"""Readings: what goes in once comes out once, whatever is handed in twice, late or odd."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from classroom.reading import Flag, Reading
from store.base import READING_COLUMNS, Store, Watermark, Written

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
AWKWARD = (
    'x" OR 1=1 --',
    "å,ä = ö\\",
    "it's; DROP TABLE readings",
    "%_*",
    " lead and trail ",
    "教室/🌡",
    "a\\",
    "$1?:x",
)


def co2(minute: float, value: float, device: str = "s/a", flag: int = 0) -> Reading:
    return Reading(device, "co2_ppm", NOON + timedelta(minutes=minute), value, flag)


def rows(frame: pd.DataFrame) -> list[Reading]:
    assert tuple(frame.columns) == READING_COLUMNS
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    return [Reading(*row) for row in frame.itertuples(index=False)]


def stored(store: Store, *devices: str) -> list[Reading]:
    return rows(store.read_readings(devices, None, *ALWAYS))


def test_a_batch_is_read_back_sorted(store: Store) -> None:
    batch = [
        co2(10, 700, "s/b"),
        co2(5, 650),
        co2(0, 600),
        Reading("s/a", "battery_v", NOON, 3.6),
        co2(5, 651, "s/b"),
    ]
    assert store.write_readings(batch) == Written(stored=5)
    assert stored(store, "s/b", "s/a") == sorted(batch)


def test_the_same_batch_again_changes_nothing(store: Store) -> None:
    batch = [co2(minute, 500 + minute) for minute in range(20)]
    store.write_readings(batch)
    store.advance("rollups", store.changed("rollups").cursor)
    assert store.write_readings(batch) == Written(duplicates=20)
    assert stored(store, "s/a") == batch
    assert store.changed("rollups").hours.empty


def test_late_and_out_of_order_readings_find_their_place(store: Store) -> None:
    store.write_readings([co2(30, 3), co2(10, 1)])
    assert store.write_readings([co2(20, 2), co2(-3 * 1440, 0), co2(10, 1)]) == Written(
        stored=2, duplicates=1
    )
    assert [reading.value for reading in stored(store, "s/a")] == [0, 1, 2, 3]


def test_the_last_received_of_a_conflict_is_read_and_the_first_kept(store: Store) -> None:
    store.write_readings([co2(0, 600), co2(10, 700)])
    assert store.write_readings([co2(0, 601), co2(10, 700)]) == Written(duplicates=1, conflicts=1)
    assert store.write_readings([co2(0, 602)]) == Written(conflicts=1)
    assert stored(store, "s/a") == [co2(0, 602), co2(10, 700)]
    assert rows(store.superseded("s/a")) == [co2(0, 600), co2(0, 601)]
    assert rows(store.superseded("s/b")) == []


def test_a_conflict_inside_a_batch_is_decided_by_order_and_stays_decided(store: Store) -> None:
    batch = [co2(0, 600), co2(0, 605), co2(0, 605)]
    assert store.write_readings(batch) == Written(stored=1, duplicates=1, conflicts=1)
    assert store.write_readings(batch) == Written(duplicates=2, conflicts=1)
    assert stored(store, "s/a") == [co2(0, 605)]
    assert rows(store.superseded("s/a")) == [co2(0, 600)]


def test_a_conflict_across_many_days_is_resolved_on_each(store: Store) -> None:
    batch = [co2(1440 * day, day) for day in range(0, 900, 30)]
    store.write_readings(batch)
    revised = [reading._replace(value=reading.value + 0.5) for reading in batch]
    assert store.write_readings(revised) == Written(conflicts=30)
    assert stored(store, "s/a") == revised
    assert sorted(rows(store.superseded("s/a"))) == batch


def test_another_flag_is_another_reading_of_the_same_value(store: Store) -> None:
    store.write_readings([co2(0, 327.67)])
    assert store.write_readings([co2(0, 327.67, flag=Flag.SENTINEL)]) == Written(conflicts=1)
    assert stored(store, "s/a") == [co2(0, 327.67, flag=4)]


def test_integers_and_floats_are_the_same_number(store: Store) -> None:
    store.write_readings([co2(0, 600.0), co2(1, 0.5)])
    assert store.write_readings([co2(0, 600), co2(1, 1)]) == Written(duplicates=1, conflicts=1)
    assert [reading.value for reading in stored(store, "s/a")] == [600.0, 1.0]


@pytest.mark.parametrize("device", AWKWARD)
def test_awkward_device_keys_name_one_device(store: Store, device: str) -> None:
    store.write_readings([co2(0, 600, other) for other in AWKWARD])
    assert store.write_readings([co2(1, 700, device)], Watermark(device, 3)) == Written(stored=1)
    store.write_readings([co2(1, 701, device)])
    assert stored(store, device) == [co2(0, 600, device), co2(1, 701, device)]
    assert rows(store.latest([device])) == [co2(1, 701, device)]
    assert rows(store.superseded(device)) == [co2(1, 700, device)]
    assert store.watermark(device) == 3
    store.advance(device, store.changed(device).cursor)
    assert store.changed(device).hours.empty


def test_awkward_quantities_name_one_quantity(store: Store) -> None:
    """As a newer version may have them: this one knows none of them."""
    batch = [Reading("s/a", quantity, NOON, float(n)) for n, quantity in enumerate(AWKWARD)]
    assert store.write_readings([*batch, co2(0, 600)]) == Written(stored=len(batch) + 1)
    revised = [reading._replace(value=-1.0, flag=2) for reading in batch]
    assert store.write_readings(revised) == Written(conflicts=len(batch))
    for old, new in zip(batch, revised, strict=True):
        assert rows(store.read_readings(["s/a"], [new.quantity], *ALWAYS)) == [new]
        assert old in rows(store.superseded("s/a"))
    assert rows(store.latest(["s/a"])) == sorted([*revised, co2(0, 600)])
    assert stored(store, "s/a") == sorted([*revised, co2(0, 600)])
    hours = store.compute_hours(store.changed("rollups").hours, {})
    store.write_hours(hours)
    assert list(hours["quantity"]) == sorted([*AWKWARD, "co2_ppm"])
    end = NOON + timedelta(hours=1)
    for quantity in AWKWARD:
        assert list(store.read_hours(["s/a"], [quantity], NOON, end)["flagged"]) == [1]


def test_ranges_are_half_open_and_may_be_empty(store: Store) -> None:
    store.write_readings([co2(minute, minute) for minute in (0, 10, 20)])
    end = NOON + timedelta(minutes=20)
    assert [row.value for row in rows(store.read_readings(["s/a"], ["co2_ppm"], NOON, end))] == [0, 10]
    for devices, quantities, start in (
        (["s/a"], None, end),
        (["s/a"], ["motion"], NOON),
        (["s/a"], [], NOON),
        (["s/none"], None, NOON),
        ([], None, NOON),
    ):
        assert rows(store.read_readings(devices, quantities, start, end)) == []


def test_nothing_written_is_nothing_stored(store: Store) -> None:
    assert store.write_readings([]) == Written()
    assert rows(store.latest()) == []
    assert rows(store.latest([])) == []
    assert rows(store.superseded("s/a")) == []
    assert store.changed("rollups").hours.empty


def test_latest_is_by_time_not_by_receipt(store: Store) -> None:
    store.write_readings([co2(10, 700), co2(10, 800, "s/b")])
    store.write_readings([co2(5, 650), Reading("s/a", "battery_v", NOON, 3.6)])
    assert rows(store.latest()) == [Reading("s/a", "battery_v", NOON, 3.6), co2(10, 700), co2(10, 800, "s/b")]
    store.write_readings([co2(10, 701, flag=1)])
    assert rows(store.latest(["s/a"])) == [Reading("s/a", "battery_v", NOON, 3.6), co2(10, 701, flag=1)]


def test_microseconds_and_extreme_values_are_kept(store: Store) -> None:
    batch = [co2(0, value) for value in (0.1 + 0.2, 1e-300, -1e10, 9_007_199_254_740_993.0)]
    batch = [
        reading._replace(time=NOON + timedelta(microseconds=index)) for index, reading in enumerate(batch)
    ]
    store.write_readings(batch)
    assert stored(store, "s/a") == batch


def test_both_nights_of_daylight_saving_keep_every_reading(store: Store) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    for day, hours in ((datetime(2026, 3, 29, tzinfo=zone), 23), (datetime(2026, 10, 25, tzinfo=zone), 25)):
        start, end = day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC)
        batch = [
            Reading("s/a", "co2_ppm", start + timedelta(minutes=10 * slot), slot) for slot in range(hours * 6)
        ]
        assert store.write_readings(batch) == Written(stored=hours * 6)
        assert rows(store.read_readings(["s/a"], None, day, day + timedelta(days=1))) == batch
        assert batch[-1].time == end - timedelta(minutes=10)


@pytest.mark.parametrize(
    "wrong",
    [co2(1, float("nan")), co2(1, float("inf")), co2(1, 1)._replace(time=datetime(2026, 3, 2, 12))],  # noqa: DTZ001
)
def test_what_is_no_reading_is_refused_with_its_whole_batch(store: Store, wrong: Reading) -> None:
    with pytest.raises(ValueError, match="s/a"):
        store.write_readings([co2(0, 600), wrong], Watermark("spool", 2))
    assert stored(store, "s/a") == []
    assert store.watermark("spool") == 0
    assert store.write_readings([co2(0, 600)]) == Written(stored=1)


def test_the_watermark_is_per_spool_and_never_moves_back(store: Store) -> None:
    assert store.watermark("one") == 0
    store.write_readings([co2(0, 600)], Watermark("one", 7))
    store.write_readings([], Watermark("two", 3))
    store.write_readings([], Watermark("one", 5))
    assert (store.watermark("one"), store.watermark("two"), store.watermark("three")) == (7, 3, 0)


def test_what_was_written_is_there_after_reopening(reopen: Callable[[], Store]) -> None:
    store = reopen()
    kind = store.info().kind
    store.write_readings([co2(0, 600), co2(10, 700)], Watermark("spool", 2))
    store.write_readings([co2(0, 601)])
    seen = store.changed("seen")
    store.advance("seen", seen.cursor)
    store = reopen()
    assert store.info().kind == kind
    assert stored(store, "s/a") == [co2(0, 601), co2(10, 700)]
    assert rows(store.superseded("s/a")) == [co2(0, 600)]
    assert rows(store.latest()) == [co2(10, 700)]
    assert store.watermark("spool") == 2
    assert store.changed("seen").hours.empty
    assert len(store.changed("new").hours) == 1
    assert store.write_readings([co2(10, 700), co2(20, 800)]) == Written(stored=1, duplicates=1)
    assert len(store.changed("seen").hours) == 1


def test_readers_and_a_writer_at_once(store: Store) -> None:
    """Every read sees a prefix of what was written, in order; nothing is lost, nothing fails."""
    done = threading.Event()
    faults: list[str] = []

    def read() -> None:
        seen = 0
        while not done.is_set():
            found = sorted(reading.value for reading in stored(store, "s/a"))
            if found != list(range(len(found))) or len(found) < seen:
                faults.append(f"{len(found)} after {seen}: {found[:5]}…")
            seen = len(found)
            store.latest(["s/a"])
            store.changed("reader")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(0, 600, 20):
            store.write_readings([co2(minute, minute) for minute in range(number, number + 20)])
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert faults == []
    assert len(stored(store, "s/a")) == 600


def test_two_writers_at_once_store_each_reading_once(store: Store) -> None:
    results: list[Written] = []

    def write() -> None:
        results.extend(
            store.write_readings([co2(minute, minute) for minute in range(number, number + 50)])
            for number in range(0, 500, 25)
        )

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(results) == 40
    assert sum(result.stored for result in results) == len(stored(store, "s/a")) == 525
    assert sum(result.conflicts for result in results) == 0


def test_readings_around_chosen_hours(store: Store) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    every = [
        Reading(device, quantity, NOON + n * hour + timedelta(minutes=15 * m), 400.0 + n, n % 3 == 0)
        for device in ("s/a", "s/b", AWKWARD[0])
        for quantity in ("co2_ppm", "temperature_c", "energy_kwh")
        for n in (0, 1, 2, 3, 4, 240, 241)
        for m in range(4)
    ]
    store.write_readings(every)
    asked = [
        (AWKWARD[0], "energy_kwh", NOON),
        ("s/a", "co2_ppm", NOON + 2 * hour),
        ("s/a", "co2_ppm", NOON + 3 * hour),
        ("s/b", "co2_ppm", NOON + 10 * day),
        ("s/b", "humidity_pct", NOON),  # nobody has ever sent that
        ("s/none", "co2_ppm", NOON),
    ]
    frame = pd.DataFrame(asked, columns=["device", "quantity", "hour"])
    frame = frame.astype({"hour": "datetime64[us, UTC]"}).assign(count=1).iloc[::-1]

    def wanted(before_h: int, after_h: int) -> list[Reading]:
        return sorted(
            one
            for one in every
            if any(
                (device, quantity) == one[:2] and at - before_h * hour <= one.time < at + (after_h + 1) * hour
                for device, quantity, at in asked
            )
        )

    assert rows(store.read_around(frame, 0, 0).frame()) == wanted(0, 0)
    assert rows(store.read_around(frame, 1, 2).frame()) == wanted(1, 2)
    assert rows(store.read_around(frame.iloc[:0], 1, 2).frame()) == []

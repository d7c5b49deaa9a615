"""The ledger: each consumer is shown every changed hour, once it has changed, until it says it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from classroom.reading import Reading
from store.base import CHANGED_COLUMNS, Changed, Marks, Store, Watermark

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def write(store: Store, *hours: float, device: str = "s/a", value: float = 600.0) -> None:
    store.write_readings([Reading(device, "co2_ppm", NOON + timedelta(hours=hour), value) for hour in hours])


def hours(changed: Changed, device: str = "s/a") -> list[float]:
    frame = changed.hours
    assert tuple(frame.columns) == CHANGED_COLUMNS
    assert str(frame["hour"].dtype) == "datetime64[us, UTC]"
    own = frame.loc[frame["device"] == device, "hour"]
    return sorted((hour - NOON) / timedelta(hours=1) for hour in own)


def test_every_changed_hour_is_shown_once(store: Store) -> None:
    write(store, 0, 0.5, 1, -20)
    write(store, 0.75, device="s/b")
    changed = store.changed("rollups")
    assert (hours(changed), hours(changed, "s/b")) == ([-20, 0, 1], [0])


def test_all_hours_of_some_devices_whoever_has_done_them(store: Store) -> None:
    write(store, 0, 0.5, 1, -20)
    write(store, 0.75, device="s/b")
    write(store, 2, device="s/c")
    store.advance("rollups", store.changed("rollups").cursor)
    found = Changed(0, store.hours_of(["s/a", "s/c", "s/unheard"]))
    assert (hours(found), hours(found, "s/b"), hours(found, "s/c")) == ([-20, 0, 1], [], [2])
    assert hours(Changed(0, store.hours_of([]))) == []


def test_nothing_is_forgotten_before_advancing(store: Store) -> None:
    write(store, 0)
    first = store.changed("rollups")
    write(store, 1)
    assert hours(store.changed("rollups")) == [0, 1]
    store.advance("rollups", first.cursor)
    assert hours(store.changed("rollups")) == [1]


def test_an_hour_that_changes_again_while_it_is_worked_on_is_shown_again(store: Store) -> None:
    write(store, 0, 1)
    taken = store.changed("rollups")
    write(store, 0.5)
    write(store, 1, value=700.0)
    write(store, 0.5)
    store.advance("rollups", taken.cursor)
    again = store.changed("rollups")
    assert hours(again) == [0, 1]
    store.advance("rollups", again.cursor)
    assert hours(store.changed("rollups")) == []


def test_a_flag_alone_changes_an_hour(store: Store) -> None:
    write(store, 0)
    store.advance("rollups", store.changed("rollups").cursor)
    store.write_readings([Reading("s/a", "co2_ppm", NOON, 600.0, 1)])
    assert hours(store.changed("rollups")) == [0]


def test_consumers_do_not_disturb_each_other(store: Store) -> None:
    write(store, 0)
    store.advance("one", store.changed("one").cursor)
    write(store, 1)
    assert hours(store.changed("two")) == [0, 1]
    write(store, 0.5)
    assert hours(store.changed("one")) == [0, 1]
    store.advance("one", store.changed("one").cursor)
    assert hours(store.changed("two")) == [0, 1]
    assert hours(store.changed("one")) == []


def test_a_consumer_that_comes_late_is_shown_everything(store: Store) -> None:
    for hour in range(5):
        write(store, hour)
        store.advance("early", store.changed("early").cursor)
    assert hours(store.changed("early")) == []
    assert hours(store.changed("late")) == [0, 1, 2, 3, 4]


def test_a_cursor_never_moves_back(store: Store) -> None:
    write(store, 0)
    first = store.changed("rollups").cursor
    write(store, 1)
    store.advance("rollups", store.changed("rollups").cursor)
    store.advance("rollups", first)
    assert hours(store.changed("rollups")) == []


def test_hours_are_appended_for_other_reasons(store: Store) -> None:
    write(store, 0)
    store.advance("rollups", store.changed("rollups").cursor)
    moved = pd.DataFrame({"device": ["s/a", "s/a", "s/new"], "hour": pd.to_datetime([NOON] * 3, utc=True)})
    store.append_changed(moved)
    changed = store.changed("rollups")
    assert (hours(changed), hours(changed, "s/new")) == ([0], [0])
    store.advance("rollups", changed.cursor)
    store.append_changed(moved.iloc[:0])
    assert hours(store.changed("rollups")) == []
    store.append_changed(moved.iloc[:1])
    assert hours(store.changed("rollups")) == [0]


def test_rollups_verdicts_and_metrics_do_not_touch_the_ledger(store: Store) -> None:
    write(store, 0)
    changed = store.changed("rollups")
    store.advance("rollups", changed.cursor)
    store.write_hours(store.compute_hours(changed.hours, {}))
    assert hours(store.changed("rollups")) == []


def test_marks_tell_every_cursor_and_watermark(store: Store) -> None:
    assert store.marks() == Marks({}, {})
    write(store, 0)
    for consumer in ("å,b", 'x" OR 1=1 --'):
        store.advance(consumer, store.changed(consumer).cursor)
        store.write_readings([], Watermark(consumer, len(consumer)))
    cursors, watermarks = store.marks()
    assert cursors == dict.fromkeys(("å,b", 'x" OR 1=1 --'), store.changed("new").cursor)
    assert watermarks == {"å,b": 3, 'x" OR 1=1 --': 12}

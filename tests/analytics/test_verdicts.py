"""Pieces of verdicts cut out and put in, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.batch import trusted
from analytics.points import HOUR_US
from analytics.quality import Verdict
from analytics.verdicts import Zone, changed_trust, replaced
from store.frames import Columns

STUCK = "stuck at 640"


def stale(start: int, end: int, detail: str = STUCK) -> Verdict:
    return Verdict(start, end, "stale", detail)


def spike(start: int, end: int) -> Verdict:
    return Verdict(start, end, "spike", "")


def test_a_zone_cuts_what_stood_and_joins_what_touches() -> None:
    stored = [stale(0, 100), stale(200, 300)]
    zone = Zone(("stale",), 50, 250, [stale(40, 60), stale(230, 260)])
    assert replaced(stored, [zone]) == [stale(0, 60), stale(230, 300)]
    assert replaced(stored, [Zone(("stale",), 50, 250, [stale(50, 250)])]) == [stale(0, 300)]
    assert replaced(stored, [Zone(("stale",), 50, 250, [])]) == [stale(0, 50), stale(250, 300)]


def test_other_kinds_and_other_values_stay_apart() -> None:
    drift = Verdict(0, 100, "drift", "")
    assert replaced([drift, stale(0, 50)], [Zone(("stale",), 0, 99, [])]) == [drift]
    assert replaced([stale(0, 50)], [Zone(("stale",), 50, 99, [stale(50, 60, "stuck at 7")])]) == [
        stale(0, 50),
        stale(50, 60, "stuck at 7"),
    ]


def test_an_event_belongs_where_it_starts_and_is_never_cut() -> None:
    stored = [spike(40, 60), spike(90, 120)]
    assert replaced(stored, [Zone(("spike",), 50, 100, [spike(99, 105), spike(100, 105)])]) == [
        spike(40, 60),
        spike(99, 105),
    ]


def test_only_trust_that_changes_is_told() -> None:
    before = [stale(0, 100), Verdict(0, 500, "gap", "")]
    assert changed_trust(before, [stale(0, 100, "other words")]) == []
    assert changed_trust(before, [stale(0, 90), spike(80, 100)]) == []
    assert changed_trust(before, [stale(50, 120)]) == [(0, 50), (100, 120)]
    assert changed_trust([], []) == []


def test_readings_under_many_verdicts_are_left_out() -> None:
    start, hour = pd.Timestamp("2026-03-02", tz="UTC").as_unit("us"), pd.Timedelta("1h")
    device, flag = np.repeat([0, 1], 10).astype(np.int32), np.zeros(20, dtype=np.int64)
    flag[0] = 1
    start_us = int(start.timestamp()) * 1_000_000
    time_us = np.tile(start_us + np.arange(10) * HOUR_US, 2)
    readings = Columns(device, np.zeros_like(device), time_us, np.ones(20), flag, "ab", ["co2_ppm"])
    rows = [(2, 4, "stale"), (3, 5, "spike"), (8, 9, "drift"), (0, 10, "gap")]
    verdicts = pd.DataFrame(
        [("a", "co2_ppm", start + first * hour, start + end * hour, kind, "") for first, end, kind in rows],
        columns=["device", "quantity", "start", "end", "verdict", "detail"],
    )
    kept = trusted(readings, verdicts)
    of_a = kept.time_us[kept.by_series()["a", "co2_ppm"]]
    assert ((of_a - start_us) // HOUR_US).tolist() == [1, 5, 6, 7, 9]
    assert (kept.device == 1).sum() == 10

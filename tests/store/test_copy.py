"""Copying a store into another kind and back: the same content, however often it is cut short."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from classroom.metric import Interval, Metric, Scope, Status
from classroom.reading import Reading
from store.base import Store
from store.copy import CopyError, Piece, copy
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore

START = datetime(2026, 1, 30, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DEVICES = ["s/a", 'x" OR 1=1 --', "å,ä = ö\\"]


def fill(store: Store) -> None:
    """Two months' worth of everything."""
    at = [START + timedelta(hours=hour) for hour in range(0, 72, 5)]
    store.write_readings(
        [Reading(device, key, time, index + 0.1, index % 3 // 2)
         for device in DEVICES for key in ("co2_ppm", "energy_kwh") for index, time in enumerate(at)]
    )  # fmt: skip
    store.write_hours(store.compute_hours(store.changed("all").hours, {}))
    intervals = pd.DataFrame(
        {
            "device": "s/a",
            "quantity": "co2_ppm",
            "start": [START],
            "end": [at[-1]],
            "verdict": "stale",
            "detail": [None],
        }
    )
    store.write_verdicts("s/a", "co2_ppm", intervals)
    store.write_metrics(
        [
            Metric(
                START, START + timedelta(days=1), Interval.DAY, "s", Scope.ROOM, "1", "co2_mean", None, None,
                value, None, None, "ppm", 0.5, Status.OK, None, "co2_mean/1", (), "f",
            )
            for value in (812.5,)
        ]
    )  # fmt: skip


def content(store: Store) -> list[object]:
    return [
        store.read_readings(DEVICES, None, *ALWAYS).to_dict("list"),
        store.read_hours(DEVICES, None, *ALWAYS).astype(str).to_dict("list"),
        store.read_verdicts(DEVICES, *ALWAYS).astype(str).to_dict("list"),
        store.read_metrics("s", Scope.ROOM, None, Interval.DAY, *ALWAYS),
    ]


def test_a_copy_is_equal_and_a_second_one_writes_nothing(tmp_path: Path) -> None:
    with (
        closing(DuckDBStore(tmp_path / "a.duckdb")) as one,
        closing(DuckDBStore(tmp_path / "b.duckdb")) as two,
    ):
        fill(one)
        assert {piece.what for piece in copy(one, two, ["s"]) if piece.written} == {
            "readings", "hours", "verdicts", "metrics",
        }  # fmt: skip
        assert content(two) == content(one)
        assert sum(piece.written for piece in copy(one, two, ["s"])) == 0
        later = START + timedelta(days=2)
        assert sum(piece.rows for piece in copy(one, two, ["s"], later) if piece.what == "readings") == 30
        two.write_readings([Reading("s/a", "motion", START, 1.0)])
        with pytest.raises(CopyError, match="something else write"):
            copy(one, two, ["s"])


@pytest.mark.server
def test_to_influxdb_and_back(tmp_path: Path, bucket: Address) -> None:
    class CutError(Exception):
        pass

    def cut(piece: Piece) -> None:
        if piece.what == "hours":
            raise CutError

    with (
        closing(DuckDBStore(tmp_path / "a.duckdb")) as one,
        closing(InfluxStore(bucket)) as two,
        closing(DuckDBStore(tmp_path / "c.duckdb")) as three,
    ):
        fill(one)
        with pytest.raises(CutError):
            copy(one, two, ["s"], progress=cut)
        pieces = copy(one, two, ["s"])
        assert [piece.written for piece in pieces][:2] == [0, 0]  # done before it was cut
        assert content(two) == content(one)
        copy(two, three, ["s"])
        assert content(three) == content(one)

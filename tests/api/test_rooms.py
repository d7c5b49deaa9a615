from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api import series
from api.context import ApiContext
from api.series import thinned
from classroom.reading import Flag, Reading
from store.duckdb_store import DuckDBStore

NOW = "/api/v1/schools/tagaborg/rooms/a101/now"
SERIES = "/api/v1/schools/tagaborg/rooms/a101/series?quantity=co2_ppm"
MakeCo2 = Callable[..., Reading]


def test_now_gives_each_quantity_with_its_age(client: TestClient, context: ApiContext, co2: MakeCo2) -> None:
    first = co2("first", 5, 1052.0)
    before = co2("first", 10, 700.0)
    context.live.publish([before, first, first._replace(quantity="temperature_c", value=21.5)])

    assert client.get(NOW).json() == {
        "time": "2026-11-16T09:00:00Z",
        "school": "tagaborg",
        "room": "a101",
        "name": "Sal 101",
        "air": {"level": "soon", "since": "2026-11-16T08:55:00Z", "shown_ppm": 1050, "reason": None},
        "values": [
            {
                "quantity": "co2_ppm",
                "value": 1052.0,
                "unit": "ppm",
                "time": "2026-11-16T08:55:00Z",
                "age_s": 300.0,
                "stale": False,
                "flag": 0,
                "device": "first",
                "interval_s": 300,
                "verdict": None,
            },
            {
                "quantity": "temperature_c",
                "value": 21.5,
                "unit": "°C",
                "time": "2026-11-16T08:55:00Z",
                "age_s": 300.0,
                "stale": False,
                "flag": 0,
                "device": "first",
                "interval_s": 300,
                "verdict": None,
            },
        ],
    }
    assert client.get(f"{NOW}?format=csv").text == (
        "quantity,value,unit,time,age_s,stale,flag,device,interval_s,verdict\r\n"
        "co2_ppm,1052.0,ppm,2026-11-16T08:55:00Z,300.0,false,0,first,300,\r\n"
        "temperature_c,21.5,°C,2026-11-16T08:55:00Z,300.0,false,0,first,300,\r\n"
    )


def test_there_is_no_verdict_without_readings(client: TestClient) -> None:
    state = client.get(NOW).json()
    assert state["values"] == []
    assert state["air"] == {"level": None, "since": None, "shown_ppm": None, "reason": "no_reading"}


@pytest.mark.parametrize(
    ("minutes", "flag", "reason"), [(15.1, 0, "stale"), (5, 1, "flagged"), (15, 0, None)]
)
def test_a_stale_or_flagged_value_has_no_verdict(
    client: TestClient, context: ApiContext, co2: MakeCo2, minutes: float, flag: int, reason: str | None
) -> None:
    context.live.publish([co2("first", minutes, 600.0, flag)])
    state = client.get(NOW).json()
    assert state["air"]["reason"] == reason
    assert (state["air"]["level"] is None) == (reason is not None)
    assert state["values"][0]["stale"] == (reason == "stale")


def test_a_good_present_value_goes_before_a_newer_bad_one(
    client: TestClient, context: ApiContext, co2: MakeCo2
) -> None:
    context.live.publish([co2("first", 1, 9999.0, Flag.LIMITS), co2("moved", 9, 700.0)])
    assert client.get(NOW).json()["values"][0]["device"] == "moved"


def test_what_a_device_measured_elsewhere_stays_there(
    client: TestClient, context: ApiContext, co2: MakeCo2
) -> None:
    context.live.publish([co2("moved", 121, 700.0)])  # it hung in a102 until 120 minutes ago
    assert client.get(NOW).json()["values"] == []
    assert client.get(NOW.replace("a101", "a102")).json()["values"] == []  # and hangs there no longer


def test_raw_series_breaks_at_gaps_and_flags(client: TestClient, store: DuckDBStore, co2: MakeCo2) -> None:
    store.write_readings(
        [co2("first", 60, 500.0), co2("first", 45, 510.0), co2("first", 20, 32767.0, Flag.SENTINEL)]
    )

    answer = client.get(f"{SERIES}&from=2026-11-16&to=2026-11-17").json()

    assert {key: answer[key] for key in list(answer)[:-1]} == {
        "school": "tagaborg",
        "room": "a101",
        "quantity": "co2_ppm",
        "unit": "ppm",
        "from": "2026-11-15T23:00:00Z",
        "to": "2026-11-16T23:00:00Z",
        "interval": "raw",
        "readings": 3,
        "downsampled": False,
    }
    assert [(p["time"][11:19], p["value"], p["flag"]) for p in answer["points"]] == [
        ("08:00:00", 500.0, 0),
        ("08:15:00", 510.0, 0),  # 15 minutes of silence are no gap
        ("08:20:00", None, 0),  # 25 are: broken one interval after the last reading
        ("08:40:00", None, 4),
    ]
    kept = client.get(f"{SERIES}&flagged=true").json()["points"]
    assert [(p["value"], p["flag"]) for p in kept][-1] == (32767.0, 4)


def test_a_series_holds_what_was_measured_in_the_room(
    client: TestClient, store: DuckDBStore, co2: MakeCo2
) -> None:
    store.write_readings([co2("moved", 125, 400.0), co2("moved", 115, 410.0), co2("first", 115, 420.0)])

    here = client.get(SERIES).json()["points"]
    there = client.get(SERIES.replace("a101", "a102")).json()["points"]

    assert [(p["device"], p["value"]) for p in here] == [("first", 420.0), ("moved", 410.0)]
    assert [(p["device"], p["value"]) for p in there] == [("moved", 400.0)]


def test_series_by_time(client: TestClient, store: DuckDBStore, co2: MakeCo2) -> None:
    store.write_readings([co2("first", 5, 700.0), co2("first", 15, 650.0), co2("moved", 10, 640.0)])
    by_device, by_time = (
        client.get(f"{SERIES}&order={order}").json()["points"] for order in ("device", "time")
    )
    assert [point["device"] for point in by_device] == ["first", "first", "moved"]
    assert [point["device"] for point in by_time] == ["first", "moved", "first"]


def test_series_as_csv(client: TestClient, store: DuckDBStore, co2: MakeCo2) -> None:
    store.write_readings([co2("first", 60, 500.25), co2("first", 20, 510.0)])
    assert client.get(f"{SERIES}&format=csv&delimiter=;&decimal=,").text == (
        "time;device;value;low;high;coverage;flag\r\n"
        "2026-11-16T08:00:00Z;first;500,25;;;;0\r\n"
        "2026-11-16T08:05:00Z;first;;;;;0\r\n"
        "2026-11-16T08:40:00Z;first;510,0;;;;0\r\n"
    )


def test_csv_is_whole_unless_points_are_asked_for(
    client: TestClient, store: DuckDBStore, co2: MakeCo2, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens a table takes it for all there is."""
    store.write_readings([co2("first", (n + 1) / 3, 500.0 + n % 7) for n in range(3_000)])

    def rows(query: str) -> int:
        answer = client.get(f"{SERIES}&from=2026-11-15{query}")
        assert answer.status_code == 200, answer.text
        return answer.text.count("\n") - 1

    assert client.get(f"{SERIES}&from=2026-11-15").json()["downsampled"]
    assert rows("&format=csv") == 3_000
    assert rows("&format=csv&points=100") <= 100
    monkeypatch.setattr(series, "WHOLE_LIMIT", 2_999)
    refused = client.get(f"{SERIES}&from=2026-11-15&format=csv")
    assert refused.status_code == 422
    assert "ask in parts" in refused.json()["detail"]


def test_hours_show_extremes_coverage_and_missing_hours(
    client: TestClient, store: DuckDBStore, co2: MakeCo2
) -> None:
    store.write_readings([co2("first", 180, 500.0), co2("first", 175, 700.0), co2("first", 60, 800.0)])
    hours = pd.DataFrame(
        {
            "device": ["first", "first"],
            "hour": pd.to_datetime(["2026-11-16T06:00Z", "2026-11-16T08:00Z"]).astype("datetime64[us, UTC]"),
        }
    )
    store.write_hours(store.compute_hours(hours, {"first": 300}))

    answer = client.get(f"{SERIES}&interval=hour").json()

    assert answer["readings"] == 2
    assert [
        (p["time"][11:13], p["value"], p["low"], p["high"], p["coverage"] and round(p["coverage"], 4))
        for p in answer["points"]
    ] == [
        ("06", 600.0, 500.0, 700.0, round(2 / 12, 4)),
        ("07", None, None, None, None),
        ("08", 800.0, 800.0, 800.0, round(1 / 12, 4)),
    ]


def test_a_long_series_keeps_peaks_and_gaps_within_the_stated_points(
    client: TestClient, store: DuckDBStore, now: datetime
) -> None:
    readings = [
        Reading("first", "co2_ppm", now - timedelta(seconds=60 * n), 600.0 + n % 7)
        for n in range(1, 1_000)
        if not 400 < n < 500
    ]
    readings[30] = readings[30]._replace(value=2400.0)
    readings[200] = readings[200]._replace(value=380.0)
    store.write_readings(readings)

    answer = client.get(f"{SERIES}&points=90").json()

    values = [p["value"] for p in answer["points"]]
    assert (answer["readings"], answer["downsampled"]) == (900, True)
    assert 60 <= len(values) <= 90
    assert (max(v for v in values if v), min(v for v in values if v)) == (2400.0, 380.0)
    assert values.count(None) == 1
    assert set(values) - {None} <= {reading.value for reading in readings}


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("quantity=co2", "quantity"),
        ("", "quantity"),
        ("quantity=co2_ppm&points=5", "points"),
        ("quantity=co2_ppm&interval=day", "interval"),
        ("quantity=co2_ppm&from=2024-01-01", "from"),
    ],
)
def test_wrong_parameters_of_a_series(client: TestClient, query: str, key: str) -> None:
    answer = client.get(f"/api/v1/schools/tagaborg/rooms/a101/series?{query}")
    assert answer.status_code == 422
    assert [error["key"] for error in answer.json()["errors"]] == [key]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 5_000), st.one_of(st.none(), st.floats(0, 5_000, width=32))),
        min_size=1,
        max_size=300,
    ),
    st.integers(9, 120),
)
def test_thinning_keeps_extremes_longest_break_and_limit(
    steps: list[tuple[int, float | None]], limit: int
) -> None:
    seconds = pd.Series([step for step, _ in steps]).cumsum()
    values = pd.Series([value for _, value in steps], dtype="float64")
    piece = pd.DataFrame(
        {
            "time": (pd.Timestamp("2026-11-16T00:00Z") + pd.to_timedelta(seconds, unit="s")).astype(
                "datetime64[us, UTC]"
            ),
            "value": values,
            "low": float("nan"),
            "high": float("nan"),
            "gap_s": values.isna() * seconds.astype("float64"),
        }
    )

    kept = thinned(piece, limit)

    assert len(kept) <= limit
    assert kept["time"].is_monotonic_increasing
    assert kept["value"].max() == values.max() or values.isna().all()
    assert kept["value"].min() == values.min() or values.isna().all()
    assert kept["gap_s"].max() == piece["gap_s"].max()

"""Verdicts and metrics: replaced as wholes, read back exactly as written."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from store.base import VERDICT_COLUMNS, Store

DAY = datetime(2026, 3, 2, 23, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def verdicts(
    *intervals: tuple[float, float, str, str | None], device: str = "s/a", quantity: str = "co2_ppm"
) -> pd.DataFrame:
    rows = [
        (device, quantity, DAY + timedelta(hours=start), DAY + timedelta(hours=end), verdict, detail)
        for start, end, verdict, detail in intervals
    ]
    frame = pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
    return frame


def named(store: Store, start: float, end: float, *devices: str) -> list[str]:
    found = store.read_verdicts(devices or ["s/a"], DAY + timedelta(hours=start), DAY + timedelta(hours=end))
    assert tuple(found.columns) == VERDICT_COLUMNS
    assert str(found["start"].dtype) == str(found["end"].dtype) == "datetime64[us, UTC]"
    return list(found["verdict"])


def test_verdicts_come_back_as_written(store: Store) -> None:
    written = verdicts((0, 2, "stale", 'x" OR 1=1 --'), (5, 6.5, "spike", None))
    store.write_verdicts("s/a", "co2_ppm", written)
    found = store.read_verdicts(["s/a"], *ALWAYS)
    assert found.drop(columns="detail").equals(written.drop(columns="detail"))
    assert found["detail"][0] == 'x" OR 1=1 --'
    assert pd.isna(found["detail"][1])


def test_verdicts_are_read_where_they_overlap(store: Store) -> None:
    store.write_verdicts("s/a", "co2_ppm", verdicts((4, 6, "spike", None), (0, 2, "stale", None)))
    assert named(store, -9, 9) == ["stale", "spike"]
    assert named(store, 1, 5) == ["stale", "spike"]
    assert named(store, 5, 5.5) == ["spike"]
    assert named(store, 2, 4) == []
    assert named(store, 1, 1) == []
    assert named(store, -9, 9, "s/b") == []


def test_verdicts_of_one_series_are_replaced_as_a_whole(store: Store) -> None:
    other = verdicts((0, 1, "drift", None), quantity="motion")
    store.write_verdicts("s/a", "motion", other)
    store.write_verdicts("s/a", "co2_ppm", verdicts((0, 2, "stale", None), (4, 6, "spike", None)))
    store.write_verdicts("s/a", "co2_ppm", verdicts((1, 2, "gap", None)))
    assert named(store, -9, 9) == ["gap", "drift"]
    store.write_verdicts("s/a", "co2_ppm", verdicts())
    assert named(store, -9, 9) == ["drift"]
    with pytest.raises(ValueError, match="another series"):
        store.write_verdicts("s/b", "motion", other)
    assert named(store, -9, 9) == ["drift"]


def metric(day: int = 0, **changes: Any) -> Metric:
    base = Metric(
        time=DAY + timedelta(days=day),
        period_end=DAY + timedelta(days=day + 1),
        interval=Interval.DAY,
        school="ekskolan",
        scope=Scope.ROOM,
        id="A1",
        metric="co2_mean",
        carrier=None,
        basis=None,
        value=812.5,
        low=None,
        high=None,
        unit="ppm",
        coverage=0.75,
        status=Status.PARTIAL,
        reason="6 h missing",
        method="co2_mean/1",
        factors=(),
        fingerprint="abc",
    )
    return base._replace(**changes)


def read(store: Store, **asked: Any) -> list[Metric]:
    question = {
        "school": "ekskolan",
        "scope": Scope.ROOM,
        "id": None,
        "interval": Interval.DAY,
        "start": ALWAYS[0],
        "end": ALWAYS[1],
    }
    return store.read_metrics(**(question | asked))


def test_a_metric_comes_back_whole(store: Store) -> None:
    full = metric(
        metric="emissions",
        carrier=Carrier.DISTRICT_HEAT,
        basis="market",
        low=1.0,
        high=2.0,
        factors=("se-fv-2023", "å,b"),
        reason=None,
        status=Status.OK,
    )
    nothing = metric(value=None, coverage=0.0, status=Status.NO_DATA)
    zero = metric(1, value=0.0)
    store.write_metrics([full, nothing, zero])
    assert read(store) == [nothing, zero, full]
    assert all(type(found.status) is Status and type(found.interval) is Interval for found in read(store))


def test_values_of_a_metric_by_carrier(store: Store) -> None:
    heat = metric(metric="energy_kwh", id="ekskolan", scope=Scope.SCHOOL, carrier=Carrier.DISTRICT_HEAT)
    store.write_metrics(
        [
            heat,
            heat._replace(time=DAY + timedelta(days=2), value=None),
            heat._replace(carrier=Carrier.ELECTRICITY, value=7.0),
            heat._replace(time=DAY + timedelta(days=9)),
            heat._replace(metric="peak_kw"),
            heat._replace(id="other"),
        ]
    )
    asked = ("ekskolan", Scope.SCHOOL, "ekskolan", Interval.DAY, DAY, DAY + timedelta(days=9))
    found = store.read_values(*asked, "energy_kwh")
    day_us, first_us = 24 * 3_600_000_000, round(DAY.timestamp()) * 1_000_000
    assert set(found) == {Carrier.DISTRICT_HEAT, Carrier.ELECTRICITY}
    assert found[Carrier.DISTRICT_HEAT].time_us.tolist() == [first_us, first_us + 2 * day_us]
    assert str(found[Carrier.DISTRICT_HEAT].value.tolist()) == "[812.5, nan]"
    assert found[Carrier.ELECTRICITY].value.tolist() == [7.0]
    assert store.read_values(*asked, "co2_mean") == {}


def test_values_of_all_rooms_come_by_id(store: Store) -> None:
    b1 = metric(id="B1", value=3.0)
    store.write_metrics(
        [
            b1._replace(time=DAY + timedelta(days=1), value=None),
            metric(value=1.0),
            b1,
            b1._replace(time=DAY - timedelta(days=800), value=2.0),
            metric(id="C", carrier=Carrier.GAS),
            metric(id="D", metric="co2_max"),
            metric(school="annan", id="E"),
            metric(scope=Scope.SCHOOL, id="F"),
            metric(id="G", interval=Interval.HOUR),
            metric(id="H", time=DAY + timedelta(days=2)),
        ]
    )
    asked = Interval.DAY, DAY - timedelta(days=900), DAY + timedelta(days=2)
    found = store.read_values_by_id(b1.school, b1.scope, *asked, "co2_mean")
    assert list(found) == [metric().id, "B1"]
    first_us = round(DAY.timestamp()) * 1_000_000
    day_us = 24 * 3_600_000_000
    assert found["B1"].time_us.tolist() == [first_us - 800 * day_us, first_us, first_us + day_us]
    assert str(found["B1"].value.tolist()) == "[2.0, 3.0, nan]"
    assert found[metric().id].value.tolist() == [1.0]
    assert store.read_values_by_id("nobody", b1.scope, *asked, "co2_mean") == {}


def test_metrics_are_read_of_all_schools_and_of_several_names(store: Store) -> None:
    here, there = metric(), metric(school="annan", id="B1")
    other = metric(metric="co2_max")
    store.write_metrics([here, there, other, metric(scope=Scope.SCHOOL)])
    assert read(store, school=None) == [there, other, here]
    assert read(store, school=None, metric="co2_mean") == [there, here]
    assert read(store, metric=("co2_mean", "co2_max")) == [other, here]
    assert read(store, metric={"co2_max", "å'"}) == [other]
    assert read(store, metric=()) == []


def test_a_metric_replaces_the_one_with_its_key(store: Store) -> None:
    keys: list[dict[str, Any]] = [
        {},
        {"school": "annan"},
        {"scope": Scope.SCHOOL},
        {"id": "A2"},
        {"metric": "co2_max"},
        {"carrier": Carrier.GAS},
        {"basis": "location"},
        {"interval": Interval.HOUR},
        {"time": DAY + timedelta(days=1)},
    ]
    store.write_metrics([metric(**key) for key in keys])
    for number, key in enumerate(keys):
        store.write_metrics([metric(**key, value=-1.0), metric(**key, value=float(number), unit="new")])
    for number, key in enumerate(keys):
        place = {name: key[name] for name in ("school", "scope", "interval") if name in key}
        found = [row for row in read(store, **place) if all(getattr(row, name) == key[name] for name in key)]
        same = [row for row in found if row.value == number]
        assert [row.unit for row in same] == ["new"]
        assert len({row[:10] for row in found}) == len(found)
    assert len(read(store)) == 6


def test_metrics_are_found_by_place_name_and_time_in_order(store: Store) -> None:
    store.write_metrics([])
    assert read(store) == []
    days = [metric(day, id=room, metric=name) for day in (1, 0) for room in ("B", "A") for name in ("y", "x")]
    carried = [
        metric(carrier=carrier, basis=basis, id="C")
        for carrier in (Carrier.SOLAR, Carrier.GAS, None)
        for basis in ("market", None)
    ]
    store.write_metrics([*days, *carried])
    assert [(row.id, row.metric, row.time) for row in read(store)][:8] == sorted(
        (row.id, row.metric, row.time) for row in days
    )
    assert [(row.carrier, row.basis) for row in read(store, id="C")] == [
        (None, None),
        (None, "market"),
        (Carrier.GAS, None),
        (Carrier.GAS, "market"),
        (Carrier.SOLAR, None),
        (Carrier.SOLAR, "market"),
    ]
    assert {row.id for row in read(store, id="A")} == {"A"}
    assert {row.metric for row in read(store, metric="x")} == {"x"}
    assert {row.time for row in read(store, start=DAY, end=DAY + timedelta(days=1))} == {DAY}
    assert read(store, start=DAY, end=DAY) == []
    assert read(store, school="annan") == read(store, scope=Scope.METER) == read(store, id="") == []


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
number = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(
        st.builds(
            metric,
            day=st.integers(0, 300),
            id=text,
            metric=text,
            carrier=st.none() | st.sampled_from(Carrier),
            basis=st.none() | text,
            value=number,
            low=number,
            high=number,
            coverage=st.floats(0, 1),
            status=st.sampled_from(Status),
            reason=st.none() | text,
            factors=st.lists(text, max_size=3).map(tuple),
            fingerprint=text,
        ),
        max_size=6,
        unique_by=lambda row: (row.time, row.id, row.metric, row.carrier, row.basis),
    ),
)
def test_any_metric_comes_back_as_it_went_in(store: Store, drawn: list[Metric]) -> None:
    school = uuid.uuid4().hex
    written = [row._replace(school=school) for row in drawn]
    store.write_metrics(written)
    store.write_metrics(written)

    def order(row: Metric) -> tuple[Any, ...]:
        return (row.id, row.metric, row.carrier or "", row.basis or "", row.time)

    assert read(store, school=school) == sorted(written, key=order)

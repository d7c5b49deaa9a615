from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from store.duckdb_store import DuckDBStore

POINT_KEYS = [
    "time",
    "period_end",
    "scope",
    "id",
    "metric",
    "carrier",
    "basis",
    "value",
    "low",
    "high",
    "unit",
    "coverage",
    "status",
    "reason",
    "method",
    "factors",
]


def day_metric(
    day: int,
    value: float | None,
    *,
    scope: Scope = Scope.SCHOOL,
    key: str = "tagaborg",
    metric: str = "energy_kwh",
    month: int = 11,
) -> Metric:
    """A metric of a local day of 2026 (winter time)."""
    start = datetime(2026, month, day, tzinfo=UTC) - timedelta(hours=1)
    return Metric(
        time=start,
        period_end=start + timedelta(days=1),
        interval=Interval.DAY,
        school="tagaborg",
        scope=scope,
        id=key,
        metric=metric,
        carrier=Carrier.ELECTRICITY if metric == "energy_kwh" else None,
        basis=None,
        value=value,
        low=None,
        high=None,
        unit="kWh" if metric == "energy_kwh" else "ppm",
        coverage=0.0 if value is None else 1.0,
        status=Status.NO_DATA if value is None else Status.OK,
        reason="no readings" if value is None else None,
        method="energy.registers/1",
        factors=("se-el-ivl-nordic-2023", "own") if day == 13 else (),
        fingerprint="f",
    )


def test_schools_with_todays_attributes(client: TestClient) -> None:
    assert client.get("/api/v1/schools").json() == [
        {
            "key": "tagaborg",
            "name": "Tågaborgsskolan",
            "municipality": "Helsingborg",
            "latitude": 56.05,
            "longitude": 12.69,
            "school_hours": "08:00-15:00",
            "atemp_m2": 4200.0,
            "pupils": 390,
            "tenure": "owned",
            "ventilation_hours": "06:00-18:00",
            "rooms": 2,
            "time_zone": "Europe/Stockholm",
        },
        {
            "key": "empty",
            "name": "Tomma skolan",
            "municipality": None,
            "latitude": None,
            "longitude": None,
            "school_hours": "08:00-15:00",
            "atemp_m2": None,
            "pupils": None,
            "tenure": None,
            "ventilation_hours": None,
            "rooms": 0,
            "time_zone": "Europe/Stockholm",
        },
    ]


def test_a_school_names_its_places(client: TestClient) -> None:
    school = client.get("/api/v1/schools/tagaborg").json()

    assert [room["key"] for room in school["room_list"]] == ["a101", "a102"]
    assert school["buildings"] == [
        {"school": "tagaborg", "key": "hus-a", "name": "Hus A", "atemp_m2": 4200.0}
    ]
    assert school["meters"] == client.get("/api/v1/schools/tagaborg/meters").json()
    assert school["meters"][0] | {"name": "x"} == {
        "school": "tagaborg",
        "key": "el",
        "name": "x",
        "carrier": "electricity",
        "role": "main",
        "parent": None,
        "building": "hus-a",
        "share": 1.0,
        "valid_from": None,
        "valid_to": None,
    }
    assert client.get("/api/v1/schools/tagaborg/rooms").json() == school["room_list"]
    assert client.get("/api/v1/schools/tagaborg/rooms/a101").json() == school["room_list"][0]


def test_metric_points_have_the_contracts_shape(client: TestClient, store: DuckDBStore) -> None:
    store.write_metrics([day_metric(13, 812.5), day_metric(14, None)])

    answer = client.get("/api/v1/schools/tagaborg/metrics?from=2026-11-13&to=2026-11-16").json()

    assert [list(point) for point in answer] == [POINT_KEYS, POINT_KEYS]
    assert answer[0] == {
        "time": "2026-11-12T23:00:00Z",
        "period_end": "2026-11-13T23:00:00Z",
        "scope": "school",
        "id": "tagaborg",
        "metric": "energy_kwh",
        "carrier": "electricity",
        "basis": None,
        "value": 812.5,
        "low": None,
        "high": None,
        "unit": "kWh",
        "coverage": 1.0,
        "status": "ok",
        "reason": None,
        "method": "energy.registers/1",
        "factors": ["se-el-ivl-nordic-2023", "own"],
    }
    assert (answer[1]["value"], answer[1]["status"]) == (None, "no_data")  # never 0


def test_metrics_as_csv_for_any_spreadsheet(client: TestClient, store: DuckDBStore) -> None:
    store.write_metrics([day_metric(13, 812.5), day_metric(14, None)])
    address = "/api/v1/schools/tagaborg/metrics?from=2026-11-13&to=2026-11-16"

    plain = client.get(address, headers={"accept": "text/csv"})
    swedish = client.get(f"{address}&format=csv&delimiter=%3B&decimal=,")

    assert plain.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert plain.text == (
        "time,period_end,scope,id,metric,carrier,basis,value,low,high,unit,coverage,status,reason,method,factors\r\n"
        "2026-11-12T23:00:00Z,2026-11-13T23:00:00Z,school,tagaborg,energy_kwh,electricity,,812.5,,,kWh,1.0,ok,,"
        "energy.registers/1,se-el-ivl-nordic-2023 own\r\n"
        "2026-11-13T23:00:00Z,2026-11-14T23:00:00Z,school,tagaborg,energy_kwh,electricity,,,,,kWh,0.0,no_data,"
        "no readings,energy.registers/1,\r\n"
    )
    assert ";energy_kwh;electricity;;812,5;;;kWh;1,0;ok;" in swedish.text
    refused = client.get(f"{address}&format=csv&decimal=,")
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"key": "decimal", "value": ",", "cure": "needs delimiter=; beside it"}
    ]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/csv;q=0.9, application/json", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("text/csv;q=high", "application/json"),
    ],
)
def test_the_accept_header_chooses(client: TestClient, accept: str, kind: str) -> None:
    answer = client.get("/api/v1/schools", headers={"accept": accept})
    assert answer.headers["content-type"].startswith(kind)
    forced = client.get("/api/v1/schools?format=json", headers={"accept": accept})
    assert forced.headers["content-type"] == "application/json"


def test_csv_text_is_no_formula(client: TestClient) -> None:
    text = client.get("/api/v1/schools/tagaborg/rooms?format=csv").text
    assert "tagaborg,a102,'=Sal 102,," in text


def test_each_place_has_its_own_metrics(client: TestClient, store: DuckDBStore) -> None:
    store.write_metrics(
        [
            day_metric(13, 1.0),
            day_metric(13, 2.0, scope=Scope.ROOM, key="a101", metric="co2_mean_ppm"),
            day_metric(13, 3.0, scope=Scope.METER, key="el"),
        ]
    )

    def values(address: str) -> list[Any]:
        return [p["value"] for p in client.get(f"/api/v1/schools/tagaborg{address}").json()]

    assert values("/metrics") == [1.0]
    assert values("/rooms/a101/metrics") == [2.0]
    assert values("/rooms/a102/metrics") == []
    assert values("/meters/el/metrics") == [3.0]
    assert values("/rooms/a101/metrics?metric=co2_mean_ppm") == [2.0]
    assert values("/rooms/a101/metrics?metric=comfort_share") == []
    assert values("/rooms/a101/metrics?metric=comfort_share&metric=co2_mean_ppm") == [2.0]


def test_only_periods_that_begin_in_the_span(client: TestClient, store: DuckDBStore) -> None:
    store.write_metrics([day_metric(day, float(day)) for day in range(1, 16)])

    def days(query: str) -> list[float]:
        return [p["value"] for p in client.get(f"/api/v1/schools/tagaborg/metrics?{query}").json()]

    assert days("") == [float(day) for day in range(1, 16)]  # the last 31 days
    assert days("from=2026-11-03&to=2026-11-05") == [3, 4]  # local midnights
    assert days("from=2026-11-02T23:00:00Z&to=2026-11-04T23:00:00Z") == [3, 4]
    assert days("from=2026-11-03T00:00:00%2B01:00&to=2026-11-05T00:00:00+01:00") == [3, 4]  # a + unescaped
    assert days("from=2026-11-03T00:00:01&to=2026-11-05") == [4]


def test_longer_intervals_are_put_together_from_whole_periods(client: TestClient, store: DuckDBStore) -> None:
    store.write_metrics([day_metric(day, 10.0) for day in range(1, 17)])

    answer = client.get(
        "/api/v1/schools/tagaborg/metrics?interval=month&from=2026-11-01&to=2026-11-05&metric=energy_kwh"
    ).json()

    assert [(p["time"], p["period_end"], p["value"], p["status"]) for p in answer] == [
        ("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", 160.0, "preliminary")  # the month is running
    ]
    later = client.get("/api/v1/schools/tagaborg/metrics?interval=month&from=2026-11-02&to=2026-11-29").json()
    assert later == []  # no month begins there


def test_a_month_counts_its_part_of_a_silence_that_began_before_it(
    client: TestClient, store: DuckDBStore
) -> None:
    # Silent from the middle of 31 October to the middle of 1 November: 8 kWh known as a sum.
    half = {10: (31, 8.0), 11: (1, 0.0)}
    metrics = [day_metric(n, 10.0) for n in range(2, 17)]  # today is the 16th
    for month, (day, carried) in half.items():
        known = day_metric(day, 6.0, month=month)._replace(coverage=0.5, status=Status.PARTIAL)
        summed = known._replace(metric="energy_unresolved_kwh", value=carried, coverage=1.0)
        reach = summed.time + timedelta(days=2) if carried else summed.period_end
        metrics += [known, summed._replace(period_end=reach)]
    store.write_metrics(metrics)
    path = "/api/v1/schools/tagaborg/metrics?interval=month&metric=energy_kwh&from=2026-{}-01&to=2026-12-01"
    alone = client.get(path.format("11")).json()
    both = client.get(path.format("10")).json()
    assert alone == both[1:]
    assert (alone[0]["value"], alone[0]["low"], alone[0]["high"]) == (150 + 6 + 4, 156, 164)


@pytest.mark.parametrize(
    ("query", "key", "value"),
    [
        ("from=yesterday", "from", "yesterday"),
        ("to=2026-13-01", "to", "2026-13-01"),
        ("from=0001-01-01T00:00:00%2B14:00", "from", "0001-01-01T00:00:00+14:00"),
        ("to=3000-01-01", "to", "3000-01-01"),
        ("from=2026-11-02&to=2026-11-01", "from", "2026-11-02"),
        ("from=2020-01-01&interval=hour", "from", "2020-01-01"),
        ("interval=fortnight", "interval", "fortnight"),
        ("metric=enrgy_kwh", "metric", "enrgy_kwh"),
        ("form=2026-11-02", "form", "2026-11-02"),
        ("delimiter=x", "delimiter", "x"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_cure(
    client: TestClient, query: str, key: str, value: str
) -> None:
    answer = client.get(f"/api/v1/schools/tagaborg/metrics?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["instance"] == "/api/v1/schools/tagaborg/metrics"
    assert [(error["key"], error["value"]) for error in problem["errors"]] == [(key, value)]
    assert problem["errors"][0]["cure"]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("schools/nowhere", "/api/v1/schools"),
        ("schools/nowhere/metrics", "/api/v1/schools"),
        ("schools/tagaborg/rooms/x", "/api/v1/schools/tagaborg/rooms"),
        ("schools/empty/rooms/a101/metrics", "/api/v1/schools/empty/rooms"),
        ("schools/tagaborg/meters/x/metrics", "/api/v1/schools/tagaborg/meters"),
        ("schools/tagaborg/buildings/x/metrics", "/api/v1/schools/tagaborg"),
        ("nothing", "/openapi.json"),
    ],
)
def test_unknown_places_are_404_and_say_where_to_look(client: TestClient, path: str, where: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert where in answer.json()["detail"]


def test_the_week_profile_keeps_kinds_of_days_apart(client: TestClient, store: DuckDBStore) -> None:
    def hour(day: int, local: int, value: float | None, carrier: Carrier = Carrier.ELECTRICITY) -> Metric:
        start = datetime(2026, 11, day, tzinfo=UTC) + (local - 1) * timedelta(hours=1)
        model = day_metric(day, value)
        end = start + timedelta(hours=1)
        return model._replace(time=start, period_end=end, interval=Interval.HOUR, carrier=carrier)

    store.write_metrics(
        [
            hour(2, 8, 10.0),  # Mondays
            hour(9, 8, 13.0),
            hour(9, 9, None),
            hour(8, 8, 4.0),  # a Sunday
            hour(2, 8, 99.0, Carrier.DISTRICT_HEAT),
            hour(10, 8, 7.0)._replace(status=Status.PRELIMINARY),
        ]
    )
    url = "/api/v1/schools/tagaborg/profile"
    assert client.get(url).json() == [
        {"day_type": "school_day", "weekday": 1, "hour": 8, "mean_kwh": 11.5, "hours": 2},
        {"day_type": "closed", "weekday": 7, "hour": 8, "mean_kwh": 4.0, "hours": 1},
    ]
    assert [row["mean_kwh"] for row in client.get(f"{url}?carrier=district_heat").json()] == [99.0]
    assert client.get(f"{url}?from=2026-11-03&format=csv").text.splitlines() == [
        "day_type,weekday,hour,mean_kwh,hours",
        "school_day,1,8,13.0,1",
        "closed,7,8,4.0,1",
    ]
    assert client.get(f"{url}?carrier=steam").status_code == 422
    assert client.get("/api/v1/schools/nowhere/profile").status_code == 404

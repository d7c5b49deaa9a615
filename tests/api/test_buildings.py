from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.buildings import building_metrics
from api.metrics import Asked
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from store.duckdb_store import DuckDBStore

START = datetime(2026, 11, 12, 23, tzinfo=UTC)
ASKED = Asked(Interval.DAY, START, START + timedelta(days=1), frozenset(), START + timedelta(days=3))


@pytest.fixture
def campus() -> Site:
    return parse_site(
        {
            "classroom.toml": "",
            "schools.csv": "key,name\ns,Skolan\n",
            "buildings.csv": "school,key,name\ns,a,Hus A\ns,b,Hus B\n",
            "meters.csv": "school,key,name,carrier,role,parent,building,share,valid_from,valid_to\n"
            "s,main,Huvud,electricity,main,,,,,\n"
            "s,a1,Hus A ett,electricity,sub,main,a,,,\n"
            "s,a2,Hus A två,electricity,sub,main,a,,,\n"
            "s,floor,Våning,electricity,sub,a1,,,,\n"
            "s,a1-kitchen,Kök,electricity,sub,floor,a,,,\n"
            "s,old,Gammal,electricity,sub,main,a,,,2026-01-01\n"
            "s,sun,Sol,electricity,production,,a,,,\n"
            "s,heat,Fjärrvärme,district_heat,main,,a,0.5,,\n",
        }
    )


def figure(
    meter: str,
    value: float | None,
    metric: str = "energy_kwh",
    carrier: Carrier = Carrier.ELECTRICITY,
    low: float | None = None,
    high: float | None = None,
) -> Metric:
    return Metric(
        time=START,
        period_end=START + timedelta(days=1),
        interval=Interval.DAY,
        school="s",
        scope=Scope.METER,
        id=meter,
        metric=metric,
        carrier=carrier,
        basis=None,
        value=value,
        low=low,
        high=high,
        unit="kWh",
        coverage=1.0 if value is not None else 0.25,
        status=Status.OK if low is None and value is not None else Status.INSUFFICIENT,
        reason=None if value is not None else "few_readings",
        method="energy.registers/1",
        factors=(),
        fingerprint="f",
    )


def test_meters_are_summed_and_none_twice(campus: Site, store: DuckDBStore) -> None:
    store.write_metrics(
        [
            figure("main", 100.0),
            figure("a1", 30.0),
            figure("a2", 20.0),
            figure("a1-kitchen", 10.0),
            figure("sun", 5.0, "produced_kwh"),
            figure("heat", 80.0, carrier=Carrier.DISTRICT_HEAT),
            figure("heat", 1.0, "energy_unresolved_kwh", Carrier.DISTRICT_HEAT),
        ]
    )

    found = building_metrics(campus, store, "s", "a", ASKED)

    assert [(m.metric, m.carrier, m.value) for m in found] == [
        ("energy_kwh", "district_heat", 80.0),  # whole, not the school's half
        ("energy_kwh", "electricity", 50.0),
        ("produced_kwh", "electricity", 5.0),
    ]
    assert found[1] == figure("a1", 50.0)._replace(
        scope=Scope.BUILDING, id="a", method="energy.building_sum/1", fingerprint=""
    )
    assert building_metrics(campus, store, "s", "b", ASKED) == []


@pytest.mark.parametrize("silent", [[], [figure("a2", None)]])
def test_the_sum_is_null_while_a_meter_is_silent(
    campus: Site, store: DuckDBStore, silent: list[Metric]
) -> None:
    store.write_metrics([figure("a1", 30.0), *silent])
    (found,) = building_metrics(campus, store, "s", "a", ASKED)
    assert (found.value, found.status) == (None, Status.INSUFFICIENT)
    assert found.reason is not None
    assert found.reason.startswith("meter_missing:a2")
    assert found.coverage == (0.625 if silent else 0.5)


def test_bounds_add_up_or_are_unknown(campus: Site, store: DuckDBStore) -> None:
    store.write_metrics([figure("a1", 30.0, low=30.0, high=34.0), figure("a2", 20.0)])
    (bounded,) = building_metrics(campus, store, "s", "a", ASKED)
    assert (bounded.value, bounded.low, bounded.high) == (50.0, 50.0, 54.0)

    store.write_metrics([figure("a1", 30.0, low=30.0)])
    (open_ended,) = building_metrics(campus, store, "s", "a", ASKED)
    assert (open_ended.low, open_ended.high) == (50.0, None)

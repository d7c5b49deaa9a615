"""Values that a grid company had estimated: what rests on them says so, until they are measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from analytics import jobs
from analytics.periods import aggregate
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import Device, Meter
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.site import Site
from store.base import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # 2 March, 00:00 in Stockholm
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
MakeSite = Callable[..., Site]


def of(store: Store, interval: Interval, scope: Scope = Scope.METER) -> dict[datetime, Metric]:
    found = store.read_metrics("berga", scope, None, interval, *ALWAYS, "energy_kwh")
    return {metric.time: metric for metric in found}


def month(store: Store, site: Site, first: date) -> Metric:
    days = store.read_metrics("berga", Scope.METER, None, Interval.DAY, *ALWAYS)
    found = aggregate(days, Interval.MONTH, site.zone, NOW)
    return next(m for m in found if m.time.astimezone(site.zone).date() == first)


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    """One of each kind: marks are columns of their own in one and fields in the other."""
    return reopen()


@pytest.fixture
def one_meter(make_site: MakeSite) -> Site:
    return make_site(
        meters=[Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY)],
        devices=[Device(key="m-el", school="berga", meter="el", interval_s=3_600)],
    )


def test_a_day_with_estimated_hours_says_so_until_they_are_measured(store: Store, one_meter: Site) -> None:
    hours = [Reading("m-el", "energy_of_hour_kwh", START + n * HOUR, 2.0) for n in range(48)]
    mark = Reading("m-el", "energy_of_hour_estimated", START + 5 * HOUR, 1.0)
    store.write_readings([*hours, mark])
    jobs.run(store, one_meter, NOW)
    found = of(store, Interval.HOUR)
    assert [n for n in range(48) if found[START + n * HOUR].status is Status.ESTIMATED] == [5]
    days = of(store, Interval.DAY, Scope.SCHOOL)
    assert [(days[START + n * DAY].value, days[START + n * DAY].reason) for n in range(2)] == [
        (48.0, "values_estimated"),
        (48.0, None),
    ]
    assert days[START].status is Status.ESTIMATED
    assert month(store, one_meter, date(2026, 3, 1)).value is None  # 2 of 31 days
    store.write_readings([mark._replace(value=0.0)])
    jobs.run(store, one_meter, NOW)
    assert of(store, Interval.DAY, Scope.SCHOOL)[START].status is Status.OK


def test_a_month_that_rests_on_estimated_values_says_so(store: Store, one_meter: Site) -> None:
    first = datetime(2026, 3, 31, 22, tzinfo=UTC)  # 1 April in Stockholm
    readings = [Reading("m-el", "energy_of_day_kwh", first + n * DAY, 10.0) for n in range(30)]
    store.write_readings([*readings, Reading("m-el", "energy_of_day_estimated", first + 3 * DAY, 1.0)])
    jobs.run(store, one_meter, NOW)
    april = month(store, one_meter, date(2026, 4, 1))
    assert (april.value, april.status, april.reason) == (300.0, Status.ESTIMATED, "values_estimated")


def test_an_estimated_register_reading_counts_where_a_day_is_read_at_it(
    store: Store, one_meter: Site
) -> None:
    store.write_readings(
        [
            *(Reading("m-el", "energy_kwh", START + n * HOUR, 100.0 + 1.01 * n) for n in range(73)),
            Reading("m-el", "register_estimated", START + 24 * HOUR, 1.0),
            Reading("m-el", "register_estimated", START + 60 * HOUR, 1.0),
        ]
    )
    jobs.run(store, one_meter, NOW)
    days = of(store, Interval.DAY)
    assert [days[START + n * DAY].reason for n in range(3)] == ["values_estimated", "values_estimated", None]
    assert [days[START + n * DAY].value for n in range(3)] == pytest.approx([24.24] * 3)
    hours = of(store, Interval.HOUR)
    assert [n for n in range(72) if hours[START + n * HOUR].reason == "values_estimated"] == [23, 24, 59, 60]

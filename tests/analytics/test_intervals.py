"""Energy that comes as energy, and bills: exact where told, nothing where not, corrections followed
exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from analytics import jobs
from analytics.bills import bills_of
from analytics.periods import aggregate
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import Device, Meter
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.site import Site
from store.duckdb_store import DuckDBStore

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # 2 March, 00:00 in Stockholm
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def of(store: DuckDBStore, scope: Scope, name: str, interval: Interval, place: str) -> dict[datetime, Metric]:
    return {m.time: m for m in store.read_metrics("berga", scope, place, interval, *ALWAYS, name)}


def months(
    store: DuckDBStore, zone: ZoneInfo, interval: Interval = Interval.MONTH
) -> dict[tuple[str, str, date], Metric]:
    """Longer intervals by (id, metric, first local day), as the API makes them."""
    found = {}
    for scope in (Scope.METER, Scope.SCHOOL):
        days = store.read_metrics("berga", scope, None, Interval.DAY, *ALWAYS)
        for metric in aggregate(days, interval, zone, NOW):
            if metric.basis in (None, "location") and (scope, metric.carrier) != (
                Scope.SCHOOL,
                Carrier.ELECTRICITY,
            ):
                found[metric.id, metric.metric, metric.time.astimezone(zone).date()] = metric
    return found


def hourly(kwh: Sequence[float], device: str = "m-el", start: datetime = START) -> list[Reading]:
    return [Reading(device, "energy_of_hour_kwh", start + n * HOUR, value) for n, value in enumerate(kwh)]


def bill(
    start: datetime, hours: float, kwh: float, final: float = 1.0, device: str = "m-heat"
) -> list[Reading]:
    return [
        Reading(device, "billed_kwh", start, kwh),
        Reading(device, "billed_h", start, hours),
        Reading(device, "billed_final", start, final),
    ]


@pytest.fixture
def one_meter(make_site: Callable[..., Site]) -> Site:
    return make_site(
        meters=[Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY)],
        devices=[Device(key="m-el", school="berga", meter="el")],
    )


def test_an_hours_energy_is_that_hours_energy(store: DuckDBStore, one_meter: Site) -> None:
    store.write_readings(hourly([0.1 * n for n in range(48)]))
    jobs.run(store, one_meter, NOW)
    hours = of(store, Scope.METER, "energy_kwh", Interval.HOUR, "el")
    assert [hours[START + n * HOUR].value for n in range(48)] == [0.1 * n for n in range(48)]
    assert {hours[START + n * HOUR].status for n in range(48)} == {Status.OK}
    days = of(store, Scope.SCHOOL, "energy_kwh", Interval.DAY, "berga")
    first = days[START]
    assert (first.value, first.coverage, first.status) == (pytest.approx(27.6, rel=1e-12), 1.0, Status.OK)
    assert first.low is None
    assert (first.reason, first.method) == (None, "energy.intervals/3")


def test_a_missing_hour_is_no_data_and_its_day_is_partial(store: DuckDBStore, one_meter: Site) -> None:
    readings = hourly([2.0] * 24)
    del readings[5]
    store.write_readings(readings)
    jobs.run(store, one_meter, NOW)
    hour = of(store, Scope.METER, "energy_kwh", Interval.HOUR, "el")[START + 5 * HOUR]
    assert (hour.value, hour.status) == (None, Status.NO_DATA)
    day = of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")[START]
    assert (day.value, day.status, day.reason) == (46.0, Status.PARTIAL, "gap")
    assert day.coverage == pytest.approx(23 / 24)


def test_four_quarters_make_an_hour_and_three_do_not(store: DuckDBStore, one_meter: Site) -> None:
    quarters = [
        Reading("m-el", "energy_of_15min_kwh", START + n * HOUR / 4, 0.25 * (n % 4 + 1)) for n in range(95)
    ]
    store.write_readings(quarters)
    jobs.run(store, one_meter, NOW)
    hours = of(store, Scope.METER, "energy_kwh", Interval.HOUR, "el")
    assert (hours[START].value, hours[START].status) == (2.5, Status.OK)
    last = hours[START + 23 * HOUR]
    assert (last.value, last.coverage, last.status) == (1.5, 0.75, Status.PARTIAL)


def test_an_hour_told_whole_speaks_where_its_quarters_are_incomplete(
    store: DuckDBStore, one_meter: Site
) -> None:
    store.write_readings(hourly([3.0] * 24))
    store.write_readings(
        [Reading("m-el", "energy_of_15min_kwh", START + n * HOUR / 4, 0.5) for n in range(6)]
    )
    jobs.run(store, one_meter, NOW)
    hours = of(store, Scope.METER, "energy_kwh", Interval.HOUR, "el")
    assert [hours[START + n * HOUR].value for n in range(3)] == [2.0, 3.0, 3.0]
    assert of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")[START].value == pytest.approx(71.0)


def test_a_days_sum_says_nothing_of_its_hours(store: DuckDBStore, one_meter: Site, zone: ZoneInfo) -> None:
    summer = datetime(2026, 5, 10, 23, tzinfo=UTC)  # a day of normaltid: local 01:00 to 01:00
    store.write_readings(
        [Reading("m-el", "energy_of_day_kwh", summer + n * DAY, 24.0 * (n + 1)) for n in range(4)]
    )
    jobs.run(store, one_meter, NOW)
    days = of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")
    second = days[datetime(2026, 5, 11, 22, tzinfo=UTC)]
    assert second.value == pytest.approx(24.0 / 24 + 48.0 * 23 / 24)
    # Nobody knows what ran in the hours that midnight cuts off: none of it, or twice an even share.
    assert (second.status, second.reason, second.coverage) == (Status.ESTIMATED, "resolution", 1.0)
    assert (second.low, second.high) == pytest.approx((47 - 1 - 2, 47 + 1 + 2))
    hours = of(store, Scope.METER, "energy_kwh", Interval.HOUR, "el")
    assert {m.value for m in hours.values()} == {None}
    total = months(store, zone)["el", "energy_kwh", date(2026, 5, 1)]
    assert total.value is None  # 4 of 31 days
    carried = of(store, Scope.METER, "energy_unresolved_kwh", Interval.DAY, "el")
    known = [m.value for m in (*days.values(), *carried.values()) if m.value is not None]
    assert sum(known) == pytest.approx(240.0)


def test_a_day_of_local_time_has_23_hours_in_march(
    store: DuckDBStore, one_meter: Site, zone: ZoneInfo
) -> None:
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)
    store.write_readings(
        [
            Reading("m-el", "energy_of_day_kwh", midnight, 230.0),
            Reading("m-el", "energy_of_day_kwh", midnight + 23 * HOUR, 240.0),
        ]
    )
    jobs.run(store, one_meter, NOW)
    days = of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")
    assert (days[midnight].value, days[midnight].coverage) == (230.0, 1.0)
    assert (days[midnight + 23 * HOUR].value, days[midnight + 23 * HOUR].coverage) == (240.0, 1.0)


def test_a_flagged_interval_is_in_no_figure(store: DuckDBStore, one_meter: Site) -> None:
    readings = hourly([1.0] * 24)
    readings[3] = readings[3]._replace(value=-5.0, flag=1)
    store.write_readings(readings)
    jobs.run(store, one_meter, NOW)
    assert of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")[START].value == 23.0


def test_export_and_shares(store: DuckDBStore, make_site: Callable[..., Site]) -> None:
    site = make_site(
        meters=[Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY, share=0.25)],
        devices=[Device(key="m-el", school="berga", meter="el")],
    )
    store.write_readings(hourly([8.0] * 24))
    store.write_readings([Reading("m-el", "export_of_hour_kwh", START + n * HOUR, 2.0) for n in range(24)])
    jobs.run(store, site, NOW)
    assert of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")[START].value == 192.0
    assert of(store, Scope.SCHOOL, "energy_kwh", Interval.DAY, "berga")[START].value == 48.0
    assert of(store, Scope.METER, "exported_kwh", Interval.DAY, "el")[START].value == 48.0


def test_a_live_register_takes_over_from_an_imported_history(
    store: DuckDBStore, make_site: Callable[..., Site], make_register: Callable[..., list[Reading]]
) -> None:
    live = START + 2 * DAY
    site = make_site(
        meters=[Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY)],
        devices=[
            Device(key="735999", school="berga", meter="el", valid_to=live),
            Device(key="m-el", school="berga", meter="el", valid_from=live),
        ],
    )
    store.write_readings(hourly([5.0] * 24 * 4, "735999"))
    store.write_readings(make_register("m-el", "energy_kwh", live, 49, kw=6.0))
    jobs.run(store, site, NOW)
    days = of(store, Scope.METER, "energy_kwh", Interval.DAY, "el")
    assert [round(days[START + n * DAY].value or 0, 6) for n in range(4)] == [120.0, 120.0, 144.0, 144.0]


# Corrections


def everything(store: DuckDBStore) -> dict[tuple[object, ...], Metric]:
    """All stored metrics of energy by key; days and hours of ``no_data`` say the same as none."""
    found = {}
    for scope in (Scope.METER, Scope.SCHOOL):
        for interval in (Interval.DAY, Interval.HOUR):
            for m in store.read_metrics("berga", scope, None, interval, *ALWAYS):
                if m.status is not Status.NO_DATA or "billed" in (m.reason or ""):
                    found[m.scope, m.id, m.metric, m.carrier, m.basis, m.interval, m.time] = m
    days = {(m.id, m.carrier, m.time) for m in found.values() if not m.metric.endswith("unresolved_kwh")}
    return {
        k: m for k, m in found.items() if (m.id, m.carrier, m.time) in days and "unresolved" not in m.metric
    }


def test_a_correction_changes_exactly_its_hours(store: DuckDBStore, one_meter: Site) -> None:
    store.write_readings(hourly([2.0] * 24 * 5))
    jobs.run(store, one_meter, NOW)
    before = everything(store)
    corrected = hourly([2.0] * 24 * 5)
    for n in (30, 31):
        corrected[n] = corrected[n]._replace(value=7.0)
    written = store.write_readings(corrected)
    assert (written.stored, written.duplicates, written.conflicts) == (0, 118, 2)
    report = jobs.run(store, one_meter, NOW)
    assert report.hours == 2
    after = everything(store)
    changed = {(k[5], k[6]) for k in after if after[k] != before.get(k)}
    assert changed == {
        (Interval.HOUR, START + 30 * HOUR),
        (Interval.HOUR, START + 31 * HOUR),
        (Interval.DAY, START + DAY),
    }
    assert (
        after[Scope.METER, "el", "energy_kwh", "electricity", None, Interval.DAY, START + DAY].value == 58.0
    )
    assert list(store.superseded("m-el")["value"]) == [2.0, 2.0]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_whatever_order_incremental_equals_full(
    store: DuckDBStore, site: Site, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = Random(seed)
    batches: list[list[Reading]] = [
        hourly([chance.random() for _ in range(70)]),
        hourly([chance.random() for _ in range(20)], start=START + 30 * HOUR),
        [Reading("m-el", "energy_of_15min_kwh", START + n * HOUR / 4, chance.random()) for n in range(37)],
        [
            Reading("m-heat", "energy_of_day_kwh", START + n * DAY, 50 * chance.random())
            for n in range(40, 44)
        ],
        bill(START, 30 * 24, 3_000.0, 0.0),
        bill(START, chance.choice([20, 31]) * 24, 2_900.0, 1.0),
        bill(datetime(2026, 3, 31, 22, tzinfo=UTC), 30 * 24, 2_000.0, 1.0),
    ]
    chance.shuffle(batches)
    for batch in batches:
        store.write_readings(batch)
        jobs.run(store, site, NOW)
    other = DuckDBStore(tmp_path_factory.mktemp("full") / "store.duckdb")
    for batch in batches:
        other.write_readings(batch)
    jobs.run(other, site, NOW, full=True)
    assert everything(store) == everything(other)
    other.close()


# Bills


MARCH, APRIL = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
MARCH_H = 31 * 24 - 1


def year_bill(start: datetime, hours: float, kwh: float) -> list[Reading]:
    return [one._replace(quantity=one.quantity.replace("_", "_year_")) for one in bill(start, hours, kwh)]


def test_a_bill_is_its_month_and_no_day(store: DuckDBStore, site: Site, zone: ZoneInfo) -> None:
    store.write_readings(bill(MARCH, MARCH_H, 42_300.0))
    jobs.run(store, site, NOW)
    days = of(store, Scope.METER, "energy_kwh", Interval.DAY, "heat")
    days = {time: m for time, m in days.items() if time < APRIL}  # but for today, which is computed anyway
    assert len(days) == 31
    assert {(m.value, m.status, m.reason) for m in days.values()} == {(None, Status.NO_DATA, "billed")}
    assert not [t for t in of(store, Scope.METER, "energy_kwh", Interval.HOUR, "heat") if t < APRIL]
    month = months(store, zone)["heat", "energy_kwh", date(2026, 3, 1)]
    assert (month.value, month.status, month.reason, month.coverage) == (42_300.0, Status.OK, "billed", 1.0)
    school = months(store, zone)["berga", "energy_kwh", date(2026, 3, 1)]
    assert (school.value, school.carrier) == (42_300.0, Carrier.DISTRICT_HEAT)
    week = months(store, zone, Interval.WEEK)["heat", "energy_kwh", date(2026, 3, 2)]
    assert (week.value, week.status) == (None, Status.NO_DATA)


def test_a_calculated_bill_is_preliminary_until_it_is_corrected(
    store: DuckDBStore, site: Site, zone: ZoneInfo
) -> None:
    store.write_readings(bill(MARCH, MARCH_H, 40_000.0, final=0.0))
    jobs.run(store, site, NOW)
    month = months(store, zone)["heat", "energy_kwh", date(2026, 3, 1)]
    assert (month.value, month.status) == (40_000.0, Status.PRELIMINARY)
    assert month.reason == "billed; bill_calculated"
    store.write_readings(bill(MARCH, MARCH_H, 42_300.0))
    jobs.run(store, site, NOW)
    month = months(store, zone)["heat", "energy_kwh", date(2026, 3, 1)]
    assert (month.value, month.status, month.reason) == (42_300.0, Status.OK, "billed")
    assert 40_000.0 in list(store.superseded("m-heat")["value"])


def test_readings_speak_before_bills(store: DuckDBStore, site: Site, zone: ZoneInfo) -> None:
    store.write_readings(hourly([10.0] * MARCH_H, "m-heat", MARCH))
    store.write_readings(bill(MARCH, MARCH_H, 9_999.0))
    jobs.run(store, site, NOW)
    month = months(store, zone)["heat", "energy_kwh", date(2026, 3, 1)]
    assert (month.value, month.status, month.reason) == (10.0 * MARCH_H, Status.OK, None)


def test_a_meter_with_hours_and_one_with_bills_make_the_schools_month(
    store: DuckDBStore, make_site: Callable[..., Site], zone: ZoneInfo
) -> None:
    site = make_site(
        meters=[
            Meter(school="berga", key=key, name=key, carrier=Carrier.DISTRICT_HEAT) for key in ("heat", "old")
        ],
        devices=[
            Device(key="m-heat", school="berga", meter="heat"),
            Device(key="m-old", school="berga", meter="old"),
        ],
    )
    store.write_readings(hourly([10.0] * MARCH_H, "m-heat", MARCH))
    store.write_readings(bill(MARCH, MARCH_H, 5_000.0, device="m-old"))
    jobs.run(store, site, NOW)
    month = months(store, zone)["berga", "energy_kwh", date(2026, 3, 1)]
    assert (month.value, month.status) == (pytest.approx(10.0 * MARCH_H + 5_000.0), Status.OK)
    assert "billed" in (month.reason or "")
    day = of(store, Scope.SCHOOL, "energy_kwh", Interval.DAY, "berga")[MARCH + DAY]
    assert day.value is None
    assert "meter_missing:old" in (day.reason or "")


def test_a_year_holds_its_months_bills_and_a_years_bill_no_month(
    store: DuckDBStore, site: Site, zone: ZoneInfo
) -> None:
    midnights = [datetime(2025, month, 1, tzinfo=zone).astimezone(UTC) for month in range(1, 13)]
    midnights.append(datetime(2026, 1, 1, tzinfo=zone).astimezone(UTC))
    for first, after in pairwise(midnights):
        store.write_readings(bill(first, (after - first) / HOUR, 1_000.0))
    store.write_readings(bill(midnights[0], (midnights[-1] - midnights[0]) / HOUR, 70_000.0, device="m-el"))
    jobs.run(store, site, NOW)
    years = months(store, zone, Interval.YEAR)
    assert years["heat", "energy_kwh", date(2025, 1, 1)].value == 12_000.0
    assert years["heat", "energy_kwh", date(2025, 1, 1)].status is Status.OK
    assert years["el", "energy_kwh", date(2025, 1, 1)].value == 70_000.0
    assert months(store, zone)["el", "energy_kwh", date(2025, 1, 1)].value is None


def test_a_months_and_a_years_bill_that_begin_together_are_both_kept_and_counted_once(
    store: DuckDBStore, site: Site, zone: ZoneInfo
) -> None:
    midnights = [datetime(2025, month, 1, tzinfo=zone).astimezone(UTC) for month in range(1, 13)]
    midnights.append(datetime(2026, 1, 1, tzinfo=zone).astimezone(UTC))
    year_h = (midnights[-1] - midnights[0]) / HOUR
    store.write_readings(year_bill(midnights[0], year_h, 12_500.0))
    bills = [bill(first, (after - first) / HOUR, 1_000.0) for first, after in pairwise(midnights)]
    for some in bills[:-1]:
        store.write_readings(some)
    january = ("heat", "energy_kwh", date(2025, 1, 1))
    jobs.run(store, site, NOW)
    # December's bill is not here yet: the year is the year's bill, January is inside it.
    assert months(store, zone, Interval.YEAR)[january].value == 12_500.0
    assert months(store, zone)[january].value is None
    assert months(store, zone)["heat", "energy_kwh", date(2025, 2, 1)].value == 1_000.0
    store.write_readings(bills[-1])
    jobs.run(store, site, NOW)  # a bill of December changes what the first of January tells
    assert months(store, zone)[january].value == 1_000.0
    assert months(store, zone, Interval.YEAR)[january].value == 12_000.0
    later = of(store, Scope.METER, "energy_kwh", Interval.DAY, "heat")
    jobs.run(store, site, NOW, full=True)
    assert of(store, Scope.METER, "energy_kwh", Interval.DAY, "heat") == later


def test_a_bill_without_a_length_is_none(rolled: Callable[..., tuple[object, object]]) -> None:
    hours, _ = rolled([Reading("m", "billed_kwh", MARCH, 5.0)])
    assert bills_of(hours) == []  # type: ignore[arg-type]

"""The job over a real store: incremental, safe to repeat, and always equal to a full run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context

import pyarrow as pa
import pytest
from job_runs import everything

from analytics import jobs
from classroom.factors import Factor
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import CalendarRow, Device, Meter, Room
from classroom.quantity import Carrier, Domain
from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from store.base import StoreError
from store.duckdb_store import DuckDBStore

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March, 00:00 in Stockholm
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

MakeSite = Callable[..., Site]


def of(
    store: DuckDBStore, scope: Scope, name: str, interval: Interval = Interval.DAY, key: str | None = None
) -> list[Metric]:
    found = store.read_metrics("berga", scope, key, interval, START - 90 * DAY, START + 90 * DAY, name)
    return [metric for metric in found if metric.status is not Status.NO_DATA]


def room_readings(device: str, start: datetime, hours: float, co2: float = 800.0) -> list[Reading]:
    count = round(hours * 6)
    times = [start + n * timedelta(minutes=10) for n in range(count)]
    return [
        *(Reading(device, "co2_ppm", time, co2 + n % 7) for n, time in enumerate(times)),
        *(Reading(device, "temperature_c", time, 21.0 + n % 5) for n, time in enumerate(times)),
    ]


def test_a_day_of_a_school_from_readings_to_kilograms(
    store: DuckDBStore, site: Site, make_register: Callable[..., list[Reading]]
) -> None:
    store.write_readings(
        [
            *room_readings("c1", START, 24),
            *make_register("m-el", "energy_kwh", START - HOUR, 26),
            *make_register("m-heat", "heat_kwh", START - HOUR, 26, kw=30),
        ]
    )
    report = jobs.run(store, site, START + 10 * DAY)
    assert report.hours == 24 + 26 + 26
    (co2,) = of(store, Scope.ROOM, "co2_mean_ppm")
    # 08:00-15:00 are readings 48 to 89; n % 7 of 42 readings in a row has the mean 3.
    assert (co2.id, co2.value, co2.coverage, co2.status) == ("a1", pytest.approx(803), 1.0, Status.OK)
    (comfort,) = of(store, Scope.ROOM, "comfort_share")
    # 21 + n % 5: 25 is above 24. n = 49, 54, …, 89 have n % 5 = 4: 9 of 42.
    assert comfort.value == pytest.approx(33 / 42)
    el, heat = (m for m in of(store, Scope.SCHOOL, "energy_kwh") if m.time == START and m.value is not None)
    if el.carrier is not Carrier.ELECTRICITY:
        el, heat = heat, el
    assert (el.value, heat.value) == (pytest.approx(144), pytest.approx(720))
    location, market = (
        m
        for m in of(store, Scope.SCHOOL, "emissions_kgco2e")
        if m.carrier is Carrier.ELECTRICITY and m.time == START and m.value is not None
    )
    assert (location.basis, location.factors) == ("location", ("se-el-eea-2024",))
    assert location.value == pytest.approx(144 * 6 / 1000)
    assert (market.basis, market.value) == ("market", pytest.approx(144 * 524.1 / 1000))
    assert (market.status, market.reason) == (Status.PRELIMINARY, "factor_of_2023")
    unfactored = [
        m for m in of(store, Scope.SCHOOL, "emissions_kgco2e") if m.carrier is Carrier.DISTRICT_HEAT
    ]
    assert {(m.value, m.reason) for m in unfactored if m.time == START} == {(None, "no_factor")}


def test_the_next_run_does_only_what_is_new(store: DuckDBStore, site: Site) -> None:
    store.write_readings(room_readings("c1", START, 48))
    now = START + 2 * DAY + HOUR
    first = jobs.run(store, site, now)
    assert first.room_days == 4  # two days with readings in a1; today in a1 and in a2
    again = jobs.run(store, site, now)
    assert (again.hours, again.room_days, again.school_days) == (0, 2, 1)  # the running day of each room
    store.write_readings([Reading("c1", "co2_ppm", START + 9 * HOUR + timedelta(minutes=5), 1_050.0)])
    late = jobs.run(store, site, now)
    assert (late.hours, late.room_days) == (1, 3)


def test_a_day_that_ends_without_a_reading_is_closed(store: DuckDBStore, site: Site) -> None:
    store.write_readings(room_readings("c1", START, 10))  # until 09:50
    jobs.run(store, site, START + 10 * HOUR)
    (co2,) = of(store, Scope.ROOM, "co2_mean_ppm")
    assert (co2.status, co2.coverage) == (Status.PRELIMINARY, 1.0)
    jobs.run(store, site, START + 3 * DAY)
    (co2,) = store.read_metrics("berga", Scope.ROOM, "a1", Interval.DAY, START, START + HOUR, "co2_mean_ppm")
    assert (co2.status, co2.coverage, co2.value) == (Status.INSUFFICIENT, pytest.approx(2 / 7), None)


def test_a_verdict_takes_readings_out(store: DuckDBStore, site: Site) -> None:
    stuck = [r._replace(value=5_000) for r in room_readings("c1", START + 12 * HOUR, 13)]
    store.write_readings([*room_readings("c1", START, 12), *(r for r in stuck if r.quantity == "co2_ppm")])
    jobs.run(store, site, START + 5 * DAY)
    (co2,) = of(store, Scope.ROOM, "co2_mean_ppm")
    # 08:00-12:00 are readings 48 to 71: three rounds of n % 7 and 6, 0, 1 make 70.
    assert co2.value == pytest.approx(800 + 70 / 24)
    assert (co2.coverage, co2.status) == (pytest.approx(4 / 7), Status.PARTIAL)


def test_a_new_factor_restates_exactly_the_emissions(
    store: DuckDBStore, make_site: MakeSite, make_register: Callable[..., list[Reading]]
) -> None:
    store.write_readings(
        [*make_register("m-el", "energy_kwh", START - HOUR, 50), *room_readings("c1", START, 48)]
    )
    now = START + 10 * DAY
    jobs.run(store, make_site(), now)
    own = Factor(
        id="contract-2026",
        carrier=Carrier.ELECTRICITY,
        year=2026,
        g_per_kwh=10,
        basis="market",
        covers="direct",
        area="avtal",
        source="elavtal 2026",
    )
    chosen = Settings(factors={"chosen": ("se-el-ivl-nordic-2023", "contract-2026")})
    report = jobs.run(store, make_site(settings=chosen, own_factors=[own]), now)
    assert report.room_days == 2  # only the running day of the two rooms
    restated = [m for m in of(store, Scope.SCHOOL, "emissions_kgco2e") if m.basis == "market"]
    days = {m.time: m for m in restated if m.carrier is Carrier.ELECTRICITY}
    assert days[START].value == pytest.approx(1.44)
    assert (days[START].factors, days[START].status) == (("contract-2026",), Status.OK)


def test_a_room_day_turned_holiday_is_null_and_back(store: DuckDBStore, make_site: MakeSite) -> None:
    store.write_readings(room_readings("c1", START, 48, co2=450.0))
    now = START + 10 * DAY
    jobs.run(store, make_site(), now)
    off = CalendarRow(first=date(2026, 3, 3), last=date(2026, 3, 3), day_type="studiedag")
    report = jobs.run(store, make_site(calendar=[off]), now)
    assert report.room_days == 3  # 3 March in a1 beside the running day of both rooms
    assert [m.time for m in of(store, Scope.ROOM, "co2_mean_ppm")] == [START]
    jobs.run(store, make_site(), now)
    assert [m.time for m in of(store, Scope.ROOM, "co2_mean_ppm")] == [START, START + DAY]


def test_figures_of_days_whose_readings_were_deleted_stand(store: DuckDBStore, make_site: MakeSite) -> None:
    store.write_readings(room_readings("c1", START, 48))
    now = START + 10 * DAY
    jobs.run(store, make_site(), now)
    before = of(store, Scope.ROOM, "co2_mean_ppm")
    store.delete_before(Domain.INDOOR, readings=START + DAY)
    off = [CalendarRow(first=date(2026, 3, 2), last=date(2026, 3, 3), day_type="studiedag")]
    jobs.run(store, make_site(calendar=off), now)
    jobs.run(store, make_site(calendar=off), now, full=True)
    # The first day is sealed: what was computed stands. The second still has its readings and follows.
    assert of(store, Scope.ROOM, "co2_mean_ppm") == before[:1]


def test_a_device_that_hung_elsewhere_takes_its_metrics_along(
    store: DuckDBStore, make_site: MakeSite
) -> None:
    store.write_readings(room_readings("c1", START, 24))
    jobs.run(store, make_site(), START + 9 * DAY)
    assert [m.id for m in of(store, Scope.ROOM, "co2_mean_ppm")] == ["a1"]
    jobs.run(store, make_site(devices=[Device(key="c1", school="berga", room="a2")]), START + 9 * DAY)
    assert [m.id for m in of(store, Scope.ROOM, "co2_mean_ppm")] == ["a2"]
    renamed = make_site(
        rooms=[Room(school="berga", key="b7", name="B7")],
        devices=[Device(key="c1", school="berga", room="b7")],
    )
    jobs.run(store, renamed, START + 9 * DAY)
    assert [m.id for m in of(store, Scope.ROOM, "co2_mean_ppm")] == ["b7"]
    old = store.read_metrics("berga", Scope.ROOM, "a2", Interval.DAY, START, START + HOUR)
    assert {(m.value, m.reason) for m in old} == {(None, "withdrawn")}


def test_a_pending_device_counts_from_its_readings_once_it_has_a_place(
    store: DuckDBStore, make_site: MakeSite
) -> None:
    store.write_readings(room_readings("new", START, 24))
    now = START + 9 * DAY
    jobs.run(store, make_site(), now)
    assert of(store, Scope.ROOM, "co2_mean_ppm") == []
    device = Device(key="new", school="berga", room="a1", interval_s=300)
    jobs.run(store, make_site(devices=[device]), now)
    (co2,) = of(store, Scope.ROOM, "co2_mean_ppm")
    assert co2.coverage == pytest.approx(0.5)  # every 10 minutes where 5 were promised
    hours = store.read_hours(["new"], ["co2_ppm"], START, START + DAY)
    assert set(hours["coverage"]) == {0.5}  # rolled up again with the interval it now has


def test_a_corrected_carrier_withdraws_the_wrong_one(
    store: DuckDBStore, make_site: MakeSite, make_register: Callable[..., list[Reading]]
) -> None:
    store.write_readings(make_register("m-el", "energy_kwh", START - HOUR, 26))
    jobs.run(store, make_site(), START + 9 * DAY)
    wrong = make_site(
        meters=[Meter(school="berga", key="el", name="El", carrier=Carrier.SOLAR)],
    )
    jobs.run(store, wrong, START + 9 * DAY)
    carriers = {m.carrier for m in of(store, Scope.METER, "energy_kwh") if m.time == START}
    assert carriers == {Carrier.SOLAR}


def test_killed_while_writing_the_next_run_does_it_all_again(
    store: DuckDBStore,
    site: Site,
    make_register: Callable[..., list[Reading]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.write_readings(make_register("m-el", "energy_kwh", START, 24 * 40))
    now, write, calls = START + 45 * DAY, store.write_metric_table, []

    def failing(table: pa.Table) -> None:
        calls.append(len(table))
        if len(calls) == 2:
            raise StoreError("the disk is full")
        write(table)

    monkeypatch.setattr(store, "write_metric_table", failing)
    with pytest.raises(StoreError):
        jobs.run(store, site, now)
    monkeypatch.undo()
    jobs.run(store, site, now)
    days = {m.time for m in of(store, Scope.METER, "energy_kwh", key="el") if m.value is not None}
    assert len(days) == 40


def test_a_narrowed_run_forgets_nothing_outside(
    store: DuckDBStore, site: Site, make_register: Callable[..., list[Reading]]
) -> None:
    store.write_readings(make_register("m-el", "energy_kwh", START, 24 * 4 + 1))
    now = START + 9 * DAY
    jobs.run(store, site, now, start=START + DAY, end=START + 2 * DAY)
    assert [m.time for m in of(store, Scope.METER, "energy_kwh")] == [START + DAY]
    jobs.run(store, site, now, school="elsewhere")
    jobs.run(store, site, now)
    assert sum(m.value is not None for m in of(store, Scope.METER, "energy_kwh", key="el")) == 4


def test_the_pure_part_runs_in_a_child_process_and_progress_is_told(
    store: DuckDBStore, site: Site, make_register: Callable[..., list[Reading]]
) -> None:
    store.write_readings(
        [*make_register("m-el", "energy_kwh", START - HOUR, 50), *room_readings("c1", START, 24)]
    )
    seen: list[tuple[object, ...]] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        jobs.run(store, site, START + 5 * DAY, compute=pool.submit, progress=lambda *done: seen.append(done))
    assert seen[0] == ("rolling up", 1, 1)
    assert seen[-1] == ("computing", 1, 1)
    there = everything(store)
    jobs.run(store, site, START + 5 * DAY, full=True)
    assert everything(store) == there
    assert len(there) > 50


def test_a_late_reading_reaches_the_day_in_which_its_gap_began(
    store: DuckDBStore, site: Site, make_register: Callable[..., list[Reading]]
) -> None:
    readings = make_register("m-el", "energy_kwh", START, 72)
    gap_start, gap_end = START + 22 * HOUR, START + 30 * HOUR
    store.write_readings([r for r in readings if r.time < gap_start])
    now = START + 9 * DAY
    jobs.run(store, site, now)
    (before,) = of(store, Scope.METER, "energy_unresolved_kwh", key="el")
    assert (before.value, before.status) == (0.0, Status.PARTIAL)  # what came after 21:50 is not known
    store.write_readings([r for r in readings if r.time >= gap_end])
    jobs.run(store, site, now)
    after = of(store, Scope.METER, "energy_unresolved_kwh", key="el")[0]
    assert (after.value, after.status) == (pytest.approx(49), Status.OK)  # 21:50 to 06:00
    assert after.period_end == START + 2 * DAY
    store.write_readings([r for r in readings if r.time == START + 24 * HOUR])
    jobs.run(store, site, now)
    after = of(store, Scope.METER, "energy_unresolved_kwh", key="el")[0]
    assert (after.value, after.period_end) == (
        0.0,
        START + DAY,
    )  # the first day's share of the gap is now known
    assert of(store, Scope.METER, "energy_kwh", key="el")[0].value == pytest.approx(144)

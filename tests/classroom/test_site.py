"""Who hung where and when, and which factor serves."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.factor_pack import FACTORS
from classroom.factors import Factor, choose_factor
from classroom.places import CalendarRow, Device, Room, School
from classroom.quantity import EXPORT_REGISTERS, IMPORT_REGISTERS, QUANTITIES, Carrier, Kind
from classroom.settings import build_settings
from classroom.site import Site, overlap, overlapping

TIMES = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def moved_device() -> Site:
    return Site(
        settings=build_settings({}),
        schools=[School(key="norra", name="Norra")],
        rooms=[Room(school="norra", key=key, name=key) for key in ("a1", "a2")],
        devices=[
            Device(
                key="d", school="norra", room="a2", valid_from=datetime(2026, 3, 8, tzinfo=UTC), interval_s=60
            ),
            Device(
                key="d", school="norra", room="a1", valid_to=datetime(2026, 3, 1, tzinfo=UTC), interval_s=300
            ),
        ],
    )


@pytest.mark.parametrize(
    ("day", "room"),
    [(28, "a1"), (29, None), (35, None), (36, "a2")],  # days since 1 February: 29 is 1 March
)
def test_a_device_is_where_it_hung_then(day: int, room: str | None) -> None:
    at = (
        datetime(2026, 2, 1, tzinfo=UTC).replace(day=day)
        if day < 29
        else datetime(2026, 3, day - 28, tzinfo=UTC)
    )
    placed = moved_device().placement("d", at)
    assert (placed.room if placed else None) == room


def test_a_device_nobody_placed_is_pending() -> None:
    site = moved_device()
    assert site.placement("x", datetime(2026, 3, 1, tzinfo=UTC)) is None
    assert site.interval_s("x") == 600
    assert site.interval_s("d") == 60


def test_the_part_of_a_school_has_its_rows_and_those_of_all() -> None:
    site = replace(
        moved_device(),
        schools=[School(key=key, name=key) for key in ("norra", "sodra")],
        rooms=[Room(school=school, key="a1", name="A1") for school in ("sodra", "norra", "sodra")],
        calendar=[
            CalendarRow(school=school, first=date(2026, 3, 1), last=date(2026, 3, 2), day_type="lov")
            for school in ("sodra", None, "norra")
        ],
    )
    south = site.part(["sodra"])
    assert [school.key for school in south.schools] == ["sodra"]
    assert [room.school for room in south.rooms] == ["sodra", "sodra"]
    assert south.devices == []
    assert [row.school for row in south.calendar] == ["sodra", None]
    assert site.part(["sodra", "norra"]).devices == site.devices
    assert site.part(["norra", "sodra"]).calendar == site.calendar  # in the table's order
    assert site.devices_of("norra") == site.devices
    assert site.devices_of("elsewhere") == []


def test_devices_of_a_room_are_those_of_all_times() -> None:
    assert [device.key for device in moved_device().devices_in_room("norra", "a1")] == ["d"]
    assert moved_device().devices_at_meter("norra", "el") == []


@given(TIMES, TIMES, TIMES, TIMES)
def test_overlap_is_the_same_from_either_side(
    a: datetime | None, b: datetime | None, c: datetime | None, d: datetime | None
) -> None:
    assert overlap(a, b, c, d) == overlap(c, d, a, b)


def test_touching_placements_do_not_overlap() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    first = Device(key="d", school="norra", room="a1", valid_to=noon)
    second = Device(key="d", school="norra", room="a2", valid_from=noon)
    assert overlapping([second, first]) == []
    assert overlapping([second, Device(key="d", school="norra", room="a1")]) != []


def factor(name: str, year: int) -> Factor:
    return Factor(
        id=name,
        carrier=Carrier.ELECTRICITY,
        year=year,
        g_per_kwh=year - 2000,
        basis="location",
        covers="lifecycle",
        area="x",
        source="y",
    )


@pytest.mark.parametrize(
    ("year", "chosen"), [(2021, "f-2021"), (2022, "f-2021"), (2023, "f-2023"), (2019, "f-2021")]
)
def test_the_years_own_factor_else_the_newest_before_it(year: int, chosen: str) -> None:
    factors = [factor("f-2023", 2023), factor("f-2021", 2021), factor("other-2022", 2022)]
    found = choose_factor(factors, Carrier.ELECTRICITY, "location", year, ["f-2021", "f-2023"], "lifecycle")
    assert found is not None
    assert found.id == chosen


def test_where_no_factor_was_chosen_nothing_is_claimed() -> None:
    assert choose_factor(FACTORS, Carrier.ELECTRICITY, "location", 2026, [], "direct") is None
    assert (
        choose_factor(FACTORS, Carrier.OIL, "location", 2026, [factor.id for factor in FACTORS], "direct")
        is None
    )


def test_an_own_factor_replaces_a_shipped_one_of_the_same_id() -> None:
    own = factor("se-el-ivl-nordic-2023", 2024)
    site = Site(settings=build_settings({}), own_factors=[own])
    assert [f for f in site.factors if f.id == own.id] == [own]
    assert len(site.factors) == len(FACTORS)


def test_every_register_is_a_known_quantity() -> None:
    alternatives = [*EXPORT_REGISTERS, *(group for groups in IMPORT_REGISTERS.values() for group in groups)]
    assert {QUANTITIES[key].kind for group in alternatives for key in group} == {Kind.REGISTER}
    assert set(IMPORT_REGISTERS) == set(Carrier)


@pytest.mark.parametrize("value", [349.9, 10_000.1, float("nan"), float("inf")])
def test_limits_keep_the_impossible_out(value: float) -> None:
    assert not QUANTITIES["co2_ppm"].within_limits(value)
    assert QUANTITIES["co2_ppm"].within_limits(350)
    assert QUANTITIES["co2_ppm"].within_limits(10_000)

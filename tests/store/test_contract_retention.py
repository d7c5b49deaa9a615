"""Deleting by rule: what goes, what stays, and that a sealed hour is never computed again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from classroom.quantity import Domain
from classroom.reading import Reading
from store.base import Deleted, Store, Written
from store.retention import RULES, Rule, months_before, run

OLD = datetime(2024, 1, 31, 23, 50, tzinfo=UTC)
YOUNG = datetime(2024, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 14, 12, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def fill(store: Store) -> None:
    store.write_readings(
        [
            Reading("s/a", key, time, value)
            for key in ("co2_ppm", "energy_kwh", "outdoor_temperature_c")
            for time, value in ((OLD, 1.0), (YOUNG, 2.0))
        ]
    )
    store.write_hours(store.compute_hours(store.changed("all").hours, {}))


def values(store: Store, key: str) -> tuple[list[float], list[float]]:
    readings = store.read_readings(["s/a"], [key], *ALWAYS)["value"]
    return list(readings), list(store.read_hours(["s/a"], [key], *ALWAYS)["mean"])


def test_only_old_room_readings_go(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    fill(store)
    with caplog.at_level("INFO", logger="store.retention"):
        assert run(store, RULES, NOW) == {Domain.INDOOR: Deleted(readings=1, hours=0)}
    (told,) = (record.getMessage() for record in caplog.records if record.name == "store.retention")
    assert told == (
        "retention: deleted 1 indoor readings before 2024-02-01 00:00:00+00:00 "
        "and 0 hours before 2021-02-01 00:00:00+00:00"
    )
    assert values(store, "co2_ppm") == ([2.0], [1.0, 2.0])
    assert values(store, "energy_kwh") == ([1.0, 2.0], [1.0, 2.0])
    assert values(store, "outdoor_temperature_c") == ([1.0, 2.0], [1.0, 2.0])
    assert store.sealed() == {Domain.INDOOR: YOUNG}
    assert run(store, RULES, NOW) == {Domain.INDOOR: Deleted()}


def test_what_was_replaced_and_what_was_newest_goes_with_it(reopen: Callable[[], Store]) -> None:
    store = reopen()
    fill(store)
    for key in ("co2_ppm", "energy_kwh"):
        store.write_readings([Reading("s/gone", key, OLD, 1.0)])
        store.write_readings([Reading("s/gone", key, OLD, 2.0), Reading("s/a", key, YOUNG, 3.0)])
    run(store, RULES, NOW)
    assert list(store.superseded("s/gone")["quantity"]) == ["energy_kwh"]
    assert list(store.superseded("s/a")["value"]) == [2.0, 2.0]
    assert list(store.latest(["s/gone"])["quantity"]) == ["energy_kwh"]
    assert list(store.latest(["s/a"])["value"]) == [3.0, 3.0, 2.0]
    store = reopen()
    assert list(store.latest(["s/gone"])["quantity"]) == ["energy_kwh"]
    assert store.write_readings([Reading("s/gone", "co2_ppm", OLD, 4.0)]) == Written(stored=1)
    assert list(store.latest(["s/gone"])["value"]) == [4.0, 2.0]


def test_old_room_hours_go_by_their_own_rule(store: Store) -> None:
    fill(store)
    assert run(store, {Domain.INDOOR: Rule(None, 24)}, NOW) == {Domain.INDOOR: Deleted(hours=1)}
    assert values(store, "co2_ppm") == ([1.0, 2.0], [2.0])
    assert store.sealed() == {}


def test_a_sealed_hour_is_never_computed_again(reopen: Callable[[], Store]) -> None:
    """A late reading for it is kept until the next deletion, and changes no figure."""
    store = reopen()
    fill(store)
    before = store.read_hours(["s/a"], ["co2_ppm"], *ALWAYS)
    run(store, RULES, NOW)
    store = reopen()
    store.advance("rollups", store.changed("rollups").cursor)
    late = [Reading("s/a", key, OLD + timedelta(minutes=1), 900.0) for key in ("co2_ppm", "energy_kwh")]
    assert store.write_readings(late).stored == 2
    computed = store.compute_hours(store.changed("rollups").hours, {})
    assert list(computed["quantity"]) == ["energy_kwh", "outdoor_temperature_c"]
    store.write_hours(computed)
    assert values(store, "co2_ppm") == ([900.0, 2.0], [1.0, 2.0])
    assert store.read_hours(["s/a"], ["co2_ppm"], *ALWAYS).equals(before)  # with the hash of what is gone
    assert run(store, RULES, NOW)[Domain.INDOOR].readings == 1
    assert values(store, "co2_ppm")[0] == [2.0]


def test_a_seal_never_moves_back(store: Store) -> None:
    fill(store)
    run(store, RULES, NOW)
    run(store, {Domain.INDOOR: Rule(36, None)}, NOW)
    assert store.sealed() == {Domain.INDOOR: YOUNG}


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, (2026, 2)), (1, (2026, 1)), (2, (2025, 12)), (24, (2024, 2)), (60, (2021, 2))],
)
def test_rules_count_whole_months(months: int, expected: tuple[int, int]) -> None:
    assert months_before(NOW, months) == datetime(*expected, 1, tzinfo=UTC)
